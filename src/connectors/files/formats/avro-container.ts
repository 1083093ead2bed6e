import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw, zstdDecompress } from 'node:zlib';
import { brokenFile } from './broken-file.ts';

/** The head of an Avro object container file. */
export interface AvroHeader {
  readonly schema: unknown;
  readonly codec: string;
  readonly sync: Buffer;
  /** Where the first block begins. */
  readonly end: number;
}

/** Some records together, unpacked. */
export interface AvroBlock {
  readonly records: number;
  readonly data: Buffer;
  /** Where it begins in the file. */
  readonly offset: number;
}

const magic = Buffer.from('Obj\u0001', 'latin1');
const syncBytes = 16;
/** A header holds one schema; a block is some thousands of records. */
const maxHeaderBytes: number = 16 * 1024 * 1024;
const maxBlockBytes: number = 256 * 1024 * 1024;

export async function readAvroHeader(file: FileHandle, place: string): Promise<AvroHeader> {
  for (let size = 64 * 1024; ; size *= 4) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
    const start = buffer.subarray(0, bytesRead);
    if (!start.subarray(0, magic.length).equals(magic)) throw brokenFile(place, 'it is not an Avro file');
    const header = parseHeader(start, place);
    if (header) return header;
    if (bytesRead < size || size > maxHeaderBytes) throw brokenFile(place, 'its header is not complete');
  }
}

/** Undefined when the header reaches beyond `start`. */
function parseHeader(start: Buffer, place: string): AvroHeader | undefined {
  const cursor = { at: magic.length };
  const meta = new Map<string, Buffer>();
  for (;;) {
    let count = readLong(start, cursor);
    if (count === undefined) return undefined;
    if (count === 0) break;
    if (count < 0) {
      if (readLong(start, cursor) === undefined) return undefined;
      count = -count;
    }
    for (; count > 0; count -= 1) {
      const key = readBytes(start, cursor);
      const value = readBytes(start, cursor);
      if (!key || !value) return undefined;
      meta.set(key.toString(), value);
    }
  }
  const sync = start.subarray(cursor.at, cursor.at + syncBytes);
  if (sync.length < syncBytes) return undefined;
  try {
    return {
      schema: JSON.parse(meta.get('avro.schema')?.toString() ?? ''),
      codec: meta.get('avro.codec')?.toString() ?? 'null',
      sync,
      end: cursor.at + syncBytes,
    };
  } catch {
    throw brokenFile(place, 'its schema cannot be read');
  }
}

/** Reads the blocks one after another; each one's end is held against the file's mark. */
export async function* readAvroBlocks(
  file: FileHandle,
  header: AvroHeader,
  place: string,
): AsyncGenerator<AvroBlock> {
  const unpack = codecs[header.codec];
  if (!unpack) {
    throw brokenFile(
      place,
      `it is packed by ${header.codec}`,
      `Write it with one of the codecs ${Object.keys(codecs).join(', ')}.`,
    );
  }
  const fileBytes = (await file.stat()).size;
  for (let offset = header.end; offset < fileBytes;) {
    const where = `${place}, byte ${offset}`;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, offset);
    const cursor = { at: 0 };
    const head = buffer.subarray(0, bytesRead);
    const records = readLong(head, cursor);
    const size = readLong(head, cursor);
    if (records === undefined || size === undefined) throw brokenFile(where, 'the file ends within a block');
    if (records < 0 || size < 0 || size > maxBlockBytes)
      throw brokenFile(where, 'the length of a block is wrong');
    const start = offset + cursor.at;
    const end = start + size + syncBytes;
    if (end > fileBytes) throw brokenFile(where, 'the file ends within a block');
    const packed = Buffer.alloc(size + syncBytes);
    await file.read(packed, 0, packed.length, start);
    if (!packed.subarray(size).equals(header.sync))
      throw brokenFile(where, 'a block does not end where it should');
    try {
      yield { records, data: await unpack(packed.subarray(0, size)), offset };
    } catch (error) {
      throw brokenFile(
        where,
        `a block cannot be unpacked (${error instanceof Error ? error.message : 'broken'})`,
      );
    }
    offset = end;
  }
}

type Unpack = (packed: Buffer) => Promise<Buffer>;

const inflate = promisify(inflateRaw) as (data: Buffer, options: object) => Promise<Buffer>;
const zstd = promisify(zstdDecompress) as (data: Buffer, options: object) => Promise<Buffer>;
const bounded = { maxOutputLength: maxBlockBytes };

const codecs: Readonly<Record<string, Unpack>> = {
  null: async (packed) => packed,
  deflate: (packed) => inflate(packed, bounded),
  zstandard: (packed) => zstd(packed, bounded),
  snappy: async (packed) => {
    const { uncompress } = await import('snappyjs');
    const data = Buffer.from(uncompress(new Uint8Array(packed.subarray(0, -4)), maxBlockBytes));
    if (crc32(data) !== packed.readUInt32BE(packed.length - 4)) throw new Error('a checksum is wrong');
    return data;
  },
};

interface Cursor {
  at: number;
}

/** A zigzag number of variable length; undefined when the bytes end before it does. */
function readLong(bytes: Buffer, cursor: Cursor): number | undefined {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[cursor.at];
    if (byte === undefined) return undefined;
    cursor.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n));
  }
  return undefined;
}

function readBytes(bytes: Buffer, cursor: Cursor): Buffer | undefined {
  const length = readLong(bytes, cursor);
  if (length === undefined || length < 0 || cursor.at + length > bytes.length) return undefined;
  const found = bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return found;
}

/** Opens a file, and closes it when `work` is done. */
export async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
