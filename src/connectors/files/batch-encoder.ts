import {
  DuckDBBlobValue,
  type DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  DuckDBUUIDValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { type ColumnBatch, type ColumnVector, vectorKindOf } from '../../connector/column-batch.ts';
import type { Column, DataType } from '../../sql/data-type.ts';
import { quote } from './engine.ts';

/** SQL that gives a column in the form that `encodeChunk` reads: arrays as JSON of texts. */
export function encodableSql(column: Column): string {
  const name = quote(column.name);
  if (column.type.type !== 'array') return name;
  return `cast(to_json(list_transform(${name}, item -> cast(item as varchar))) as varchar) as ${name}`;
}

export function encodeChunk(chunk: DuckDBDataChunk, columns: readonly Column[]): ColumnBatch {
  return {
    rowCount: chunk.rowCount,
    vectors: columns.map((column, index) => encodeColumn(chunk.getColumnValues(index), column.type)),
  };
}

function encodeColumn(values: readonly DuckDBValue[], type: DataType): ColumnVector {
  const validity = values.includes(null)
    ? { validity: Uint8Array.from(values, (value) => (value === null ? 0 : 1)) }
    : {};
  const kind = vectorKindOf(type);
  switch (kind) {
    case 'uint8':
      return { kind, values: Uint8Array.from(values, (value) => (value === true ? 1 : 0)), ...validity };
    case 'int16':
      return { kind, values: Int16Array.from(values, Number), ...validity };
    case 'int32':
      return { kind, values: Int32Array.from(values, dayOrNumber), ...validity };
    case 'int64':
      return { kind, values: BigInt64Array.from(values, integerOf), ...validity };
    case 'float32':
      return { kind, values: Float32Array.from(values, Number), ...validity };
    case 'float64':
      return { kind, values: Float64Array.from(values, Number), ...validity };
    case 'fixed':
      return { kind, width: 16, values: fixedCells(values), ...validity };
    case 'bytes':
      return { ...byteRuns(values), ...validity };
  }
}

function dayOrNumber(value: DuckDBValue): number {
  return value instanceof DuckDBDateValue ? value.days : Number(value);
}

function integerOf(value: DuckDBValue): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof DuckDBDecimalValue) return value.value;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return value.micros;
  return value instanceof DuckDBTimeValue ? value.micros : 0n;
}

function fixedCells(values: readonly DuckDBValue[]): Uint8Array {
  const cells = new Uint8Array(values.length * 16);
  const view = new DataView(cells.buffer);
  for (const [row, value] of values.entries()) {
    const at = row * 16;
    if (value instanceof DuckDBDecimalValue) {
      view.setBigInt64(at, BigInt.asIntN(64, value.value), true);
      view.setBigInt64(at + 8, value.value >> 64n, true);
    } else if (value instanceof DuckDBIntervalValue) {
      view.setInt32(at, value.months, true);
      view.setInt32(at + 4, value.days, true);
      view.setBigInt64(at + 8, value.micros, true);
    } else if (value instanceof DuckDBUUIDValue) {
      cells.set(Buffer.from(value.toString().replaceAll('-', ''), 'hex'), at);
    }
  }
  return cells;
}

function byteRuns(values: readonly DuckDBValue[]) {
  const starts = new Uint32Array(values.length);
  const ends = new Uint32Array(values.length);
  const parts = values.map((value) =>
    value instanceof DuckDBBlobValue ? value.bytes : Buffer.from(textOf(value)),
  );
  let at = 0;
  for (const [row, part] of parts.entries()) {
    starts[row] = at;
    at += part.length;
    ends[row] = at;
  }
  return { kind: 'bytes', data: new Uint8Array(Buffer.concat(parts)), starts, ends } as const;
}

function textOf(value: DuckDBValue): string {
  return value === null ? '' : String(value);
}
