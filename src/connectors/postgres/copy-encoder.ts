import {
  type BytesVector,
  type Column,
  type ColumnBatch,
  type ColumnVector,
  ConfigError,
  DataError,
  type DataType,
  type FixedVector,
} from '../../connector/index.ts';
import { encodeNumeric, encodeNumericText } from './copy-numeric.ts';

/** `PGCOPY\n\377\r\n\0`, no flags, no extension. */
export const copyHeader: Buffer = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');
export const copyTrailer: Buffer = Buffer.from([0xff, 0xff]);

const epochMicroseconds = 946_684_800_000_000n;
const epochDays = 10_957;
const infinity = 2n ** 63n - 1n;

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

function postgresDays(days: number): number {
  if (days === 0x7fff_ffff) return days;
  return days === -0x7fff_ffff ? -0x8000_0000 : days - epochDays;
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

function postgresMicroseconds(microseconds: bigint, column: string): bigint {
  if (microseconds === infinity) return infinity;
  if (microseconds === -infinity) return -infinity - 1n;
  const moved = microseconds - epochMicroseconds;
  if (moved >= -infinity) return moved;
  throw new DataError(
    `Column "${column}" holds a timestamp before 4713 BC, which PostgreSQL does not know.`,
    {
      code: 'timestamp_overflow',
    },
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
      return (buffer, row) => writeBytes(buffer, numericOf(textOf(row), column.name));
    case 'array': {
      const { element } = column.type;
      return (buffer, row) =>
        writeBytes(buffer, encodeArray(JSON.parse(textOf(row)) as (string | null)[], element, column.name));
    }
    default:
      return (buffer, row) => writeBytes(buffer, valueOf(row));
  }
}

function numericOf(text: string, column: string): Buffer {
  const bytes = encodeNumericText(text);
  if (bytes) return bytes;
  throw new DataError(`Column "${column}" holds '${text}', which is no number.`, { code: 'data_invalid' });
}

interface ElementCodec {
  readonly oid: number;
  encode(text: string): Buffer;
}

/** Binary form of one array dimension: dimensions, NULL flag, element type, length, lower bound, elements. */
function encodeArray(items: readonly (string | null)[], element: DataType, column: string): Buffer {
  const codec = elementCodec(element, column);
  const header = Buffer.alloc(items.length === 0 ? 12 : 20);
  header.writeInt32BE(items.length === 0 ? 0 : 1, 0);
  header.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  header.writeInt32BE(codec.oid, 8);
  if (items.length > 0) {
    header.writeInt32BE(items.length, 12);
    header.writeInt32BE(1, 16);
  }
  const parts: Buffer[] = [header];
  for (const item of items) {
    const value = item === null ? undefined : codec.encode(item);
    const length = Buffer.alloc(4);
    length.writeInt32BE(value?.length ?? -1);
    parts.push(length);
    if (value) parts.push(value);
  }
  return Buffer.concat(parts);
}

/** OIDs of `pg_type`, which are the same on every server. */
function elementCodec(element: DataType, column: string): ElementCodec {
  switch (element.type) {
    case 'text':
      return { oid: 25, encode: (text) => Buffer.from(text, 'utf8') };
    case 'boolean':
      return { oid: 16, encode: (text) => Buffer.from([text === 'true' ? 1 : 0]) };
    case 'int16':
      return { oid: 21, encode: (text) => bytesOf(2, (bytes) => bytes.writeInt16BE(Number(text))) };
    case 'int32':
      return { oid: 23, encode: (text) => bytesOf(4, (bytes) => bytes.writeInt32BE(Number(text))) };
    case 'int64':
      return { oid: 20, encode: (text) => bytesOf(8, (bytes) => bytes.writeBigInt64BE(BigInt(text))) };
    case 'float32':
      return { oid: 700, encode: (text) => bytesOf(4, (bytes) => bytes.writeFloatBE(floatOf(text))) };
    case 'float64':
      return { oid: 701, encode: (text) => bytesOf(8, (bytes) => bytes.writeDoubleBE(floatOf(text))) };
    case 'decimal':
      return { oid: 1700, encode: (text) => numericOf(text, column) };
    case 'uuid':
      return { oid: 2950, encode: (text) => Buffer.from(text.replaceAll('-', ''), 'hex') };
    default:
      throw new ConfigError(
        `Column "${column}": arrays of ${element.type} are not yet supported on the way into PostgreSQL.`,
        {
          code: 'not_yet_supported',
          next: `Cast the column to text or json in a query.`,
        },
      );
  }
}

function bytesOf(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}

/** DuckDB says `inf` and `nan`, PostgreSQL `Infinity` and `NaN`. */
function floatOf(text: string): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return Number(text);
}
