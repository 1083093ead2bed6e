/**
 * Rows in columns: what travels on the column lane. Vectors are reused by no one: a batch belongs
 * to whoever received it.
 */
export interface ColumnBatch {
  readonly rowCount: number;
  /** One per column of the payload's schema, in order. */
  readonly vectors: readonly ColumnVector[];
}

/**
 * `validity`: one byte per row, 1 = value, 0 = NULL; absent when nothing is NULL.
 * Encodings by data type:
 * boolean uint8; int16/int32/int64 typed arrays; floats typed arrays; date = days since 1970 in int32;
 * time, timestamp, timestamptz = microseconds (since midnight, since 1970) in int64;
 * decimal(p<=38) = unscaled value, 16-byte little-endian two's complement (`fixed`, width 16);
 * uuid = 16 bytes in textual order (`fixed`, width 16); interval = months int32, days int32, micros int64 (`fixed`, 16);
 * text, json, wide decimals, arrays as JSON text = UTF-8 (`bytes`); bytes as they are (`bytes`).
 */
export type ColumnVector =
  | { readonly kind: 'uint8'; readonly values: Uint8Array; readonly validity?: Uint8Array }
  | { readonly kind: 'int16'; readonly values: Int16Array; readonly validity?: Uint8Array }
  | { readonly kind: 'int32'; readonly values: Int32Array; readonly validity?: Uint8Array }
  | { readonly kind: 'int64'; readonly values: BigInt64Array; readonly validity?: Uint8Array }
  | { readonly kind: 'float32'; readonly values: Float32Array; readonly validity?: Uint8Array }
  | { readonly kind: 'float64'; readonly values: Float64Array; readonly validity?: Uint8Array }
  | {
      readonly kind: 'fixed';
      readonly width: number;
      readonly values: Uint8Array;
      readonly validity?: Uint8Array;
    }
  | {
      readonly kind: 'bytes';
      readonly data: Uint8Array;
      /** rowCount + 1 offsets into `data`. */
      readonly offsets: Uint32Array;
      readonly validity?: Uint8Array;
    };
