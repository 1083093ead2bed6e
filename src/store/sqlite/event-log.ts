import type { EventQuery } from '../../core/ports.ts';
import type { RunEvent } from '../../core/run-event.ts';
import { toEvent, toEventRow, type NewEvent } from '../record/event.ts';
import type { LedgerDatabase } from './database.ts';

export function appendEvent(database: LedgerDatabase, event: NewEvent): void {
  const { runId, atMs, type, step, detail } = toEventRow(event);
  database.run(
    'INSERT INTO events (run_id, at_ms, type, step, detail) VALUES (?, ?, ?, ?, ?)',
    runId,
    atMs,
    type,
    step,
    detail,
  );
}

export function readEvents(database: LedgerDatabase, query: EventQuery): readonly RunEvent[] {
  const conditions = ['sequence > ?'];
  const values: (string | number)[] = [query.afterSequence];
  if (query.runId !== undefined) {
    conditions.push('run_id = ?');
    values.push(query.runId);
  }
  if (query.step !== undefined) {
    conditions.push('step = ?');
    values.push(query.step);
  }
  if (query.types !== undefined) {
    conditions.push('type IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(query.types));
  }
  const sql = `SELECT sequence, run_id, at_ms, type, step, detail FROM events WHERE ${conditions.join(' AND ')} ORDER BY sequence LIMIT ?`;
  return database.all(sql, ...values, query.limit).map((row) => toEvent(row));
}

export function lastSequence(database: LedgerDatabase): number {
  const [row] = database.all('SELECT max(sequence) AS sequence FROM events');
  return Number(row?.['sequence'] ?? 0);
}
