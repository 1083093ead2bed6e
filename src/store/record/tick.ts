import type { ScheduleTick } from '../../core/ledger.ts';
import { integer, optionalText, text, type Row } from './row.ts';

export function toTick(row: Row): ScheduleTick {
  return {
    schedule: text(row, 'schedule'),
    nominalAtMs: integer(row, 'nominal_at_ms'),
    atMs: integer(row, 'at_ms'),
    runId: optionalText(row, 'run_id'),
    reason: optionalText(row, 'reason'),
  };
}
