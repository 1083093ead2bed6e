import type { LedgerDatabase } from './database.ts';
import { deleteTriggerRemains } from './triggers.ts';

/** See `RunStore.deleteRunsFinishedBefore`. Ticks of deleted times go too; the newest of each schedule stays. */
export function deleteRunsFinishedBefore(database: LedgerDatabase, beforeMs: number): number {
  return database.write(() => {
    database.run(
      `DELETE FROM completions WHERE finished_at_ms < ? AND id NOT IN (SELECT completion_id FROM latest_completions)`,
      beforeMs,
    );
    database.run(
      `DELETE FROM ticks WHERE at_ms < ?
         AND nominal_at_ms < (SELECT max(nominal_at_ms) FROM ticks AS newer WHERE newer.schedule = ticks.schedule)`,
      beforeMs,
    );
    const runs = database.run('DELETE FROM runs WHERE finished_at_ms < ?', beforeMs);
    database.run(
      'DELETE FROM plans WHERE used_at_ms < ? AND digest NOT IN (SELECT plan_digest FROM runs)',
      beforeMs,
    );
    database.run('DELETE FROM backfills WHERE is_open = 0 AND created_at_ms < ?', beforeMs);
    deleteTriggerRemains(database, beforeMs);
    return runs;
  });
}
