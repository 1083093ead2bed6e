import type { RunEvent } from '../../core/run-event.ts';
import { integer, optionalText, text, toJson, type Row } from './row.ts';

/** An event before the ledger gave it its sequence. */
export type NewEvent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? { readonly [Key in keyof Event as Exclude<Key, 'sequence'>]: Event[Key] | undefined }
    : never
  : never;

/** An event as columns. */
export interface EventRow {
  readonly runId: string;
  readonly atMs: number;
  readonly type: string;
  readonly step: string | null;
  /** JSON of what belongs to its type. */
  readonly detail: string;
}

export function toEventRow(event: NewEvent): EventRow {
  const { runId, atMs, type, ...rest } = event;
  const { step, ...detail } = { step: undefined, ...rest };
  return {
    runId: runId ?? '',
    atMs: atMs ?? 0,
    type: type ?? '',
    step: step ?? null,
    detail: toJson(detail) ?? '{}',
  };
}

export function toEvent(row: Row): RunEvent {
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
