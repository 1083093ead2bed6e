import type { SqlDatabase, SqlSession } from '../../connector/connection.ts';
import type { Statement, StatementRole } from '../../sql/merge/index.ts';
import type { RoleCounts } from './figures.ts';

/**
 * Runs `open`, a publication's statements, then `seal`, in one transaction.
 * @param open runs first in the same transaction
 * @param seal writes what belongs to the same transaction, such as the watermark
 * @returns what `seal` gives
 */
export async function publish<T>(
  database: SqlDatabase,
  open: (session: SqlSession) => Promise<void>,
  statements: readonly Statement[],
  seal: (session: SqlSession, counts: RoleCounts) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return await database.transaction(async (session) => {
    await open(session);
    const counts: Partial<Record<StatementRole, number>> = {};
    for (const { role, sql } of statements) {
      const changed = await session.execute(sql, [], signal);
      counts[role] = (counts[role] ?? 0) + changed;
    }
    return await seal(session, counts);
  }, signal);
}

/**
 * Lets publications into one DuckDB file go one after another: two transactions there that touch the same
 * catalogue entry fail instead of waiting for each other.
 */
export class PublishTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(database: SqlDatabase, connection: string, work: () => Promise<T>): Promise<T> {
    if (database.dialect.name !== 'duckdb') return await work();
    const before = this.#last.get(connection) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#last.set(
      connection,
      turn.catch(() => undefined),
    );
    return await turn;
  }
}
