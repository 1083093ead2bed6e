import type { DataType } from '../../sql/data-type.ts';
import { daysOf, microsOfTime, microsOfTimestamp } from './calendar.ts';
import { isDecimalText, unscaledOf } from './decimal-digits.ts';
import type { IntervalValue, RowValue } from './row-value.ts';

/** A value as its vector holds it; undefined when the value does not fit the type. */
export type Cell = number | bigint | Uint8Array | undefined;

const integerLimits = { int16: 0x7fff, int32: 0x7fff_ffff } as const;
const timetzText = /^([01]\d|2[0-4]):[0-5]\d:[0-5]\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/;
const int64Limit = 0x7fff_ffff_ffff_ffffn;

/** A value that is not NULL, made into what the vector of its type holds. */
export function cellOf(value: RowValue, type: DataType): Cell {
  switch (type.type) {
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : undefined;
    case 'int16':
    case 'int32':
      return smallInteger(value, integerLimits[type.type]);
    case 'int64':
      return wholeNumber(value);
    case 'float32':
    case 'float64':
      return typeof value === 'number' ? value : undefined;
    case 'decimal':
      return decimalCell(value, type.precision, type.scale ?? 0);
    case 'date':
      return typeof value === 'string' ? daysOf(value) : undefined;
    case 'time':
      return typeof value === 'string' ? microsOfTime(value) : undefined;
    case 'timetz':
      return typeof value === 'string' && timetzText.test(value) ? utf8(value) : undefined;
    case 'timestamp':
      return typeof value === 'string' ? microsOfTimestamp(value, false) : undefined;
    case 'timestamptz':
      return instant(value);
    case 'interval':
      return intervalCell(value);
    case 'uuid':
      return uuidCell(value);
    case 'text':
      return typeof value === 'string' ? utf8(value) : undefined;
    case 'bytes':
      return value instanceof Uint8Array ? value : undefined;
    case 'json':
      return jsonCell(value);
    case 'array':
      return arrayCell(value, type.element);
  }
}

function utf8(text: string): Uint8Array | undefined {
  return text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined;
}

function smallInteger(value: RowValue, limit: number): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
  return number <= limit && number >= -limit - 1 ? number : undefined;
}

/** Numbers beyond 2^53 are refused: they may have been rounded before they came here. */
function wholeNumber(value: RowValue): bigint | undefined {
  const whole = asBigint(value);
  return whole !== undefined && whole <= int64Limit && whole >= -int64Limit - 1n ? whole : undefined;
}

function asBigint(value: RowValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

function decimalCell(value: RowValue, precision: number | undefined, scale: number): Cell {
  if (typeof value !== 'string' && typeof value !== 'bigint' && typeof value !== 'number') return undefined;
  const text = String(value);
  if (precision === undefined) return isDecimalText(text) ? utf8(text) : undefined;
  const unscaled = unscaledOf(text, scale);
  if (unscaled === undefined || String(unscaled).replace('-', '').length > precision) return undefined;
  if (precision > 38) return isDecimalText(text) ? utf8(text) : undefined;
  return precision <= 18 ? unscaled : words(BigInt.asIntN(64, unscaled), unscaled >> 64n);
}

function instant(value: RowValue): bigint | undefined {
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? undefined : BigInt(value.getTime()) * 1000n;
  return typeof value === 'string' ? microsOfTimestamp(value, true) : undefined;
}

function intervalCell(value: RowValue): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || !('months' in value)) return undefined;
  const interval = value as IntervalValue;
  const months = smallInteger(interval.months, integerLimits.int32);
  const days = smallInteger(interval.days, integerLimits.int32);
  const microseconds = wholeNumber(interval.microseconds);
  if (months === undefined || days === undefined || microseconds === undefined) return undefined;
  const cell = new Uint8Array(16);
  const view = new DataView(cell.buffer);
  view.setInt32(0, months, true);
  view.setInt32(4, days, true);
  view.setBigInt64(8, microseconds, true);
  return cell;
}

function uuidCell(value: RowValue): Uint8Array | undefined {
  const isUuid = typeof value === 'string' && /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value);
  return isUuid ? Buffer.from(value.replaceAll('-', ''), 'hex') : undefined;
}

function jsonCell(value: RowValue): Uint8Array | undefined {
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : utf8(text);
  } catch {
    return undefined;
  }
}

function arrayCell(value: RowValue, element: DataType): Uint8Array | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts: (string | null)[] = [];
  for (const item of value as readonly RowValue[]) {
    const cell = item === null ? null : cellOf(item, element);
    if (cell === undefined || !hasText(element)) return undefined;
    texts.push(cell === null ? null : elementText(item, cell, element));
  }
  return utf8(JSON.stringify(texts));
}

/** Elements travel as text. */
function hasText({ type }: DataType): boolean {
  return type !== 'interval' && type !== 'array';
}

function elementText(value: RowValue, cell: Cell, { type }: DataType): string {
  if (value instanceof Date) return value.toISOString();
  if (cell instanceof Uint8Array && type === 'bytes') return `\\x${Buffer.from(cell).toString('hex')}`;
  return type === 'json' ? JSON.stringify(value) : String(value);
}

function words(low: bigint, high: bigint): Uint8Array {
  return new Uint8Array(BigInt64Array.of(low, high).buffer);
}
