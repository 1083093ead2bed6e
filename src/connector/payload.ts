import type { Readable } from 'node:stream';
import type { TableSchema } from '../sql/data-type.ts';
import type { ColumnBatch } from './column-batch.ts';

/**
 * The forms in which rows travel, cheapest first:
 *
 * - `pg-copy-binary`: PostgreSQL's COPY BINARY bytes, passed through untouched;
 * - `file`: files that the target's own reader takes;
 * - `relation`: a SELECT that the target itself can run (same database);
 * - `columns`: batches of typed column vectors.
 */
export type PayloadFormat = Payload['format'];

export type Payload = CopyBinaryPayload | FilePayload | RelationPayload | ColumnsPayload;

export interface CopyBinaryPayload {
  readonly format: 'pg-copy-binary';
  readonly schema: TableSchema;
  readonly bytes: Readable;
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
  /** What an error of the SELECT means: rows are held to their types while they are read. */
  readonly explain?: (error: unknown) => Promise<unknown>;
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
