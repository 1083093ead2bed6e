import type { ScheduleTick } from '../../core/ledger.ts';
import { toTick } from '../record/tick.ts';
import type { LedgerDatabase } from './database.ts';

/** False when the schedule's nominal time is there already. */
export function insertTick(database: LedgerDatabase, tick: ScheduleTick): boolean {
  const inserted = database.run(
    `INSERT INTO ticks (schedule, nominal_at_ms, at_ms, run_id, reason) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    tick.schedule,
    tick.nominalAtMs,
    tick.atMs,
    tick.runId ?? null,
    tick.reason ?? null,
  );
  return inserted === 1;
}

export function readTicks(
  database: LedgerDatabase,
  schedule: string,
  limit: number,
): readonly ScheduleTick[] {
  const rows = database.all(
    `SELECT schedule, nominal_at_ms, at_ms, run_id, reason FROM ticks WHERE schedule = ? ORDER BY nominal_at_ms DESC LIMIT ?`,
    schedule,
    limit,
  );
  return rows.map((row) => toTick(row));
}
