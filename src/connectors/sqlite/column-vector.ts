import type { ColumnVector } from '../../connector/column-batch.ts';
import type { DataType } from '../../sql/data-type.ts';
import { blobVector, textVector } from './bytes-vector.ts';
import { decimalVector, storedDecimal } from './decimal-vector.ts';
import { decimalText } from './exact-decimal.ts';
import { parseIsoDate, parseIsoTime, parseIsoTimestamp, plainTimestamp } from './iso-time.ts';
import { Misfit, noteNull, type StoredRow, type StoredValue } from './stored-value.ts';

/** Makes one column of a batch out of the values at that place of its rows. Throws `Misfit`. */
export type VectorBuilder = (rows: readonly StoredRow[], at: number) => ColumnVector;

/** The builder for columns of that type: a loop of its own for each, so that it is compiled for its values. */
export function vectorBuilder(type: DataType): VectorBuilder {
  switch (type.type) {
    case 'int64':
      return int64Vector;
    case 'timestamp':
    case 'timestamptz':
      return timestampVector;
    case 'time':
      return timeVector;
    case 'date':
      return dateVector;
    case 'boolean':
      return booleanVector;
    case 'float64':
      return floatVector;
    case 'decimal': {
      const { precision, scale = 0 } = type;
      if (precision === undefined) return (rows, at) => textVector(rows, at, exactText, 'is not a number');
      return decimalVector(precision, scale);
    }
    case 'uuid':
      return uuidVector;
    case 'text':
      return (rows, at) => textVector(rows, at, asText, 'is not text');
    case 'json':
      return (rows, at) => textVector(rows, at, asJson, 'is not JSON text');
    case 'bytes':
      return blobVector;
    default:
      throw new Error(`SQLite has no columns of type ${type.type}`);
  }
}

function asText(value: StoredValue): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asJson(value: StoredValue): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    JSON.parse(value);
    return value;
  } catch {
    return undefined;
  }
}

function exactText(value: StoredValue): string | undefined {
  const decimal = storedDecimal(value);
  return decimal && decimalText(decimal);
}

function int64Vector(rows: readonly StoredRow[], at: number): ColumnVector {
  const values = new BigInt64Array(rows.length);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) validity = noteNull(validity, rows.length, row);
    else if (typeof value === 'bigint') values[row] = value;
    else throw new Misfit(row, 'is not an integer');
  }
  return { kind: 'int64', values, ...(validity && { validity }) };
}

function timestampVector(rows: readonly StoredRow[], at: number): ColumnVector {
  const values = new BigInt64Array(rows.length);
  const halves = new Int32Array(values.buffer);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    const plain = typeof value === 'string' ? plainTimestamp(value) : undefined;
    if (plain !== undefined) {
      halves[2 * row] = plain | 0;
      halves[2 * row + 1] = Math.floor(plain / 0x1_0000_0000);
      continue;
    }
    const micros = typeof value === 'string' ? parseIsoTimestamp(value) : undefined;
    if (micros === undefined) {
      throw new Misfit(row, 'is not an ISO 8601 timestamp (a column of Unix times must be declared INTEGER)');
    }
    values[row] = micros;
  }
  return { kind: 'int64', values, ...(validity && { validity }) };
}

function timeVector(rows: readonly StoredRow[], at: number): ColumnVector {
  const values = new BigInt64Array(rows.length);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    const micros = typeof value === 'string' ? parseIsoTime(value) : undefined;
    if (micros === undefined) throw new Misfit(row, 'is not an ISO 8601 time');
    values[row] = micros;
  }
  return { kind: 'int64', values, ...(validity && { validity }) };
}

function dateVector(rows: readonly StoredRow[], at: number): ColumnVector {
  const values = new Int32Array(rows.length);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    const days = typeof value === 'string' ? parseIsoDate(value) : undefined;
    if (days === undefined)
      throw new Misfit(row, 'is not an ISO 8601 date (a column of Unix times must be declared INTEGER)');
    values[row] = days;
  }
  return { kind: 'int32', values, ...(validity && { validity }) };
}

function booleanVector(rows: readonly StoredRow[], at: number): ColumnVector {
  const values = new Uint8Array(rows.length);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    if (value === 0n) continue;
    const isTrue = value === 1n || booleanOf(value);
    if (isTrue === undefined) throw new Misfit(row, 'is not a boolean (0, 1, true, false)');
    values[row] = isTrue ? 1 : 0;
  }
  return { kind: 'uint8', values, ...(validity && { validity }) };
}

function booleanOf(value: StoredValue): boolean | undefined {
  switch (String(value).toLowerCase()) {
    case '1':
    case 'true':
      return true;
    case '0':
    case 'false':
      return false;
    default:
      return undefined;
  }
}

function floatVector(rows: readonly StoredRow[], at: number): ColumnVector {
  const values = new Float64Array(rows.length);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) validity = noteNull(validity, rows.length, row);
    else if (typeof value === 'number') values[row] = value;
    else if (typeof value !== 'bigint') throw new Misfit(row, 'is not a number');
    else if (BigInt(Number(value)) !== value) throw new Misfit(row, 'is an integer that a float cannot hold');
    else values[row] = Number(value);
  }
  return { kind: 'float64', values, ...(validity && { validity }) };
}

const uuidPattern = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

function uuidVector(rows: readonly StoredRow[], at: number): ColumnVector {
  const values = new Uint8Array(rows.length * 16);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    const bytes = uuidBytes(value);
    if (!bytes) throw new Misfit(row, 'is not a UUID');
    values.set(bytes, row * 16);
  }
  return { kind: 'fixed', width: 16, values, ...(validity && { validity }) };
}

function uuidBytes(value: StoredValue): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value.length === 16 ? value : undefined;
  const match = typeof value === 'string' ? uuidPattern.exec(value) : null;
  return match ? Buffer.from(match.slice(1).join(''), 'hex') : undefined;
}
