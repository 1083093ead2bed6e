import type { ScheduleTick } from '../../core/ledger.ts';
import { toTick } from '../record/tick.ts';
import type { Session } from './session.ts';

/** False when the schedule's nominal time is there already. */
export async function insertTick(session: Session, tick: ScheduleTick): Promise<boolean> {
  const inserted = await session.run(
    `INSERT INTO ticks (schedule, nominal_at_ms, at_ms, run_id, reason) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING`,
    tick.schedule,
    tick.nominalAtMs,
    tick.atMs,
    tick.runId ?? null,
    tick.reason ?? null,
  );
  return inserted === 1;
}

export async function readTicks(
  session: Session,
  schedule: string,
  limit: number,
): Promise<readonly ScheduleTick[]> {
  const rows = await session.all(
    `SELECT schedule, nominal_at_ms, at_ms, run_id, reason FROM ticks
     WHERE schedule = $1 ORDER BY nominal_at_ms DESC LIMIT $2`,
    schedule,
    limit,
  );
  return rows.map((row) => toTick(row));
}
