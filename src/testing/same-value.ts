import { inspect } from 'node:util';
import type { DataType } from '../sql/data-type.ts';
import type { IntervalValue, RowValue } from '../connector/values/row-value.ts';

/**
 * A value in one spelling, for comparing what was put with what was read. Systems may keep a type in a wider one of
 * their own (16 bits in 64, a boolean in 0 and 1): the value counts, not how it is kept.
 */
export function spelled(value: RowValue, type: DataType): unknown {
  if (value === null || value === undefined) return null;
  switch (type.type) {
    case 'boolean':
      return ['true', '1'].includes(text(value))
        ? true
        : ['false', '0'].includes(text(value))
          ? false
          : value;
    case 'int16':
    case 'int32':
    case 'int64':
    case 'decimal':
      return plainNumber(text(value));
    case 'float32':
      return Math.fround(Number(value));
    case 'float64':
      return Number(typeof value === 'string' ? value.replace(/^([+-]?)inf$/i, '$1Infinity') : value);
    case 'bytes':
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
    case 'json':
      return sorted(typeof value === 'string' ? asJson(value) : value);
    case 'interval':
      return isInterval(value) ? `${value.months} ${value.days} ${value.microseconds}` : value;
    case 'array': {
      const list: unknown = typeof value === 'string' ? asJson(value) : value;
      return Array.isArray(list) ? list.map((item: RowValue) => spelled(item, type.element)) : value;
    }
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return typeof value === 'string' ? value.replace(/^-0{2}(\d{4}-)/, '-$1').replace(' ', 'T') : value;
    default:
      return value;
  }
}

function text(value: RowValue): string {
  return typeof value === 'string' ? value : inspect(value).replace(/n$/, '');
}

/** `+1.50e1` and `15` are one number. */
function plainNumber(digits: string): string {
  const found = /^([+-]?)0*(\d*)\.?(\d*?)0*$/.exec(digits);
  if (!found) return digits;
  const [whole, fraction] = [found[2] || '0', found[3] ?? ''];
  const isZero = whole === '0' && fraction === '';
  return `${found[1] === '-' && !isZero ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function isInterval(value: RowValue): value is IntervalValue {
  return typeof value === 'object' && value !== null && 'microseconds' in value;
}

function asJson(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** Keys of objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => sorted(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
