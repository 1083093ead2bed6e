import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBPendingResult, DuckDBResult } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';

const lookMs = 4;
/** Looks at a statement that no thread has begun with, before it is attended. */
const mostIdleLooks = 5;

/**
 * Runs a statement on a thread of DuckDB's own, and looks from time to time whether it is done. `connection.run` brings
 * one more thread, which asks without a pause for something to do while the other works: of a statement that one thread
 * works on alone that takes as long again. It is run that way where no thread of DuckDB's is free, or there is none.
 *
 * The connection must be within a transaction. Without one, DuckDB would bind the statement once more when somebody has
 * created a table since it was prepared: in this thread, which the rows' function then waits for in vain, for ever.
 * @param hasBegun tells whether the statement has asked for its rows
 */
export async function runUnattended(
  connection: DuckDBConnection,
  sql: string,
  hasBegun: () => boolean,
): Promise<DuckDBResult> {
  const prepared = await connection.prepare(sql);
  try {
    const pending = prepared.start();
    for (let looks = 1; !isDone(pending) && (hasBegun() || looks <= mostIdleLooks); looks += 1)
      await sleep(lookMs);
    return await pending.getResult();
  } finally {
    prepared.destroySync();
  }
}

function isDone(pending: DuckDBPendingResult): boolean {
  const state = duckdb.pending_execute_check_state(pending['pending_result']);
  return state === duckdb.PendingState.RESULT_READY || state === duckdb.PendingState.ERROR;
}
