import type { Column, ColumnVector } from '../../connector/index.ts';
import { dateText, timestampText } from '../../connector/value-text.ts';
import { dateOf } from '../../core/civil-date.ts';

const infiniteDay = 2 ** 31 - 1;
const infiniteMoment = 2n ** 63n - 1n;
const microsPerDay = 86_400_000_000n;

/**
 * Values as text, also those that MySQL has no number, date or time for; undefined for vectors whose values it always
 * has.
 */
export function anyText(vector: ColumnVector, { type }: Column): ((row: number) => string) | undefined {
  if (vector.kind === 'float32' || vector.kind === 'float64') return (row) => String(vector.values[row]);
  if (vector.kind === 'int32' && type.type === 'date') return (row) => anyDate(vector.values[row] as number);
  if (vector.kind === 'int64' && (type.type === 'timestamp' || type.type === 'timestamptz'))
    return (row) => anyMoment(vector.values[row] as bigint);
  return undefined;
}

function anyDate(days: number): string {
  if (Math.abs(days) === infiniteDay) return days > 0 ? 'infinity' : '-infinity';
  return dateText(days) ?? farDate(days);
}

/** Beyond the calendar the time of day tells nothing. */
function anyMoment(micros: bigint): string {
  if (micros === infiniteMoment || micros === -infiniteMoment) return micros > 0n ? 'infinity' : '-infinity';
  return timestampText(micros) ?? farDate(Number(micros / microsPerDay));
}

/** `12024-02-29`, and `0044-03-15 BC`. */
function farDate(days: number): string {
  const { year, month, day } = dateOf(days);
  const two = (value: number): string => String(value).padStart(2, '0');
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0');
  return `${shown}-${two(month)}-${two(day)}${year > 0 ? '' : ' BC'}`;
}
