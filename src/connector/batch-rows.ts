import type { Column, DataType } from '../sql/data-type.ts';
import type { BytesVector, ColumnBatch, ColumnVector, FixedVector } from './column-batch.ts';
import { isoDate, isoTime, isoTimestamp } from './values/calendar.ts';
import { decimalDigits } from './values/decimal-digits.ts';
import type { Row, RowValue } from './values/row-value.ts';

/**
 * The rows of a batch, for tests and small results. Values are those of `RowValue`: int64 as `bigint`, decimals as
 * text, elements of arrays as the text that stands in the vector.
 */
export function batchRows(columns: readonly Column[], batch: ColumnBatch): readonly Row[] {
  return Array.from({ length: batch.rowCount }, (_, row) =>
    Object.fromEntries(
      columns.map(({ name, type }, index) => [name, valueAt(batch.vectors[index], type, row)]),
    ),
  );
}

function valueAt(vector: ColumnVector | undefined, type: DataType, row: number): RowValue {
  if (!vector || vector.validity?.[row] === 0) return null;
  switch (vector.kind) {
    case 'bytes':
      return bytesValue(vector, type, row);
    case 'fixed':
      return fixedValue(vector, type, row);
    case 'uint8':
      return vector.values[row] === 1;
    case 'int64':
      return longValue(vector.values[row] ?? 0n, type);
    case 'int32':
      return type.type === 'date' ? isoDate(vector.values[row] ?? 0) : (vector.values[row] ?? 0);
    default:
      return vector.values[row] ?? 0;
  }
}

function longValue(value: bigint, type: DataType): RowValue {
  switch (type.type) {
    case 'time':
      return isoTime(value);
    case 'timestamp':
    case 'timestamptz':
      return isoTimestamp(value, type.type === 'timestamptz');
    case 'decimal':
      return decimalDigits(value, type.scale ?? 0);
    default:
      return value;
  }
}

function fixedValue({ values }: FixedVector, type: DataType, row: number): RowValue {
  const cell = new DataView(values.buffer, values.byteOffset + 16 * row, 16);
  if (type.type === 'interval') {
    return {
      months: cell.getInt32(0, true),
      days: cell.getInt32(4, true),
      microseconds: cell.getBigInt64(8, true),
    };
  }
  if (type.type === 'decimal') {
    return decimalDigits((cell.getBigInt64(8, true) << 64n) | cell.getBigUint64(0, true), type.scale ?? 0);
  }
  const hex = Buffer.from(values.buffer, values.byteOffset + 16 * row, 16).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesValue({ data, starts, ends }: BytesVector, type: DataType, row: number): RowValue {
  const bytes = data.slice(starts[row], ends[row]);
  if (type.type === 'bytes') return bytes;
  const text = decoder.decode(bytes);
  return type.type === 'json' || type.type === 'array' ? exactJson(text) : text;
}

/** Numbers with more digits than JavaScript's hold stay text. */
function exactJson(text: string): RowValue {
  const reviver = (_key: string, value: RowValue, { source }: { readonly source?: string }): RowValue =>
    typeof value === 'number' && source !== undefined && source.length > 15 ? source : value;
  return JSON.parse(text, reviver as (key: string, value: RowValue) => RowValue) as RowValue;
}
