import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';

/** The one file in an archive that is written. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The bytes are no more than this; where that may be 4 GiB, sizes are written as ZIP64 has them. */
  readonly mostBytes: number;
  readonly changedAt: Date;
}

interface Sizes {
  readonly unpacked: number;
  readonly packed: number;
  readonly checksum: number;
}

/** Sizes are 32 bits wide without ZIP64; what cannot be packed grows by less than a thousandth. */
const mostOfPlain = 0xffffffff * 0.999;
const plainVersion = 20;
const largeVersion = 45;
const madeOnUnix = 3 << 8;
const namesAreUtf8 = 0x0800;
const deflated = 8;
const ordinaryFile = 0o100644;

/** Writes an archive of one file: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
export async function writeZip(path: string, entry: ZipEntry): Promise<void> {
  const isLarge = entry.mostBytes > mostOfPlain;
  const start = localHeader(entry, { unpacked: 0, packed: 0, checksum: 0 }, isLarge).length;
  let [unpacked, packed, checksum] = [0, 0, 0];
  const file = await open(path, 'w');
  try {
    await file.writeFile(Buffer.alloc(start));
    await pipeline(
      async function* counted() {
        for await (const piece of entry.bytes) {
          unpacked += piece.length;
          checksum = crc32(piece, checksum);
          yield piece;
        }
      },
      createDeflateRaw(),
      async function* counted(pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          packed += piece.length;
          yield piece;
        }
      },
      (pieces: AsyncIterable<Uint8Array>) => file.writeFile(pieces),
    );
    const sizes = { unpacked, packed, checksum };
    await file.writeFile(directory(entry, sizes, isLarge, start + packed));
    await file.write(localHeader(entry, sizes, isLarge), { position: 0 });
  } finally {
    await file.close();
  }
}

function localHeader(entry: ZipEntry, sizes: Sizes, isLarge: boolean): Buffer {
  const name = Buffer.from(entry.name);
  const extra = isLarge ? largeSizes(sizes) : Buffer.alloc(0);
  return Buffer.concat([
    Buffer.from('504b0304', 'hex'),
    description(entry, sizes, isLarge),
    numbers([name.length, 2], [extra.length, 2]),
    name,
    extra,
  ]);
}

function directory(entry: ZipEntry, sizes: Sizes, isLarge: boolean, at: number): Buffer {
  const name = Buffer.from(entry.name);
  const extra = isLarge ? largeSizes(sizes) : Buffer.alloc(0);
  const central = Buffer.concat([
    Buffer.from('504b0102', 'hex'),
    numbers([madeOnUnix | largeVersion, 2]),
    description(entry, sizes, isLarge),
    numbers([name.length, 2], [extra.length, 2], [0, 2], [0, 2], [0, 2]),
    numbers([ordinaryFile * 2 ** 16, 4], [0, 4]),
    name,
    extra,
  ]);
  const largeEnd = Buffer.concat([
    Buffer.from('504b0606', 'hex'),
    numbers([44, 8], [madeOnUnix | largeVersion, 2], [largeVersion, 2], [0, 4], [0, 4]),
    numbers([1, 8], [1, 8], [central.length, 8], [at, 8]),
    Buffer.from('504b0607', 'hex'),
    numbers([0, 4], [at + central.length, 8], [1, 4]),
  ]);
  return Buffer.concat([
    central,
    ...(isLarge ? [largeEnd] : []),
    Buffer.from('504b0506', 'hex'),
    numbers([0, 2], [0, 2], [1, 2], [1, 2], [central.length, 4], [isLarge ? 0xffffffff : at, 4], [0, 2]),
  ]);
}

/** What both headers of a file have in common, up to its sizes. */
function description(
  { changedAt: at }: ZipEntry,
  { checksum, packed, unpacked }: Sizes,
  isLarge: boolean,
): Buffer {
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return numbers(
    [isLarge ? largeVersion : plainVersion, 2],
    [namesAreUtf8, 2],
    [deflated, 2],
    [time, 2],
    [date, 2],
    [checksum, 4],
    [isLarge ? 0xffffffff : packed, 4],
    [isLarge ? 0xffffffff : unpacked, 4],
  );
}

function largeSizes({ unpacked, packed }: Sizes): Buffer {
  return numbers([1, 2], [16, 2], [unpacked, 8], [packed, 8]);
}

/** Whole numbers, each with the bytes that it takes, lowest first. */
function numbers(...values: readonly (readonly [number, 2 | 4 | 8])[]): Buffer {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const written = Buffer.alloc(8);
      written.writeBigUInt64LE(BigInt(value));
      return written.subarray(0, bytes);
    }),
  );
}
