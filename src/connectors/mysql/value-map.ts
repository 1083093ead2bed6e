import type { VectorSlab } from '../../connector/index.ts';

/** Where the values of some rows lie within one buffer, row after row. */
export interface ValueMap {
  readonly bytes: Uint8Array;
  readonly rowCount: number;
  /** Columns per row: value `column` of `row` is at index `row * stride + column`. */
  readonly stride: number;
  readonly positions: Int32Array;
  /** -1 for NULL. A decoder may make a NULL of a value. */
  readonly lengths: Int32Array;
  readonly slab: VectorSlab;
}

/** Validity of a column, or nothing when no value is NULL. */
export function validityOf(map: ValueMap, column: number): { validity?: Uint8Array } {
  const { lengths, stride, rowCount } = map;
  let validity: Uint8Array | undefined;
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) {
      validity ??= map.slab.take(rowCount).fill(1);
      validity[row] = 0;
    }
  }
  return validity ? { validity } : {};
}
