import { BLOB, DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import {
  maxBatchRows,
  type BytesVector,
  type ColumnBatch,
  type ColumnVector,
  type DataType,
} from '../index.ts';

/** Texts of up to this many bytes lie inside `duckdb_string_t`; longer ones behind a pointer. */
const inlineBytes = 12;

/** Memory that the strings of one chunk point into. Kept until the chunk has been consumed. */
export interface StringHeap {
  /** Copies `data` and tells its address; forgets nothing until `clear`. */
  place(data: Uint8Array): HeapAddress;
  clear(): void;
}

interface HeapAddress {
  readonly low: number;
  readonly high: number;
}

/** Most buffers that the vectors of one batch may have between them. */
const heapSlots = maxBatchRows;

/**
 * A heap made of a BLOB vector: assigning a value copies the bytes once, and the pointer that
 * DuckDB then holds for it is the address that every string within those bytes is told by.
 */
export function createStringHeap(): StringHeap {
  const chunk = DuckDBDataChunk.create([BLOB]);
  let vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
  let used = 0;
  let known = new Map<Uint8Array, HeapAddress>();
  return {
    place(data) {
      const address = known.get(data);
      if (address) return address;
      if (used === heapSlots) throw new RangeError('more buffers in one batch than rows');
      duckdb.vector_assign_string_element_len(vector, used, data);
      const cell = duckdb.vector_get_data(vector, 16 * (used + 1));
      const view = new DataView(cell.buffer, cell.byteOffset + 16 * used, 16);
      const placed = { low: view.getUint32(8, true), high: view.getUint32(12, true) };
      used += 1;
      known.set(data, placed);
      return placed;
    },
    clear() {
      chunk.reset();
      vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
      used = 0;
      known = new Map();
    },
  };
}

/** Fills chunks of one statement. Scratch memory and the heap serve one chunk after another. */
export interface BatchWriter {
  /** The chunk's columns have the types that `stagingType` gives for the batch's. */
  write(chunk: duckdb.DataChunk, batch: ColumnBatch): void;
}

export function createBatchWriter(types: readonly DataType[]): BatchWriter {
  const heap = createStringHeap();
  const cells = new Int32Array(4 * maxBatchRows);
  const mask = new Uint8Array(maxBatchRows / 8);
  return {
    write(chunk, batch) {
      if (batch.rowCount > maxBatchRows) throw new RangeError(`a batch of ${batch.rowCount} rows`);
      duckdb.data_chunk_set_size(chunk, batch.rowCount);
      heap.clear();
      for (const [column, type] of types.entries()) {
        const source = batch.vectors[column] as ColumnVector;
        const target = duckdb.data_chunk_get_vector(chunk, column);
        const values = physicalValues(source, type, batch.rowCount, heap, cells);
        duckdb.copy_data_to_vector(
          target,
          0,
          values.buffer as ArrayBuffer,
          values.byteOffset,
          values.byteLength,
        );
        if (source.validity) writeValidity(target, source.validity, batch.rowCount, mask);
      }
    },
  };
}

type PhysicalValues = Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

function physicalValues(
  vector: ColumnVector,
  type: DataType,
  rowCount: number,
  heap: StringHeap,
  cells: Int32Array<ArrayBuffer>,
): PhysicalValues {
  if (vector.kind === 'bytes') return stringCells(vector, rowCount, heap, cells);
  if (vector.kind === 'fixed') {
    const values = vector.values.subarray(0, 16 * rowCount);
    return type.type === 'uuid' ? uuidCells(values, cells) : values;
  }
  const values = vector.values.subarray(0, rowCount);
  if (type.type === 'decimal' && vector.kind === 'int64' && type.precision !== undefined) {
    if (type.precision <= 4)
      return lowWords(vector.values, rowCount, new Int16Array(cells.buffer, 0, rowCount));
    if (type.precision <= 9) return lowWords(vector.values, rowCount, cells.subarray(0, rowCount));
  }
  return values;
}

/** DuckDB keeps small decimals in 16 and 32 bits. */
function lowWords<Words extends Int16Array | Int32Array>(
  values: BigInt64Array,
  rowCount: number,
  words: Words,
): Words {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * rowCount);
  for (let row = 0; row < rowCount; row += 1) words[row] = halves[2 * row] as number;
  return words;
}

/** DuckDB keeps a uuid as a number of 128 bits, little-endian, with the top bit flipped so that it sorts. */
function uuidCells(values: Uint8Array, scratch: Int32Array): Uint8Array {
  const cells = new Uint8Array(scratch.buffer, 0, values.length);
  const from = new DataView(values.buffer, values.byteOffset, values.length);
  const to = new DataView(cells.buffer);
  for (let at = 0; at < values.length; at += 16) {
    to.setInt32(at, from.getInt32(at + 12), true);
    to.setInt32(at + 4, from.getInt32(at + 8), true);
    to.setInt32(at + 8, from.getInt32(at + 4), true);
    to.setInt32(at + 12, from.getInt32(at) ^ 0x8000_0000, true);
  }
  return cells;
}

/** `duckdb_string_t` for each row: length, first four bytes, pointer; or length and up to twelve bytes. */
function stringCells(
  vector: BytesVector,
  rowCount: number,
  heap: StringHeap,
  scratch: Int32Array,
): Int32Array {
  const { data, starts, ends, validity } = vector;
  const cells = scratch.subarray(0, 4 * rowCount).fill(0);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const lastWide = data.byteLength - inlineBytes;
  let address: HeapAddress | undefined;
  for (let row = 0, cell = 0; row < rowCount; row += 1, cell += 4) {
    const start = starts[row] as number;
    const length = (ends[row] as number) - start;
    if (length === 0 || (validity && validity[row] === 0)) continue;
    cells[cell] = length;
    if (length > inlineBytes) {
      address ??= heap.place(data);
      const low = address.low + start;
      cells[cell + 1] = view.getInt32(start, true);
      cells[cell + 2] = low | 0;
      cells[cell + 3] = address.high + (low > 0xffff_ffff ? 1 : 0);
    } else if (start <= lastWide) {
      cells[cell + 1] = firstBytes(view.getInt32(start, true), length);
      cells[cell + 2] = firstBytes(view.getInt32(start + 4, true), length - 4);
      cells[cell + 3] = firstBytes(view.getInt32(start + 8, true), length - 8);
    } else {
      new Uint8Array(cells.buffer, cells.byteOffset + 4 * cell + 4, inlineBytes).set(
        data.subarray(start, start + length),
      );
    }
  }
  return cells;
}

/** The first `count` bytes of a little-endian word, the others zero. */
function firstBytes(word: number, count: number): number {
  if (count >= 4) return word;
  return count <= 0 ? 0 : word & ((1 << (8 * count)) - 1);
}

function writeValidity(
  target: duckdb.Vector,
  validity: Uint8Array,
  rowCount: number,
  scratch: Uint8Array<ArrayBuffer>,
): void {
  const mask = scratch.subarray(0, Math.ceil(rowCount / 64) * 8).fill(0);
  for (let row = 0; row < rowCount; row += 1) {
    if (validity[row] === 1) mask[row >> 3] = (mask[row >> 3] as number) | (1 << (row & 7));
  }
  duckdb.vector_ensure_validity_writable(target);
  duckdb.copy_data_to_vector_validity(target, 0, mask.buffer, 0, mask.byteLength);
}
