import { connectionMissing } from '../../connector/connection-missing.ts';
import { type Failure, MillraceError, toFailure } from '../../core/errors.ts';
import { namesOf, type ConnectionPool } from '../../project/connections/connection-pool.ts';
import type { ConnectionDeclaration } from '../../project/connections/connections-file.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { formatTable, paint, printJson, printLine, showStatus } from '../terminal/output.ts';
import { type ConnectionsPlace, findConnections, withPool } from './connections.ts';

const timeoutMs = 15_000;

export interface TestOptions extends ConnectionsPlace {
  readonly name: string | undefined;
}

export interface ReachedConnection {
  readonly connection: string;
  readonly type: string;
  readonly found?: string;
  readonly failure?: Failure;
}

/** Reaches one connection or all of them, and says what was found. */
export async function testConnections(options: TestOptions): Promise<number> {
  const found = await findConnections(options);
  const { name } = options;
  const declared = name === undefined ? undefined : found.connections.get(name.toUpperCase());
  if (name !== undefined && !declared) throw connectionMissing(name, namesOf(found.connections));
  const wanted = declared ? [declared] : [...found.connections.values()];
  const done = showStatus(wanted.length === 1 ? 'Reaching it' : `Reaching ${wanted.length} connections`);
  const reached = await withPool(found, (pool) => reachEach(pool, wanted)).finally(done);
  if (options.json) printJson({ connections: reached });
  else printLine(formatReached(reached));
  return exitCodeOfReached(reached);
}

/** Reaches connections side by side; a failure is an outcome. */
export async function reachEach(
  pool: ConnectionPool,
  connections: readonly ConnectionDeclaration[],
): Promise<readonly ReachedConnection[]> {
  return Promise.all(
    connections.map(async ({ name, type }): Promise<ReachedConnection> => {
      try {
        const connection = await pool.get(name);
        const line = await connection.check(AbortSignal.timeout(timeoutMs));
        return { connection: name, type, found: pool.redact(line) };
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        return { connection: name, type, failure: redacted(toFailure(error), pool) };
      }
    }),
  );
}

function redacted(failure: Failure, pool: ConnectionPool): Failure {
  const { state, next } = failure;
  return {
    ...failure,
    message: pool.redact(failure.message),
    ...(state === undefined ? {} : { state: pool.redact(state) }),
    ...(next === undefined ? {} : { next: pool.redact(next) }),
  };
}

export function formatReached(reached: readonly ReachedConnection[]): string {
  const rows = reached.map(({ connection, type, found, failure }) => [
    failure ? paint('red', '✗') : paint('green', '✓'),
    connection,
    type,
    failure?.message ?? found ?? '',
  ]);
  const advice = reached.flatMap(({ connection, failure }) =>
    failure?.next === undefined ? [] : [`${connection}: ${failure.next}`],
  );
  return [formatTable(['', 'connection', 'type', 'found'], rows), ...advice].join('\n');
}

/** Unreachable ones may be reachable later; one that is wrong stays wrong. */
export function exitCodeOfReached(reached: readonly ReachedConnection[]): number {
  const kinds = reached.flatMap(({ failure }) => (failure ? [failure.kind] : []));
  if (kinds.length === 0) return exitCodes.success;
  if (kinds.includes('config')) return exitCodes.config;
  return kinds.every((kind) => kind === 'transient') ? exitCodes.transient : exitCodes.failed;
}
