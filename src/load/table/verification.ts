import type { SqlSession } from '../../connector/connection.ts';
import { FatalError } from '../../core/errors.ts';
import type { TableLoad } from './table-load.ts';

/** Rows that a system counts by reading them all are counted up to here. */
const cheapCountRows = 1_000_000;

/**
 * Counts the target itself in the transaction that publishes, before it commits, and compares it with what was
 * staged when all of the target was replaced.
 * @returns undefined where counting is dear
 * @throws FatalError code `count_differs`, so that the transaction rolls back
 */
export async function verifiedRows(
  { task, plan, database }: TableLoad,
  stagedRows: number,
  session: SqlSession,
): Promise<number | undefined> {
  const { dialect } = database;
  const isMerge = plan.mergeKey.length > 0;
  // DuckDB knows how many rows a table has unless some were deleted, as by a merge.
  const countsByCatalogue = dialect.name === 'duckdb' && (plan.replaces || !isMerge);
  const replacesAll = plan.replaces && !isMerge;
  if (!countsByCatalogue && !(replacesAll && stagedRows <= cheapCountRows)) return undefined;
  const { rows } = await session.query(`select count(*) from ${dialect.quoteTable(task.object)}`);
  const count = Number(rows[0]?.[0]);
  const isOurs = task.stream.target.postSql.length === 0;
  if (replacesAll && isOurs && count !== stagedRows) {
    throw new FatalError(
      `stream ${plan.stream}: ${stagedRows} rows were staged, and the target would hold ${count}`,
      {
        code: 'count_differs',
        state: 'Nothing was published; the target is as it was',
        next: 'Look for a trigger or rule of the target that adds or leaves out rows, or use another object',
      },
    );
  }
  return count;
}
