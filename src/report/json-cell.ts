import type { JsonValue } from '../core/json.ts';
import type { DataType } from '../sql/data-type.ts';

/**
 * A value of a result set as JSON. Exact numbers become JSON numbers when JavaScript holds them
 * without rounding (15 significant digits, integers to 2^53), else they stay text.
 */
export function jsonCell(value: unknown, type: DataType): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') return type.type === 'decimal' ? jsonDecimal(value) : value;
  if (typeof value === 'boolean') return value;
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) {
    const element: DataType = type.type === 'array' ? type.element : type;
    return value.map((item) => jsonCell(item, element));
  }
  if (typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonCell(item, type)]));
  }
  throw new TypeError(`a ${typeof value} is not a value of a result set`);
}

function jsonDecimal(text: string): JsonValue {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return text;
  const significant = text.replace(/^-/, '').replace('.', '').replace(/^0+/, '');
  return significant.length <= 15 ? Number(text) : text;
}
