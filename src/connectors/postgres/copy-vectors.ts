import { isUtf8 } from 'node:buffer';
import { DataError, type BytesVector, type Column, type ColumnVector } from '../../connector/index.ts';
import type { VectorSlab } from '../../connector/vector-slab.ts';
import { bigUnscaled, smallUnscaled } from './copy-numeric.ts';

/** Where the values of some rows lie within one buffer, row after row. */
export interface ValueMap {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly rowCount: number;
  /** Columns per row: value `column` of `row` is at index `row * stride + column`. */
  readonly stride: number;
  readonly positions: Int32Array;
  /** -1 for NULL. */
  readonly lengths: Int32Array;
  readonly slab: VectorSlab;
}

export type VectorDecoder = (map: ValueMap, column: number) => ColumnVector;

/** Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch; and days. */
const epochMicroseconds = 946_684_800_000_000n;
const epochLow = Number(epochMicroseconds & 0xffff_ffffn);
const epochHigh = Number(epochMicroseconds >> 32n);
const epochDays = 10_957;

/** How a column's values come: as its data type is sent, or as jsonb, with a version byte before the text. */
export type WireForm = 'plain' | 'jsonb';

/** The decoder of one column of COPY BINARY, whose wire form the column's select expression has made sure of. */
export function vectorDecoder(column: Column, wire: WireForm, checkUtf8: boolean): VectorDecoder {
  const { type, name } = column;
  if (wire === 'jsonb') return decodeJsonb;
  switch (type.type) {
    case 'boolean':
      return decodeBoolean;
    case 'int16':
      return decodeInt16;
    case 'int32':
      return decodeInt32;
    case 'int64':
    case 'time':
      return decodeInt64;
    case 'float32':
      return decodeFloat32;
    case 'float64':
      return decodeFloat64;
    case 'date':
      return (map, index) => decodeDate(map, index);
    case 'timestamp':
    case 'timestamptz':
      return (map, index) => decodeTimestamp(map, index, name);
    case 'decimal': {
      const { precision, scale = 0 } = type;
      if (precision === undefined || precision > 38) return decodeBytes;
      if (precision <= 18) return (map, index) => decodeDecimal64(map, index, precision, scale, name);
      return (map, index) => decodeDecimal128(map, index, precision, scale, name);
    }
    case 'uuid':
      return decodeUuid;
    case 'interval':
      return (map, index) => decodeInterval(map, index, name);
    case 'bytes':
    case 'timetz':
      return decodeBytes;
    case 'array':
      return (map, index) => decodeArray(map, index, name);
    case 'text':
    case 'json':
      return checkUtf8 ? (map, index) => decodeCheckedText(map, index, name) : decodeBytes;
  }
}

/** Validity of a column, or nothing when no value is NULL. */
function validityOf(map: ValueMap, column: number): { validity?: Uint8Array } {
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

function decodeBoolean(map: ValueMap, column: number): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  const values = map.slab.take(rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) > 0) values[row] = bytes[positions[at] as number] as number;
  }
  return { kind: 'uint8', values, ...validityOf(map, column) };
}

function decodeInt16(map: ValueMap, column: number): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(2 * rowCount);
  const values = new Int16Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) > 0) values[row] = view.getInt16(positions[at] as number);
  }
  return { kind: 'int16', values, ...validityOf(map, column) };
}

function decodeInt32(map: ValueMap, column: number): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(4 * rowCount);
  const values = new Int32Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) > 0) values[row] = view.getInt32(positions[at] as number);
  }
  return { kind: 'int32', values, ...validityOf(map, column) };
}

/** Moves 64-bit values as two halves, which is several times cheaper than a bigint each. */
function decodeInt64(map: ValueMap, column: number): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(8 * rowCount);
  const halves = new Int32Array(cells.buffer, cells.byteOffset, 2 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const position = positions[at] as number;
    halves[2 * row] = view.getInt32(position + 4);
    halves[2 * row + 1] = view.getInt32(position);
  }
  return {
    kind: 'int64',
    values: new BigInt64Array(cells.buffer, cells.byteOffset, rowCount),
    ...validityOf(map, column),
  };
}

function decodeFloat32(map: ValueMap, column: number): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(4 * rowCount);
  const values = new Float32Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) > 0) values[row] = view.getFloat32(positions[at] as number);
  }
  return { kind: 'float32', values, ...validityOf(map, column) };
}

function decodeFloat64(map: ValueMap, column: number): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(8 * rowCount);
  const values = new Float64Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) > 0) values[row] = view.getFloat64(positions[at] as number);
  }
  return { kind: 'float64', values, ...validityOf(map, column) };
}

function decodeDate(map: ValueMap, column: number): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(4 * rowCount);
  const values = new Int32Array(cells.buffer, cells.byteOffset, rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const days = view.getInt32(positions[at] as number);
    if (days === 0x7fff_ffff) values[row] = days;
    else values[row] = days === -0x8000_0000 ? -0x7fff_ffff : days + epochDays;
  }
  return { kind: 'int32', values, ...validityOf(map, column) };
}

function decodeTimestamp(map: ValueMap, column: number, name: string): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(8 * rowCount);
  const halves = new Int32Array(cells.buffer, cells.byteOffset, 2 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const position = positions[at] as number;
    const high = view.getInt32(position);
    const low = view.getUint32(position + 4);
    if (high === 0x7fff_ffff && low === 0xffff_ffff) {
      halves[2 * row] = -1;
      halves[2 * row + 1] = high;
    } else if (high === -0x8000_0000 && low === 0) {
      halves[2 * row] = 1;
      halves[2 * row + 1] = high;
    } else {
      const sum = low + epochLow;
      const carried = high + epochHigh + (sum > 0xffff_ffff ? 1 : 0);
      if (carried > 0x7fff_ffff) throw timestampTooLate(name);
      halves[2 * row] = sum | 0;
      halves[2 * row + 1] = carried;
    }
  }
  return {
    kind: 'int64',
    values: new BigInt64Array(cells.buffer, cells.byteOffset, rowCount),
    ...validityOf(map, column),
  };
}

