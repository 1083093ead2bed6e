import { DataError, type BytesVector, type ColumnVector, type VectorSlab } from '../../connector/index.ts';
import { clockSeconds, days, durationMicroseconds, fraction, noDate } from './clock-text.ts';
import type { ServerColumn, TypeChoices } from './column-type.ts';
import { ascii, bigUnscaled, double, shortInteger, smallUnscaled } from './decimal-text.ts';
import { validityOf, type ValueMap } from './value-map.ts';

export type VectorDecoder = (map: ValueMap, column: number) => ColumnVector;

/** Bytes of the spatial reference before the WKB of a geometry. */
const spatialReferenceBytes = 4;

const microsecondsPerDay = 86_400_000_000;

/** The decoder of one column of a result, whose values come as text. */
export function vectorDecoder(column: ServerColumn, choices: TypeChoices): VectorDecoder {
  const { type, name, wire } = column;
  switch (type.type) {
    case 'boolean':
      return wire === 'bits' ? decodeBit : (map, index) => decodeTinyBoolean(map, index, name);
    case 'int16':
      return decodeInt16;
    case 'int32':
      return decodeInt32;
    case 'int64':
      return (map, index) => decodeUnscaled64(map, index, 0, name);
    case 'float32':
      return decodeFloat32;
    case 'float64':
      return decodeFloat64;
    case 'date':
      return (map, index) => decodeDate(map, index, name, choices);
    case 'timestamp':
    case 'timestamptz':
      return (map, index) => decodeTimestamp(map, index, name, choices);
    case 'time':
      return (map, index) => decodeTime(map, index, name);
    case 'interval':
      return decodeInterval;
    case 'decimal': {
      const { precision, scale = 0 } = type;
      if (precision === undefined || precision > 38) return decodeBytes;
      if (precision <= 18) return (map, index) => decodeUnscaled64(map, index, scale, name);
      return (map, index) => decodeDecimal128(map, index, scale, name);
    }
    case 'uuid':
      return decodeUuid;
    case 'text':
    case 'timetz':
    case 'json':
    case 'array':
    case 'bytes':
      return wire === 'geometry' ? decodeGeometry : decodeBytes;
  }
}

function decodeBit(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const values = map.slab.take(rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) > 0) values[row] = (bytes[positions[at] as number] as number) & 1;
  }
  return { kind: 'uint8', values, ...validityOf(map, column) };
}

function decodeTinyBoolean(map: ValueMap, column: number, name: string): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const values = map.slab.take(rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    if (length < 0) continue;
    const position = positions[at] as number;
    const value = shortInteger(bytes, position, position + length);
    if (value !== 0 && value !== 1) {
      throw new DataError(`Column "${name}" is a tinyint(1) and holds ${value}, which is no boolean.`, {
        code: 'boolean_out_of_range',
        next: 'Set tinyint1: integer on the connection, or correct the row.',
      });
    }
    values[row] = value;
  }
  return { kind: 'uint8', values, ...validityOf(map, column) };
}

function decodeInt16(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(2 * rowCount);
  const values = new Int16Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    const position = positions[at] as number;
    if (length > 0) values[row] = shortInteger(bytes, position, position + length);
  }
  return { kind: 'int16', values, ...validityOf(map, column) };
}

function decodeInt32(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(4 * rowCount);
  const values = new Int32Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    const position = positions[at] as number;
    if (length > 0) values[row] = shortInteger(bytes, position, position + length);
  }
  return { kind: 'int32', values, ...validityOf(map, column) };
}

function decodeFloat32(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(4 * rowCount);
  const values = new Float32Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    const position = positions[at] as number;
    if (length > 0) values[row] = double(bytes, position, position + length);
  }
  return { kind: 'float32', values, ...validityOf(map, column) };
}

function decodeFloat64(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(8 * rowCount);
  const values = new Float64Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    const position = positions[at] as number;
    if (length > 0) values[row] = double(bytes, position, position + length);
  }
  return { kind: 'float64', values, ...validityOf(map, column) };
}

/** 64-bit values, written as two halves where a double holds them, which is several times cheaper than a bigint each. */
interface Cells64 {
  readonly values: BigInt64Array<ArrayBuffer>;
  readonly halves: Int32Array;
}

function takeCells64(slab: VectorSlab, rowCount: number): Cells64 {
  const cells = slab.take(8 * rowCount);
  return {
    values: new BigInt64Array(cells.buffer, cells.byteOffset, rowCount),
    halves: new Int32Array(cells.buffer, cells.byteOffset, 2 * rowCount),
  };
}

function setHalves(halves: Int32Array, row: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  halves[2 * row] = value - high * 0x1_0000_0000;
  halves[2 * row + 1] = high;
}

function decodeUnscaled64(map: ValueMap, column: number, scale: number, name: string): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const { values, halves } = takeCells64(map.slab, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    if (length < 0) continue;
    const position = positions[at] as number;
    const value = smallUnscaled(bytes, position, position + length, scale);
    // Only NaN differs from itself.
    if (value === value) setHalves(halves, row, value);
    else values[row] = exactUnscaled(map, at, scale, name);
  }
  return { kind: 'int64', values, ...validityOf(map, column) };
}

