/**
 * Thrift's compact protocol, as far as Parquet's footers are written in it: read into a tree that is written back as it
 * was, so that what is not known here is kept.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export type ThriftValue = boolean | bigint | Uint8Array | ThriftList | ThriftStruct;

export interface ThriftList {
  readonly elementType: number;
  readonly elements: ThriftValue[];
}

export interface ThriftField {
  readonly id: number;
  readonly type: number;
  value: ThriftValue;
}

export interface ThriftStruct {
  readonly fields: ThriftField[];
}

const kinds = { true: 1, false: 2, byte: 3, int16: 4, int32: 5, int64: 6, double: 7, binary: 8, list: 9, set: 10, struct: 12 }; // prettier-ignore

/** @throws RangeError for bytes that end too early, Error for what footers do not hold */
export function readThrift(bytes: Buffer): ThriftStruct {
  let at = 0;

  function byte(): number {
    const value = bytes.readUInt8(at);
    at += 1;
    return value;
  }

  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const next = byte();
      value |= BigInt(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
  }

  function zigzag(): bigint {
    const value = varint();
    return value & 1n ? -((value + 1n) >> 1n) : value >> 1n;
  }

  function take(count: number): Uint8Array {
    if (at + count > bytes.length) throw new RangeError('the footer ends too early');
    at += count;
    return bytes.subarray(at - count, at);
  }

  function value(type: number): ThriftValue {
    switch (type) {
      case kinds.byte:
        return BigInt(byte());
      case kinds.int16:
      case kinds.int32:
      case kinds.int64:
        return zigzag();
      case kinds.double:
        return take(8);
      case kinds.binary:
        return take(Number(varint()));
      case kinds.list:
      case kinds.set:
        return list();
      case kinds.struct:
        return struct();
      default:
        throw new Error(`a footer with Thrift type ${type}`);
    }
  }

  function list(): ThriftList {
    const header = byte();
    const elementType = header & 0x0f;
    const size = header >> 4 === 0x0f ? Number(varint()) : header >> 4;
    const elements: ThriftValue[] = [];
    for (let index = 0; index < size; index += 1)
      elements.push(isBoolean(elementType) ? byte() === kinds.true : value(elementType));
    return { elementType, elements };
  }

  function struct(): ThriftStruct {
    const fields: ThriftField[] = [];
    let id = 0;
    for (let header = byte(); header !== 0; header = byte()) {
      const type = header & 0x0f;
      id = header >> 4 === 0 ? Number(zigzag()) : id + (header >> 4);
      fields.push({ id, type, value: isBoolean(type) ? type === kinds.true : value(type) });
    }
    return { fields };
  }

  return struct();
}

function isBoolean(type: number): boolean {
  return type === kinds.true || type === kinds.false;
}

export function writeThrift(root: ThriftStruct): Buffer {
  const parts: Uint8Array[] = [];

  function varint(value: bigint): void {
    const out: number[] = [];
    for (let left = value; ; left >>= 7n) {
      out.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
      if (left <= 0x7fn) break;
    }
    parts.push(Uint8Array.from(out));
  }

  const zigzag = (value: bigint): void => varint(value < 0n ? -2n * value - 1n : 2n * value);
  const byte = (value: number): void => void parts.push(Uint8Array.of(value));

  function write(type: number, value: ThriftValue): void {
    if (typeof value === 'boolean') byte(value ? kinds.true : kinds.false);
    else if (typeof value === 'bigint') {
      if (type === kinds.byte) byte(Number(value));
      else zigzag(value);
    } else if (value instanceof Uint8Array) {
      if (type === kinds.binary) varint(BigInt(value.length));
      parts.push(value);
    } else if ('fields' in value) struct(value);
    else {
      const { elementType, elements } = value;
      byte((Math.min(elements.length, 15) << 4) | elementType);
      if (elements.length >= 15) varint(BigInt(elements.length));
      for (const element of elements) write(elementType, element);
    }
  }

  function struct({ fields }: ThriftStruct): void {
    let before = 0;
    for (const { id, type, value } of fields) {
      const header = typeof value === 'boolean' ? (value ? kinds.true : kinds.false) : type;
      const step = id - before;
      if (step > 0 && step <= 15) byte((step << 4) | header);
      else {
        byte(header);
        zigzag(BigInt(id));
      }
      before = id;
      if (typeof value !== 'boolean') write(type, value);
    }
    byte(0);
  }

  struct(root);
  return Buffer.concat(parts);
}