function timestampTooLate(column: string): DataError {
  return new DataError(
    `Column "${column}" holds a timestamp after 294247-01-10, which 64 bits of microseconds since 1970 cannot hold.`,
    {
      code: 'timestamp_overflow',
      next: `Read the column as text, for example with: select "${column}"::text`,
    },
  );
}

function decodeDecimal64(
  map: ValueMap,
  column: number,
  precision: number,
  scale: number,
  name: string,
): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(8 * rowCount);
  const values = new BigInt64Array(cells.buffer, cells.byteOffset, rowCount);
  const halves = new Int32Array(cells.buffer, cells.byteOffset, 2 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const position = positions[at] as number;
    const small = smallUnscaled(view, position, scale);
    if (small === undefined) {
      values[row] = bigUnscaled(view, position, scale, precision, name);
    } else {
      halves[2 * row] = small % 0x1_0000_0000;
      halves[2 * row + 1] = Math.floor(small / 0x1_0000_0000);
    }
  }
  return { kind: 'int64', values, ...validityOf(map, column) };
}

function decodeDecimal128(
  map: ValueMap,
  column: number,
  precision: number,
  scale: number,
  name: string,
): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(16 * rowCount);
  const words = new BigInt64Array(cells.buffer, cells.byteOffset, 2 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const position = positions[at] as number;
    const value = BigInt(
      smallUnscaled(view, position, scale) ?? bigUnscaled(view, position, scale, precision, name),
    );
    words[2 * row] = BigInt.asIntN(64, value);
    words[2 * row + 1] = value >> 64n;
  }
  return { kind: 'fixed', width: 16, values: cells, ...validityOf(map, column) };
}

function decodeUuid(map: ValueMap, column: number): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(16 * rowCount);
  const words = new Int32Array(cells.buffer, cells.byteOffset, 4 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const position = positions[at] as number;
    words[4 * row] = view.getInt32(position, true);
    words[4 * row + 1] = view.getInt32(position + 4, true);
    words[4 * row + 2] = view.getInt32(position + 8, true);
    words[4 * row + 3] = view.getInt32(position + 12, true);
  }
  return { kind: 'fixed', width: 16, values: cells, ...validityOf(map, column) };
}

function decodeInterval(map: ValueMap, column: number, name: string): ColumnVector {
  const { view, positions, lengths, stride, rowCount } = map;
  const cells = map.slab.take(16 * rowCount);
  const words = new Int32Array(cells.buffer, cells.byteOffset, 4 * rowCount);
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) < 0) continue;
    const position = positions[at] as number;
    const months = view.getInt32(position + 12);
    const days = view.getInt32(position + 8);
    if (isInfiniteInterval(months, days)) throw infiniteInterval(name);
    words[4 * row] = months;
    words[4 * row + 1] = days;
    words[4 * row + 2] = view.getInt32(position + 4);
    words[4 * row + 3] = view.getInt32(position);
  }
  return { kind: 'fixed', width: 16, values: cells, ...validityOf(map, column) };
}

function isInfiniteInterval(months: number, days: number): boolean {
  return (
    (months === 0x7fff_ffff && days === 0x7fff_ffff) || (months === -0x8000_0000 && days === -0x8000_0000)
  );
}

function infiniteInterval(column: string): DataError {
  return new DataError(
    `Column "${column}" holds an infinite interval, which only PostgreSQL 17 and later know.`,
    {
      code: 'interval_infinite',
      next: `Read the column as text, for example with: select "${column}"::text`,
    },
  );
}

function decodeJsonb(map: ValueMap, column: number): ColumnVector {
  const vector = decodeBytes(map, column);
  const { starts, ends } = vector;
  for (let row = 0; row < starts.length; row += 1) {
    if ((ends[row] as number) > (starts[row] as number)) starts[row] = (starts[row] as number) + 1;
  }
  return vector;
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

/** For servers that do not check encodings themselves (SQL_ASCII). */
function decodeCheckedText(map: ValueMap, column: number, name: string): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    const length = lengths[at] as number;
    const position = positions[at] as number;
    if (length > 0 && !isUtf8(bytes.subarray(position, position + length))) {
      throw new DataError(
        `Column "${name}" holds text that is not UTF-8; the server does not check it (SQL_ASCII).`,
        {
          code: 'text_encoding',
          next: `Convert it in the query, for example with: convert_from("${name}"::bytea, 'LATIN1')`,
        },
      );
    }
  }
  return decodeBytes(map, column);
}

/** Arrays come as JSON. One dimension only: a data type tells one element type, not a shape. */
function decodeArray(map: ValueMap, column: number, name: string): ColumnVector {
  const { bytes, positions, lengths, stride, rowCount } = map;
  for (let row = 0, at = column; row < rowCount; row += 1, at += stride) {
    if ((lengths[at] as number) > 1 && bytes[(positions[at] as number) + 1] === 0x5b) throw nestedArray(name);
  }
  return decodeBytes(map, column);
}

function nestedArray(column: string): DataError {
  return new DataError(`Column "${column}" holds an array of more than one dimension.`, {
    code: 'array_nested',
    next: `Read the column as json, for example with: select to_json("${column}") as "${column}"`,
  });
}
