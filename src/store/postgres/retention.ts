import type { LedgerServer } from './server.ts';
import { deleteTriggerRemains } from './triggers.ts';

/** Rows deleted in one transaction, so that nobody waits long. */
const runsAtATime = 100;
const completionsAtATime = 5000;

/** See `RunStore.deleteRunsFinishedBefore`. Ticks of deleted times go too; the newest of each schedule stays. */
export async function deleteRunsFinishedBefore(server: LedgerServer, beforeMs: number): Promise<number> {
  await inPortions(server, completionsAtATime, completionsBefore, beforeMs);
  await server.write((session) =>
    session.run(
      `DELETE FROM ticks WHERE at_ms < $1
         AND nominal_at_ms < (SELECT max(nominal_at_ms) FROM ticks AS newer WHERE newer.schedule = ticks.schedule)`,
      beforeMs,
    ),
  );
  const runs = await inPortions(server, runsAtATime, runsBefore, beforeMs);
  await server.write((session) =>
    session.run(
      'DELETE FROM plans WHERE used_at_ms < $1 AND NOT EXISTS (SELECT 1 FROM runs WHERE plan_digest = digest)',
      beforeMs,
    ),
  );
  await server.write((session) =>
    session.run('DELETE FROM backfills WHERE NOT is_open AND created_at_ms < $1', beforeMs),
  );
  await server.write((session) => deleteTriggerRemains(session, beforeMs));
  return runs;
}

const completionsBefore = `DELETE FROM completions WHERE id IN (
  SELECT id FROM completions WHERE finished_at_ms < $1
    AND NOT EXISTS (SELECT 1 FROM latest_completions WHERE completion_id = completions.id)
  LIMIT $2)`;

const runsBefore = `DELETE FROM runs WHERE id IN (
  SELECT id FROM runs WHERE finished_at_ms < $1 ORDER BY finished_at_ms LIMIT $2)`;

async function inPortions(
  server: LedgerServer,
  portion: number,
  statement: string,
  beforeMs: number,
): Promise<number> {
  for (let total = 0; ;) {
    const deleted = await server.write((session) => session.run(statement, beforeMs, portion));
    total += deleted;
    if (deleted < portion) return total;
  }
}
