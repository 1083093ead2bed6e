import type { EventQuery } from '../../core/ports.ts';
import type { RunEvent } from '../../core/run-event.ts';
import type { LedgerDatabase } from './database.ts';
import { integer, optionalText, text, toJson, type Row } from './row.ts';

/** An event before the ledger gave it its sequence. */
export type NewEvent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? { readonly [Key in Exclude<keyof Event, 'sequence'>]: Event[Key] | undefined }
    : never
  : never;

export function appendEvent(database: LedgerDatabase, event: NewEvent): void {
  const { runId, atMs, type, ...rest } = event;
  const { step, ...detail } = { step: undefined, ...rest };
  database.run(
    'INSERT INTO events (run_id, at_ms, type, step, detail) VALUES (?, ?, ?, ?, ?)',
    runId ?? '',
    atMs ?? 0,
    type ?? '',
    step ?? null,
    toJson(detail),
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

function toEvent(row: Row): RunEvent {
  const step = optionalText(row, 'step');
  return {
    sequence: integer(row, 'sequence'),
    runId: text(row, 'run_id'),
    atMs: integer(row, 'at_ms'),
    type: text(row, 'type'),
    ...(step === undefined ? {} : { step }),
    ...(JSON.parse(text(row, 'detail')) as object),
  } as RunEvent;
}
