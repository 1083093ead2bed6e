import {
  type BytesVector,
  type Column,
  type ColumnBatch,
  type ColumnVector,
  DataError,
  type DataType,
  type FixedVector,
} from '../../connector/index.ts';
import { encodeArray, timetzBytes } from './array-encoder.ts';
import { encodeNumeric, encodeNumericText } from './copy-numeric.ts';
import { postgresDays, postgresMicroseconds } from './postgres-epoch.ts';

/** `PGCOPY\n\377\r\n\0`, no flags, no extension. */
export const copyHeader: Buffer = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
export const copyTrailer: Buffer = Buffer.from([0xff, 0xff]);

/** Writes one value at `at`, length first; gives the position after it. */
type ValueWriter = (buffer: GrowingBuffer, row: number) => void;

interface GrowingBuffer {
  bytes: Buffer;
  length: number;
}

/** The rows of a batch as COPY BINARY wants them. Throws `DataError` for what a column cannot hold. */
export function encodeBatch(batch: ColumnBatch, columns: readonly Column[]): Buffer {
  const writers = columns.map((column, index) => valueWriter(batch.vectors[index] as ColumnVector, column));
  const buffer: GrowingBuffer = {
    bytes: Buffer.allocUnsafe(64 * batch.rowCount * columns.length),
    length: 0,
  };
  for (let row = 0; row < batch.rowCount; row += 1) {
    reserve(buffer, 2);
    buffer.length = buffer.bytes.writeInt16BE(columns.length, buffer.length);
    for (const [index, write] of writers.entries()) {
      if (batch.vectors[index]?.validity?.[row] === 0) writeLength(buffer, -1);
      else write(buffer, row);
    }
  }
  return buffer.bytes.subarray(0, buffer.length);
}

function reserve(buffer: GrowingBuffer, more: number): void {
  if (buffer.length + more <= buffer.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(2 * buffer.bytes.length, buffer.length + more));
  buffer.bytes.copy(grown, 0, 0, buffer.length);
  buffer.bytes = grown;
}

/** Reserves the length and the value that follows it. */
function writeLength(buffer: GrowingBuffer, length: number): void {
  reserve(buffer, 4 + Math.max(length, 0));
  buffer.length = buffer.bytes.writeInt32BE(length, buffer.length);
}

function valueWriter(vector: ColumnVector, column: Column): ValueWriter {
  const { type } = column;
  switch (vector.kind) {
    case 'uint8':
      return fixedWriter(1, (bytes, row, at) => bytes.writeUInt8(vector.values[row] as number, at));
    case 'int16':
      return fixedWriter(2, (bytes, row, at) => bytes.writeInt16BE(vector.values[row] as number, at));
    case 'int32':
      return type.type === 'date'
        ? fixedWriter(4, (bytes, row, at) =>
            bytes.writeInt32BE(postgresDays(vector.values[row] as number), at),
          )
        : fixedWriter(4, (bytes, row, at) => bytes.writeInt32BE(vector.values[row] as number, at));
    case 'float32':
      return fixedWriter(4, (bytes, row, at) => bytes.writeFloatBE(vector.values[row] as number, at));
    case 'float64':
      return fixedWriter(8, (bytes, row, at) => bytes.writeDoubleBE(vector.values[row] as number, at));
    case 'int64':
      return int64Writer(vector.values, column);
    case 'fixed':
      return fixed16Writer(vector, type);
    case 'bytes':
      return bytesWriter(vector, column);
  }
}

function fixedWriter(width: number, write: (bytes: Buffer, row: number, at: number) => void): ValueWriter {
  return (buffer, row) => {
    writeLength(buffer, width);
    write(buffer.bytes, row, buffer.length);
    buffer.length += width;
  };
}

function writeBytes(buffer: GrowingBuffer, value: Uint8Array): void {
  writeLength(buffer, value.length);
  buffer.bytes.set(value, buffer.length);
  buffer.length += value.length;
}

function int64Writer(values: BigInt64Array, { type, name }: Column): ValueWriter {
  if (type.type === 'decimal') {
    const { scale = 0 } = type;
    return (buffer, row) => writeBytes(buffer, encodeNumeric(values[row] as bigint, scale));
  }
  if (type.type !== 'timestamp' && type.type !== 'timestamptz') {
    return fixedWriter(8, (bytes, row, at) => bytes.writeBigInt64BE(values[row] as bigint, at));
  }
  return fixedWriter(8, (bytes, row, at) =>
    bytes.writeBigInt64BE(postgresMicroseconds(values[row] as bigint, name), at),
  );
}

function fixed16Writer({ values }: FixedVector, type: DataType): ValueWriter {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  if (type.type === 'uuid')
    return (buffer, row) => writeBytes(buffer, values.subarray(16 * row, 16 * row + 16));
  if (type.type === 'decimal') {
    const { scale = 0 } = type;
    return (buffer, row) => {
      const high = view.getBigInt64(16 * row + 8, true);
      const low = view.getBigUint64(16 * row, true);
      writeBytes(buffer, encodeNumeric((high << 64n) | low, scale));
    };
  }
  return fixedWriter(16, (bytes, row, at) => {
    bytes.writeBigInt64BE(view.getBigInt64(16 * row + 8, true), at);
    bytes.writeInt32BE(view.getInt32(16 * row + 4, true), at + 8);
    bytes.writeInt32BE(view.getInt32(16 * row, true), at + 12);
  });
}

function bytesWriter(vector: BytesVector, column: Column): ValueWriter {
  const { data, starts, ends } = vector;
  const valueOf = (row: number): Uint8Array => data.subarray(starts[row], ends[row]);
  const textOf = (row: number): string => Buffer.from(valueOf(row)).toString('utf8');
  switch (column.type.type) {
    case 'json':
      return (buffer, row) => {
        const value = valueOf(row);
        writeLength(buffer, value.length + 1);
        buffer.bytes[buffer.length] = 1;
        buffer.bytes.set(value, buffer.length + 1);
        buffer.length += value.length + 1;
      };
    case 'decimal':
      return (buffer, row) => writeBytes(buffer, encoded(encodeNumericText, textOf(row), column));
    case 'timetz':
      return (buffer, row) => writeBytes(buffer, encoded(timetzBytes, textOf(row), column));
    case 'array': {
      const { element } = column.type;
      return (buffer, row) =>
        writeBytes(buffer, encodeArray(JSON.parse(textOf(row)) as (string | null)[], element, column.name));
    }
    default:
      return (buffer, row) => writeBytes(buffer, valueOf(row));
  }
}

function encoded(encode: (text: string) => Buffer | undefined, text: string, { name, type }: Column): Buffer {
  const bytes = encode(text);
  if (bytes) return bytes;
  throw new DataError(`Column "${name}" holds '${text}', which is no ${type.type}.`, {
    code: 'data_invalid',
  });
}
