import type { DataType } from '../../sql/data-type.ts';
import { storedDataType } from './declared-type.ts';
import { decimalText, parseDecimal, rescaleRounding } from './exact-decimal.ts';
import type { StoredValue } from './stored-value.ts';

/** Type of a result column that is an expression, by the values it gave. */
export function resultColumnType(rows: readonly (readonly StoredValue[])[], index: number): DataType {
  const classes = new Set(rows.map((row) => storageClass(row[index] ?? null)));
  return storedDataType(classes) ?? { type: 'text' };
}

function storageClass(value: StoredValue): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'blob';
  if (typeof value === 'string') return 'text';
  return typeof value === 'bigint' ? 'integer' : 'real';
}

/** A stored value as a `ResultSet` shows it; one that does not fit its type stays as it is. */
export function readableValue(value: StoredValue, type: DataType | undefined): unknown {
  if (value === null || value instanceof Uint8Array) return value;
  if (type?.type === 'boolean' && (value === 0n || value === 1n)) return value === 1n;
  if (type?.type === 'decimal') return readableDecimal(value, type.scale);
  if (type?.type === 'json' && typeof value === 'string') return readableJson(value);
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function readableDecimal(value: bigint | number | string, scale: number | undefined): unknown {
  const decimal = parseDecimal(String(value));
  if (!decimal) return value;
  return decimalText(scale === undefined ? decimal : { unscaled: rescaleRounding(decimal, scale), scale });
}

function readableJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
