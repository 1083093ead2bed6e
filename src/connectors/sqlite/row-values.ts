import type { SQLInputValue } from 'node:sqlite';
import type { BytesVector, ColumnVector, FixedVector } from '../../connector/column-batch.ts';
import {
  arrayJson,
  dateText,
  intervalText,
  timestampText,
  timeText,
  unscaledText,
  uuidText,
  wideInteger,
} from '../../connector/value-text.ts';
import { DataError } from '../../core/errors.ts';
import type { Column, DataType } from '../../sql/data-type.ts';
import { sqliteDialect } from '../../sql/dialects/index.ts';

/** The value of a row as SQLite takes it; not called for NULL. */
export type RowValue = (row: number) => SQLInputValue;

/** An empty array must still lie somewhere, or it would be bound as NULL. */
const noBytes = new Uint8Array(1).subarray(0, 0);

/**
 * How the values of one vector are bound: integers and floats as numbers, times as ISO 8601 in UTC, decimals as
 * numbers up to 15 digits and as text beyond.
 * @throws DataError code `data_invalid`, when called, for what SQLite has no value for
 */
export function rowValue(vector: ColumnVector, column: Column): RowValue {
  const { type } = column;
  switch (vector.kind) {
    case 'uint8':
    case 'int16':
      return (row) => vector.values[row] as number;
    case 'int32':
      return type.type === 'date'
        ? (row) => known(dateText(vector.values[row] as number), column)
        : (row) => vector.values[row] as number;
    case 'float32':
    case 'float64':
      return (row) => number(vector.values[row] as number, column);
    case 'int64':
      return int64Value(vector.values, column);
    case 'fixed':
      return fixedValue(vector, type);
    case 'bytes':
      return bytesValue(vector, type);
  }
}

function known(text: string | undefined, { name, type }: Column): string {
  if (text !== undefined) return text;
  throw new DataError(
    `Column "${name}" holds a ${type.type} that is infinite or has a year before 1 or after 9999, for which ISO 8601 has no text.`,
    { code: 'data_invalid', next: `Cast ${name} to text in a query, or leave such rows out by where:` },
  );
}

function number(value: number, { name }: Column): number {
  if (!Number.isNaN(value)) return value;
  throw new DataError(`Column "${name}" holds NaN, which SQLite would make NULL.`, {
    code: 'data_invalid',
    next: `Cast ${name} to text in a query, or make it NULL there`,
  });
}

function int64Value(values: BigInt64Array, column: Column): RowValue {
  const { type } = column;
  switch (type.type) {
    case 'decimal':
      return decimalValue(type, (row) => values[row] as bigint);
    case 'time':
      return (row) => timeText(values[row] as bigint);
    case 'timestamp':
    case 'timestamptz':
      return (row) => known(timestampText(values[row] as bigint), column);
    default:
      return (row) => values[row] as bigint;
  }
}

/** A quotient of two exact numbers is the double that is nearest to the decimal. */
function decimalValue(
  type: DataType & { readonly type: 'decimal' },
  unscaled: (row: number) => bigint,
): RowValue {
  const { scale = 0 } = type;
  if (sqliteDialect.typeName(type).includes('text')) return (row) => unscaledText(unscaled(row), scale);
  const unit = 10 ** scale;
  return (row) => Number(unscaled(row)) / unit;
}

function fixedValue({ values }: FixedVector, type: DataType): RowValue {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  if (type.type === 'decimal') return decimalValue(type, (row) => wideInteger(view, row));
  return type.type === 'uuid' ? (row) => uuidText(values, row) : (row) => intervalText(view, row);
}

function bytesValue({ data, starts, ends }: BytesVector, type: DataType): RowValue {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = (row: number): string => buffer.toString('utf8', starts[row], ends[row]);
  if (type.type === 'array') return (row) => arrayJson(text(row), type.element);
  if (type.type !== 'bytes') return text;
  return (row) => (starts[row] === ends[row] ? noBytes : data.subarray(starts[row], ends[row]));
}
