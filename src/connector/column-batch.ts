import type { DataType } from '../sql/data-type.ts';

/** Most rows of one batch: the length of a DuckDB vector. */
export const maxBatchRows = 2048;

/**
 * Rows in columns: what travels on the column lane. Holds 1 to `maxBatchRows` rows; an empty
 * stream has no batches. A batch is not written again by who made it until it is released, so it may be kept.
 */
export interface ColumnBatch {
  readonly rowCount: number;
  /** One per column of the payload's schema, in order. */
  readonly vectors: readonly ColumnVector[];
  /**
   * May be called once by who needs nothing of the batch any more, so that its memory can be filled
   * again. A batch that is never released is kept for as long as it is referred to.
   */
  readonly release?: () => void;
}

/**
 * `validity`: one byte per row, 1 = value, 0 = NULL; absent when nothing is NULL. What stands in
 * the place of a NULL is zero, or any range of `bytes`.
 *
 * Encodings by data type:
 *
 * | data type | vector |
 * |---|---|
 * | boolean | `uint8`, 0 or 1 |
 * | int16, int32, int64, float32, float64 | the typed array of that name |
 * | date | `int32`, days since 1970-01-01; infinity is 2^31-1, -infinity is -(2^31-1) |
 * | time | `int64`, microseconds since midnight |
 * | timestamp, timestamptz | `int64`, microseconds since 1970; infinity is 2^63-1, -infinity is -(2^63-1) |
 * | decimal(p,s), p <= 18 | `int64`, unscaled |
 * | decimal(p,s), p <= 38 | `fixed` 16, unscaled, little-endian two's complement |
 * | decimal, wider or without precision | `bytes`, its text |
 * | uuid | `fixed` 16, in textual order |
 * | interval | `fixed` 16: months int32, days int32, microseconds int64, little-endian |
 * | text, json | `bytes`, valid UTF-8 |
 * | timetz | `bytes`, such as `04:05:06.5+02:30` |
 * | bytes | `bytes` |
 * | array | `bytes`, a JSON array of strings (the elements' text; bytes as `\x` and hexadecimal digits) and nulls |
 *
 * A typed array may be longer than the batch; only the first `rowCount` elements count.
 */
export type ColumnVector =
  | { readonly kind: 'uint8'; readonly values: Uint8Array; readonly validity?: Uint8Array }
  | { readonly kind: 'int16'; readonly values: Int16Array; readonly validity?: Uint8Array }
  | { readonly kind: 'int32'; readonly values: Int32Array; readonly validity?: Uint8Array }
  | { readonly kind: 'int64'; readonly values: BigInt64Array; readonly validity?: Uint8Array }
  | { readonly kind: 'float32'; readonly values: Float32Array; readonly validity?: Uint8Array }
  | { readonly kind: 'float64'; readonly values: Float64Array; readonly validity?: Uint8Array }
  | FixedVector
  | BytesVector;

export interface FixedVector {
  readonly kind: 'fixed';
  readonly width: 16;
  /** `width` bytes per row; starts on a multiple of 8 within its buffer. */
  readonly values: Uint8Array;
  readonly validity?: Uint8Array;
}

/** Row `i` is `data[starts[i] .. ends[i]]`. Several vectors of a batch may share one `data`. */
export interface BytesVector {
  readonly kind: 'bytes';
  readonly data: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly validity?: Uint8Array;
}

export type VectorKind = ColumnVector['kind'];

/** The vector that carries a data type: see the table at `ColumnVector`. */
export function vectorKindOf(type: DataType): VectorKind {
  switch (type.type) {
    case 'boolean':
      return 'uint8';
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
      return type.type;
    case 'date':
      return 'int32';
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return 'int64';
    case 'decimal':
      if (type.precision === undefined || type.precision > 38) return 'bytes';
      return type.precision <= 18 ? 'int64' : 'fixed';
    case 'uuid':
    case 'interval':
      return 'fixed';
    case 'text':
    case 'timetz':
    case 'json':
    case 'bytes':
    case 'array':
      return 'bytes';
  }
}
