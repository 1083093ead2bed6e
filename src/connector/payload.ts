import type { TableSchema } from '../sql/data-type.ts';
import type { ColumnBatch } from './column-batch.ts';

/**
 * The forms in which rows travel, cheapest first:
 *
 * - `pg-copy-binary`: PostgreSQL's COPY BINARY bytes, passed through untouched;
 * - `file`: files that the target's own reader takes;
 * - `relation`: a SELECT that the target itself can run (same database);
 * - `csv`: the bytes of CSV files, which the target reads by itself;
 * - `columns`: batches of typed column vectors.
 */
export type PayloadFormat = Payload['format'];

export type Payload = CopyBinaryPayload | FilePayload | CsvPayload | RelationPayload | ColumnsPayload;

export interface CopyBinaryPayload {
  readonly format: 'pg-copy-binary';
  readonly schema: TableSchema;
  /** In pieces, each of which may be overwritten once the next one is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface FilePayload {
  readonly format: 'file';
  readonly schema: TableSchema;
  /** Absolute paths, in reading order. */
  readonly paths: readonly string[];
  readonly fileType: 'csv' | 'jsonl' | 'json' | 'parquet';
  readonly options: Readonly<Record<string, unknown>>;
  /** Columns wanted, in order. */
  readonly columns: readonly string[];
  readonly where?: string;
  readonly limit?: number;
  /**
   * A SELECT that any DuckDB on this machine can run: it reads `paths` and gives exactly the columns of
   * `schema`, in order and typed, with `where` and `limit` applied.
   */
  readonly select: string;
  /**
   * Called when the rows were read and before they are counted on: throws where the files are not as they were when
   * the SELECT was made.
   */
  readonly verify?: () => Promise<void>;
  /** What an error of the SELECT means: rows are held to their types while they are read. */
  readonly explain?: (error: unknown) => Promise<unknown>;
}

/**
 * CSV by the book: UTF-8, LF or CRLF, quotes only around whole values and doubled within them, as many values as columns
 * in each record, no header. A value without quotes that is empty is NULL. Values were held to the way in which their
 * column's type is written (digits, ISO 8601), not to its range: that is left to the target.
 */
export interface CsvPayload {
  readonly format: 'csv';
  readonly schema: TableSchema;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** One ASCII character each. */
  readonly delimiter: string;
  readonly quote: string;
  /** True: `""` is NULL as well. */
  readonly emptyAsNull: boolean;
  /** Records given so far. */
  readonly records: () => number;
  /** What an error of the bytes or of the target means. */
  readonly explain: (error: unknown) => Promise<unknown>;
}

export interface RelationPayload {
  readonly format: 'relation';
  readonly schema: TableSchema;
  /** The SELECT, in the dialect of the system that holds it. */
  readonly sql: string;
}

export interface ColumnsPayload {
  readonly format: 'columns';
  readonly schema: TableSchema;
  readonly batches: AsyncIterable<ColumnBatch>;
}
