import type { uncompress } from 'snappyjs';
import { brokenFile } from './broken-file.ts';

const streamIdentifier = 0xff;
const compressedData = 0x00;
const uncompressedData = 0x01;
/** Chunks from here on may be skipped; those between are unknown and may not. */
const firstSkippable = 0x80;
/** Most bytes of one chunk, unpacked. */
const maxChunkBytes = 65_536;
const checksumBytes = 4;

/** Packs into the framing format of Snappy. */
export async function* packSnappy(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { compress } = await import('snappyjs');
  yield chunkOf(streamIdentifier, Buffer.from('sNaPpY'));
  for await (const piece of bytes) {
    for (let start = 0; start < piece.length; start += maxChunkBytes) {
      const plain = new Uint8Array(piece.subarray(start, start + maxChunkBytes));
      const packed = compress(plain);
      const checksum = Buffer.alloc(checksumBytes);
      checksum.writeUInt32LE(maskedChecksum(plain));
      yield packed.length < plain.length
        ? chunkOf(compressedData, checksum, packed)
        : chunkOf(uncompressedData, checksum, plain);
    }
  }
}

function chunkOf(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(4);
  header[0] = type;
  header.writeUIntLE(
    parts.reduce((sum, part) => sum + part.length, 0),
    1,
    3,
  );
  return Buffer.concat([header, ...parts]);
}

/** Unpacks the framing format of Snappy: https://github.com/google/snappy/blob/main/framing_format.txt */
export async function* unpackSnappy(
  bytes: AsyncIterable<Uint8Array>,
  place: string,
): AsyncGenerator<Uint8Array> {
  const { uncompress } = await import('snappyjs');
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const part of bytes) {
    rest = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    for (;;) {
      if (rest.length < 4) break;
      const length = rest.readUIntLE(1, 3);
      if (rest.length < 4 + length) break;
      const type = rest[0] ?? 0;
      if (offset === 0 && type !== streamIdentifier) throw notSnappy(place);
      const chunk = rest.subarray(4, 4 + length);
      const unpacked = readChunk(type, chunk, uncompress, `${place}, byte ${offset}`);
      if (unpacked) yield unpacked;
      rest = rest.subarray(4 + length);
      offset += 4 + length;
    }
    if (offset === 0 && rest.length > 0 && rest[0] !== streamIdentifier) throw notSnappy(place);
  }
  if (rest.length > 0) throw brokenFile(`${place}, byte ${offset}`, 'the file ends within a chunk');
}

function notSnappy(place: string): Error {
  return brokenFile(
    place,
    'it is not in the framing format of Snappy',
    'Write it with framing, as snzip and most tools do by default.',
  );
}

function readChunk(
  type: number,
  chunk: Buffer,
  unpack: typeof uncompress,
  place: string,
): Uint8Array | undefined {
  if (type === streamIdentifier) {
    if (chunk.toString('latin1') !== 'sNaPpY') throw brokenFile(place, 'the name of the stream is wrong');
    return undefined;
  }
  if (type !== compressedData && type !== uncompressedData) {
    if (type < firstSkippable) throw brokenFile(place, `there is a chunk of the unknown kind ${type}`);
    return undefined;
  }
  if (chunk.length < checksumBytes) throw brokenFile(place, 'a chunk is too short');
  const data = chunk.subarray(checksumBytes);
  const unpacked = type === compressedData ? unpackBlock(data, unpack, place) : data;
  if (maskedChecksum(unpacked) !== chunk.readUInt32LE(0)) throw brokenFile(place, 'a checksum is wrong');
  return unpacked;
}

function unpackBlock(data: Buffer, unpack: typeof uncompress, place: string): Uint8Array {
  try {
    return unpack(new Uint8Array(data), maxChunkBytes);
  } catch (error) {
    throw brokenFile(
      place,
      `a chunk cannot be unpacked (${error instanceof Error ? error.message : 'broken'})`,
    );
  }
}

const polynomial = 0x82f63b78;
const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value >>> 0;
});

/** CRC-32C, masked as the framing format asks for. */
function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
