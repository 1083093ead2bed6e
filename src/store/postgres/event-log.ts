import type { EventQuery, LedgerChange } from '../../core/ports.ts';
import type { RunEvent } from '../../core/run-event.ts';
import { toEvent, toEventRow, type NewEvent } from '../record/event.ts';
import { integer } from '../record/row.ts';
import type { Session } from './session.ts';

/**
 * Adds events in their order and tells other processes at the commit. From here to the commit nobody else adds
 * events: without that, a reader could see a higher sequence before a lower one, and skip that for good. So it
 * is the last statement of its transaction.
 */
export async function appendEvents(
  session: Session,
  events: readonly NewEvent[],
  change: LedgerChange,
): Promise<void> {
  if (events.length === 0) return;
  const rows = JSON.stringify(events.map((event, position) => ({ ...toEventRow(event), position })));
  await session.run(
    `WITH turn AS MATERIALIZED (
       SELECT pg_advisory_xact_lock(hashtextextended('millrace events ' || current_schema(), 0))
     )
     INSERT INTO events (run_id, at_ms, type, step, detail)
     SELECT event."runId", event."atMs", event.type, event.step, event.detail::json
     FROM turn, json_to_recordset($1::json)
       AS event("runId" text, "atMs" bigint, type text, step text, detail text, position bigint)
     ORDER BY event.position
     RETURNING pg_notify(current_schema(), $2)`,
    rows,
    change,
  );
}

/** For a write that leaves no event. */
export async function tellOthers(session: Session, change: LedgerChange): Promise<void> {
  await session.run('SELECT pg_notify(current_schema(), $1)', change);
}

export async function readEvents(session: Session, query: EventQuery): Promise<readonly RunEvent[]> {
  const conditions = ['sequence > $1'];
  const values: (string | number | readonly string[])[] = [query.afterSequence];
  const add = (condition: string, value: string | readonly string[]): void => {
    values.push(value);
    conditions.push(`${condition}($${values.length})`);
  };
  if (query.runId !== undefined) add('run_id = ', query.runId);
  if (query.step !== undefined) add('step = ', query.step);
  if (query.types !== undefined) add('type = ANY', query.types);
  values.push(query.limit);
  const rows = await session.all(
    `SELECT sequence, run_id, at_ms, type, step, detail FROM events
     WHERE ${conditions.join(' AND ')} ORDER BY sequence LIMIT $${values.length}`,
    ...values,
  );
  return rows.map((row) => toEvent(row));
}

export async function lastSequence(session: Session): Promise<number> {
  const row = await session.get('SELECT coalesce(max(sequence), 0) AS sequence FROM events');
  return row ? integer(row, 'sequence') : 0;
}
