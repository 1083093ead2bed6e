import type { JsonValue } from '../../core/json.ts';
import type { Note } from '../../core/ports.ts';
import { integer, optionalJson, type Row } from './row.ts';

export function toNote(row: Row | undefined): Note | undefined {
  return row && { version: integer(row, 'version'), value: optionalJson(row, 'value') as JsonValue };
}
