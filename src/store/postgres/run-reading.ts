import type { RunRecord, RunSummary } from '../../core/ledger.ts';
import type { OpenRun, RunFilter } from '../../core/ports.ts';
import type { RunState, StepState } from '../../core/run-state.ts';
import { optionalJson, text } from '../record/row.ts';
import { summaryColumns, toOpenRun, toRunRecord, toSummary } from '../record/run.ts';
import type { Session } from './session.ts';

export async function runState(session: Session, runId: string): Promise<RunState | undefined> {
  const row = await session.get('SELECT state FROM runs WHERE id = $1', runId);
  return row ? (text(row, 'state') as RunState) : undefined;
}

/** Reads twice: call it in a snapshot. */
export async function findRun(session: Session, runId: string): Promise<RunRecord | undefined> {
  const row = await session.get(
    `SELECT ${summaryColumns}, plan FROM runs JOIN plans ON digest = plan_digest WHERE id = $1`,
    runId,
  );
  if (!row) return undefined;
  return toRunRecord(
    row,
    await session.all('SELECT * FROM steps WHERE run_id = $1 ORDER BY position', runId),
  );
}

export async function listRuns(session: Session, filter: RunFilter): Promise<readonly RunSummary[]> {
  const conditions = ['true'];
  const values: (string | number | readonly string[])[] = [];
  const add = (condition: string, value: string | number | readonly string[]): void => {
    values.push(value);
    conditions.push(`${condition}($${values.length})`);
  };
  if (filter.states) add('state = ANY', filter.states);
  if (filter.schedule !== undefined) add('schedule = ', filter.schedule);
  if (filter.beforeMs !== undefined) add('created_at_ms < ', filter.beforeMs);
  values.push(filter.limit);
  const rows = await session.all(
    `SELECT ${summaryColumns},
       (SELECT json_object_agg(state, count) FROM (
          SELECT state, count(*) FROM steps WHERE run_id = runs.id GROUP BY state) AS counted) AS counts
     FROM runs WHERE ${conditions.join(' AND ')}
     ORDER BY created_at_ms DESC, position DESC LIMIT $${values.length}`,
    ...values,
  );
  return rows.map((row) =>
    toSummary(row, (optionalJson(row, 'counts') ?? {}) as Partial<Record<StepState, number>>),
  );
}

export async function openRuns(session: Session): Promise<readonly OpenRun[]> {
  const rows = await session.all(
    `SELECT id, state, owner, epoch, lease_expires_at_ms, held_at_ms, enqueued_by, priority FROM runs
     WHERE finished_at_ms IS NULL ORDER BY priority DESC, created_at_ms, position`,
  );
  return rows.map((row) => toOpenRun(row));
}
