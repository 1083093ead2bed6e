import { DataError } from '../core/errors.ts';
import type { Column } from '../sql/data-type.ts';
import {
  type BytesVector,
  type ColumnBatch,
  type ColumnVector,
  maxBatchRows,
  vectorKindOf,
} from './column-batch.ts';
import { type Cell, cellOf } from './values/cell.ts';
import type { Row, RowValue } from './values/row-value.ts';

export interface RowBatchOptions {
  /** What rows are called in errors: the stream's name. */
  readonly stream: string;
  /** What a row without a column's key means. Default: an error, because a column may have gone away. */
  readonly missingKeys?: 'error' | 'null';
}

/**
 * Pages of rows as batches of typed columns.
 * @throws DataError naming row and column: `value_ill_typed` for what does not fit its type, `value_missing` for a
 *   NULL that must not be, `column_missing` for a row without the column
 */
export async function* rowBatches(
  columns: readonly Column[],
  pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
  options: RowBatchOptions,
): AsyncGenerator<ColumnBatch> {
  let rowsBefore = 0;
  for await (const page of pages) {
    for (let start = 0; start < page.length; start += maxBatchRows) {
      const rows = page.slice(start, start + maxBatchRows);
      const vectors = columns.map((column) => vectorOf(rows, column, rowsBefore + start, options));
      yield { rowCount: rows.length, vectors };
    }
    rowsBefore += page.length;
  }
}

function vectorOf(
  rows: readonly Row[],
  column: Column,
  rowsBefore: number,
  options: RowBatchOptions,
): ColumnVector {
  const cells: Cell[] = [];
  let validity: Uint8Array | undefined;
  for (const [index, row] of rows.entries()) {
    const place = { stream: options.stream, row: rowsBefore + index + 1, column };
    const value = valueOf(row, place, options);
    const cell = value === null ? undefined : cellOf(value, column.type);
    if (value !== null && cell === undefined) throw illTyped(place, value);
    if (value === null) {
      validity ??= new Uint8Array(rows.length).fill(1);
      validity[index] = 0;
    }
    cells.push(cell);
  }
  return { ...filled(cells, column), ...(validity ? { validity } : {}) };
}

function filled(cells: readonly Cell[], { type }: Column): ColumnVector {
  const kind = vectorKindOf(type);
  const numbers = (): number[] => cells.map((cell) => Number(cell ?? 0));
  switch (kind) {
    case 'uint8':
      return { kind, values: Uint8Array.from(numbers()) };
    case 'int16':
      return { kind, values: Int16Array.from(numbers()) };
    case 'int32':
      return { kind, values: Int32Array.from(numbers()) };
    case 'float32':
      return { kind, values: Float32Array.from(numbers()) };
    case 'float64':
      return { kind, values: Float64Array.from(numbers()) };
    case 'int64':
      return { kind, values: BigInt64Array.from(cells.map((cell) => (cell ?? 0n) as bigint)) };
    case 'fixed': {
      const values = new Uint8Array(16 * cells.length);
      for (const [row, cell] of cells.entries())
        if (cell !== undefined) values.set(cell as Uint8Array, 16 * row);
      return { kind, width: 16, values };
    }
    case 'bytes':
      return bytesVector(cells);
  }
}

function bytesVector(cells: readonly Cell[]): BytesVector {
  const parts = cells.map((cell) => (cell ?? new Uint8Array()) as Uint8Array);
  const data = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  const starts = new Uint32Array(parts.length);
  const ends = new Uint32Array(parts.length);
  let end = 0;
  for (const [row, part] of parts.entries()) {
    data.set(part, end);
    starts[row] = end;
    end += part.length;
    ends[row] = end;
  }
  return { kind: 'bytes', data, starts, ends };
}

interface Place {
  readonly stream: string;
  /** Counted from 1. */
  readonly row: number;
  readonly column: Column;
}

function valueOf(row: Row, place: Place, { missingKeys = 'error' }: RowBatchOptions): RowValue {
  const { name, nullable } = place.column;
  const value = row[name];
  if (value === undefined && missingKeys === 'error') {
    throw new DataError(`stream ${place.stream}, row ${place.row}: there is no '${name}'`, {
      code: 'column_missing',
      state: 'Nothing was published',
      next: `If ${name} has gone, leave it out by select; if it is NULL there, the connector must say so`,
    });
  }
  if ((value === undefined || value === null) && !nullable) {
    throw new DataError(
      `stream ${place.stream}, row ${place.row}: '${name}' is NULL, and was said never to be`,
      {
        code: 'value_missing',
        state: 'Nothing was published',
        next: `The connector must describe ${name} as nullable, or give a value`,
      },
    );
  }
  return value ?? null;
}

function illTyped({ stream, row, column }: Place, value: RowValue): DataError {
  const kind = value instanceof Date ? 'Date' : Array.isArray(value) ? 'list' : typeof value;
  const shown =
    ['string', 'number', 'bigint', 'boolean'].includes(kind) && String(value).length <= 60
      ? ` ${JSON.stringify(String(value))}`
      : '';
  return new DataError(
    `stream ${stream}, row ${row}: '${column.name}' is ${column.type.type}, and the value${shown} (${kind}) is none`,
    {
      code: 'value_ill_typed',
      state: 'Nothing was published',
      next: `Correct the value at its source, or let the connector describe ${column.name} as another type`,
    },
  );
}
