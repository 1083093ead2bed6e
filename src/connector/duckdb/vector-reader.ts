import type { DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { type ColumnBatch, type ColumnVector, type DataType, vectorKindOf } from '../index.ts';

const inlineBytes = 12;

/** Copies the first rows of a chunk, whose columns were selected by `vectorExpression`, into a batch. */
export function readChunk(
  chunk: DuckDBDataChunk,
  types: readonly DataType[],
  rowCount: number = chunk.rowCount,
): ColumnBatch {
  return {
    rowCount,
    vectors: types.map((type, column) =>
      readVector(duckdb.data_chunk_get_vector(chunk.chunk, column), type, rowCount),
    ),
  };
}

function readVector(vector: duckdb.Vector, type: DataType, rowCount: number): ColumnVector {
  const validity = readValidity(vector, rowCount);
  const nulls = validity ? { validity } : {};
  const kind = vectorKindOf(type);
  switch (kind) {
    case 'uint8':
      return { kind, values: copyOf(vector, rowCount), ...nulls };
    case 'int16':
      return { kind, values: new Int16Array(copyOf(vector, 2 * rowCount).buffer), ...nulls };
    case 'int32':
      return { kind, values: new Int32Array(copyOf(vector, 4 * rowCount).buffer), ...nulls };
    case 'float32':
      return { kind, values: new Float32Array(copyOf(vector, 4 * rowCount).buffer), ...nulls };
    case 'float64':
      return { kind, values: new Float64Array(copyOf(vector, 8 * rowCount).buffer), ...nulls };
    case 'int64':
      return { kind, values: readInt64(vector, type, rowCount), ...nulls };
    case 'fixed': {
      const values = copyOf(vector, 16 * rowCount);
      if (type.type === 'uuid')
        for (let row = 0; row < rowCount; row += 1) textualUuid(values.subarray(16 * row, 16 * row + 16));
      return { kind, width: 16, values, ...nulls };
    }
    case 'bytes':
      return { ...readStrings(vector, rowCount, validity), ...nulls };
  }
}

/** The vector's memory belongs to the chunk, so values are copied out of it. */
function copyOf(vector: duckdb.Vector, byteCount: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(duckdb.vector_get_data(vector, byteCount));
}

function readInt64(vector: duckdb.Vector, type: DataType, rowCount: number): BigInt64Array {
  const precision = type.type === 'decimal' ? (type.precision ?? 38) : 18;
  if (precision > 9) return new BigInt64Array(copyOf(vector, 8 * rowCount).buffer);
  const small =
    precision <= 4
      ? new Int16Array(copyOf(vector, 2 * rowCount).buffer)
      : new Int32Array(copyOf(vector, 4 * rowCount).buffer);
  return BigInt64Array.from(small, (value) => BigInt(value));
}

function textualUuid(cell: Uint8Array): void {
  cell.reverse();
  cell[0] = (cell[0] as number) ^ 0x80;
}

function readStrings(
  vector: duckdb.Vector,
  rowCount: number,
  validity: Uint8Array | undefined,
): { kind: 'bytes'; data: Uint8Array; starts: Uint32Array; ends: Uint32Array } {
  const cells = duckdb.vector_get_data(vector, 16 * rowCount);
  const view = new DataView(cells.buffer, cells.byteOffset, cells.byteLength);
  const offsets = new Uint32Array(rowCount + 1);
  for (let row = 0; row < rowCount; row += 1) {
    const length = validity?.[row] === 0 ? 0 : view.getUint32(16 * row, true);
    offsets[row + 1] = (offsets[row] as number) + length;
  }
  const data = new Uint8Array(offsets[rowCount] as number);
  for (let row = 0; row < rowCount; row += 1) {
    const start = offsets[row] as number;
    const length = (offsets[row + 1] as number) - start;
    if (length === 0) continue;
    const cell = 16 * row + 4;
    data.set(
      length <= inlineBytes
        ? cells.subarray(cell, cell + length)
        : duckdb.get_data_from_pointer(cells.buffer as ArrayBuffer, cells.byteOffset + cell + 4, length),
      start,
    );
  }
  return { kind: 'bytes', data, starts: offsets.subarray(0, rowCount), ends: offsets.subarray(1) };
}

function readValidity(vector: duckdb.Vector, rowCount: number): Uint8Array | undefined {
  const mask = duckdb.vector_get_validity(vector, Math.ceil(rowCount / 64) * 8) as Uint8Array | null;
  if (!mask) return undefined;
  const validity = new Uint8Array(rowCount);
  let nulls = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const valid = ((mask[row >> 3] as number) >> (row & 7)) & 1;
    validity[row] = valid;
    nulls += 1 - valid;
  }
  return nulls === 0 ? undefined : validity;
}
