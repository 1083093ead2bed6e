import type { ColumnVector } from '../../connector/column-batch.ts';

/** What `node:sqlite` gives with big integers on. */
export type StoredValue = null | bigint | number | string | Uint8Array;

/** Collects one column of one batch. Not used again after `finish`. */
export interface ColumnBuilder {
  /** Adds a value that is not NULL at `row`; gives the reason when it does not fit. */
  put(row: number, value: Exclude<StoredValue, null>): string | undefined;
  finish(validity: Uint8Array | undefined): ColumnVector;
}
