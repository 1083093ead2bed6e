import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { MillraceError } from '../../core/errors.ts';
import { formatOrigin } from '../../core/origin.ts';
import { redactedError } from '../../project/connections/redaction.ts';
import { findProjectFolder, readConfigFile } from '../../project/settings/config-file.ts';
import { ConnectionPool } from '../../project/connections/connection-pool.ts';
import { readConnections, readEnvironment } from '../../project/connections/connection-sources.ts';
import type { ConnectionDeclaration } from '../../project/connections/connections-file.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import type { Place } from './open-project.ts';

export interface ConnectionsPlace extends Place {
  readonly json?: boolean;
}

/** Lists connections, without reaching any. */
export async function listConnections(options: ConnectionsPlace): Promise<number> {
  const { connections } = await findConnections(options);
  const all = [...connections.values()];
  if (options.json) {
    printJson({
      connections: all.map(({ name, type, origin, problem }) => ({
        name,
        type,
        declaredIn: formatOrigin(origin),
        ...(problem ? { problem: problem.message } : {}),
      })),
    });
    return exitCodes.success;
  }
  const rows = all.map(({ name, type, origin, problem }) => [
    name,
    type,
    formatOrigin(origin),
    problem ? paint('yellow', problem.message) : '',
  ]);
  printLine(formatTable(['connection', 'type', 'declared in', ''], rows));
  printLine('Next: millrace connections test');
  return exitCodes.success;
}

export interface FoundConnections {
  readonly folder: string;
  /** By name in capitals. */
  readonly connections: ReadonlyMap<string, ConnectionDeclaration>;
}

/** Connections of the project, or of the folder when there is none. */
export async function findConnections(place: Place): Promise<FoundConnections> {
  const folder = await connectionsFolder(place);
  return {
    folder,
    connections: await readConnections(folder, process.env, (await readConfigFile(folder)).connections),
  };
}

export async function connectionsFolder({ project }: Place): Promise<string> {
  const start = resolve(project ?? '.');
  return (await findProjectFolder(start)) ?? start;
}

/** Opens connections for `work`, and closes them. */
export async function withPool<T>(
  { folder, connections }: FoundConnections,
  work: (pool: ConnectionPool) => Promise<T>,
): Promise<T> {
  const pool = new ConnectionPool(connections, {
    projectFolder: folder,
    environment: await readEnvironment(folder, process.env),
    temporaryFolder: tmpdir(),
    memoryBudgetBytes: 512 * 1024 * 1024,
  });
  try {
    return await work(pool);
  } catch (error) {
    throw error instanceof MillraceError ? redactedError(error, pool.redact) : error;
  } finally {
    await pool.close();
  }
}
