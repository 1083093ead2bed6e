import { MillraceError, formatError, toFailure, type Failure } from '../../core/errors.ts';
import { checkDeclarations } from '../../project/connection-settings.ts';
import { connectionsFileName } from '../../project/connections-file.ts';
import { openPool } from '../../project/session.ts';
import type { Project } from '../../project/project.ts';
import { formatOrigin } from '../../core/origin.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { openProject, type Place } from './open-project.ts';
import { formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import { tmpdir } from 'node:os';

export interface CheckOptions extends Place {
  readonly connections: boolean;
  readonly json: boolean;
}

interface Reached {
  readonly connection: string;
  readonly type: string;
  readonly found?: string;
  readonly failure?: Failure;
}

/** Reads the project and says what it holds; mistakes are thrown. With `connections`, reaches each. */
export async function check(options: CheckOptions): Promise<number> {
  const project = await openProject(options);
  await checkDeclarations(
    [...project.connections.values()].filter(({ origin }) => origin.file === connectionsFileName),
  );
  const counts = countKinds(project);
  const reached = options.connections ? await reachAll(project) : [];
  const failed = reached.filter(({ failure }) => failure);
  const warnings = project.parts.transform?.manifest.warnings ?? [];
  if (options.json) printJson({ project: project.definition.name, counts, warnings, connections: reached });
  else {
    printLine(`${paint('green', '✓')} ${project.definition.name}: ${describe(counts)}`);
    for (const { message, origin } of warnings) {
      printLine(`${paint('yellow', 'warning')} ${formatOrigin(origin)}: ${message}`);
    }
    if (reached.length > 0) {
      const rows = reached.map(({ connection, type, found, failure }) => [
        failure ? paint('red', '✗') : paint('green', '✓'),
        connection,
        type,
        failure ? formatError(failure) : (found ?? ''),
      ]);
      printLine(formatTable(['', 'connection', 'type', 'found'], rows));
    }
    printLine(failed.length > 0 ? 'Next: mend the connections above' : 'Next: millrace run');
  }
  return failed.length > 0 ? exitCodes.transient : exitCodes.success;
}

function countKinds(project: Project): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind, type } of project.graph.nodes) {
    const word = kind === 'asset' ? type : kind;
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

function describe(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([word, count]) => `${count} ${word}${count === 1 ? '' : 's'}`);
  return parts.length > 0 ? parts.join(', ') : 'nothing is defined yet';
}

async function reachAll(project: Project): Promise<readonly Reached[]> {
  const pool = openPool(project, tmpdir());
  try {
    return await Promise.all(
      [...project.connections.values()].map(async ({ name, type }): Promise<Reached> => {
        try {
          const connection = await pool.get(name);
          return { connection: name, type, found: await connection.check(AbortSignal.timeout(15_000)) };
        } catch (error) {
          if (!(error instanceof MillraceError)) throw error;
          return { connection: name, type, failure: toFailure(error) };
        }
      }),
    );
  } finally {
    await pool.close();
  }
}