function decodeDecimal128(map: ValueMap, column: number, scale: number, name: string): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(16 * rowCount);
  const words = new BigInt64Array(cells.buffer, cells.byteOffset, 2 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    if (length < 0) continue;
    const position = positions[at] as number;
    const small = smallUnscaled(bytes, position, position + length, scale);
    const value = Number.isNaN(small) ? exactUnscaled(map, at, scale, name) : BigInt(small);
    words[2 * row] = BigInt.asIntN(64, value);
    words[2 * row + 1] = value >> 64n;
  }
  return { kind: 'fixed', width: 16, values: cells, ...validityOf(map, column) };
}

function exactUnscaled(
  { bytes, positions, lengths }: ValueMap,
  at: number,
  scale: number,
  name: string,
): bigint {
  const position = positions[at] as number;
  const text = ascii(bytes, position, position + (lengths[at] as number));
  const value = bigUnscaled(text, scale);
  if (value !== undefined) return value;
  throw new DataError(`Column "${name}" holds ${text}, which is no number of ${scale} decimals.`, {
    code: 'decimal_invalid',
    next: `Say the type in the query, for example with: cast(\`${name}\` as decimal(38,10))`,
  });
}

function decodeDate(map: ValueMap, column: number, name: string, choices: TypeChoices): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(4 * rowCount);
  const values = new Int32Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const day = days(bytes, positions[at] as number);
    if (day === noDate) nullDate(map, at, name, choices);
    else values[row] = day;
  }
  return { kind: 'int32', values, ...validityOf(map, column) };
}

function decodeTimestamp(map: ValueMap, column: number, name: string, choices: TypeChoices): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const { values, halves } = takeCells64(map.slab, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    if (length < 0) continue;
    const position = positions[at] as number;
    const day = days(bytes, position);
    if (day === noDate) {
      nullDate(map, at, name, choices);
      continue;
    }
    const seconds = day * 86_400 + clockSeconds(bytes, position + 11);
    const micros = fraction(bytes, position + 19, position + length);
    const sum = seconds * 1_000_000 + micros;
    if (Number.isSafeInteger(sum)) setHalves(halves, row, sum);
    else values[row] = BigInt(seconds) * 1_000_000n + BigInt(micros);
  }
  return { kind: 'int64', values, ...validityOf(map, column) };
}

/** By the connection's choice, a date that is none is a NULL or an error. */
function nullDate(
  { bytes, positions, lengths }: ValueMap,
  at: number,
  name: string,
  choices: TypeChoices,
): void {
  if (choices.zero_dates === 'error') {
    const position = positions[at] as number;
    const text = ascii(bytes, position, position + (lengths[at] as number));
    throw new DataError(`Column "${name}" holds ${text}, which is no date.`, {
      code: 'date_invalid',
      next: 'Set zero_dates: null on the connection to read such dates as NULL, or correct the rows.',
    });
  }
  lengths[at] = -1;
}

function decodeTime(map: ValueMap, column: number, name: string): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const { values, halves } = takeCells64(map.slab, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    if (length < 0) continue;
    const position = positions[at] as number;
    const value = durationMicroseconds(bytes, position, position + length);
    if (value < 0 || value >= microsecondsPerDay) {
      const text = ascii(bytes, position, position + length);
      throw new DataError(`Column "${name}" holds ${text}, which is no time of day.`, {
        code: 'time_out_of_range',
        next: 'Set times: interval on the connection to read TIME columns as durations.',
      });
    }
    setHalves(halves, row, value);
  }
  return { kind: 'int64', values, ...validityOf(map, column) };
}

/** Durations have no months and days: 25:00:00 stays 25 hours. */
function decodeInterval(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(16 * rowCount);
  const halves = new Int32Array(cells.buffer, cells.byteOffset, 4 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    if (length < 0) continue;
    const position = positions[at] as number;
    setHalves(halves, 2 * row + 1, durationMicroseconds(bytes, position, position + length));
  }
  return { kind: 'fixed', width: 16, values: cells, ...validityOf(map, column) };
}

/** `8-4-4-4-12` hexadecimal digits. */
function decodeUuid(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(16 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    let from = positions[at] as number;
    for (let to = 16 * row; to < 16 * row + 16; to += 1, from += 2) {
      if (bytes[from] === 0x2d) from += 1;
      cells[to] = hexDigit(bytes[from] as number) * 16 + hexDigit(bytes[from + 1] as number);
    }
  }
  return { kind: 'fixed', width: 16, values: cells, ...validityOf(map, column) };
}

function hexDigit(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}

/** Values stay where they are: the vector points into the buffer that came from the socket. */
function decodeBytes(map: ValueMap, column: number): BytesVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(8 * rowCount);
  const starts = new Uint32Array(cells.buffer, cells.byteOffset, rowCount);
  const ends = new Uint32Array(cells.buffer, cells.byteOffset + 4 * rowCount, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    const position = positions[at] as number;
    starts[row] = position;
    ends[row] = length > 0 ? position + length : position;
  }
  return { kind: 'bytes', data: bytes, starts, ends, ...validityOf(map, column) };
}

function decodeGeometry(map: ValueMap, column: number): BytesVector {
  const vector = decodeBytes(map, column);
  const { starts, ends } = vector;
  for (let row = 0; row < map.rowCount; row += 1) {
    starts[row] = Math.min((starts[row] as number) + spatialReferenceBytes, ends[row] as number);
  }
  return vector;
}
