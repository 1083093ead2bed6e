import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { brokenFile } from './broken-file.ts';
import { type GrowthLimit, limitGrowth } from './growth-limit.ts';
import { unpackSnappy } from './snappy-framing.ts';

/** How the bytes of one file are packed; archives of several files are something else. */
export type Packing = 'none' | 'gzip' | 'zstd' | 'snappy';

/** The bytes of a file as they were before packing, a piece at a time. */
export async function* unpackedBytes(
  path: string,
  packing: Packing,
  place: string,
  limit?: GrowthLimit,
): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  if (packing === 'none') {
    yield* file as AsyncIterable<Uint8Array>;
    return;
  }
  const packedBytes = (await stat(path)).size;
  yield* limitGrowth(unpack(file, packing, place), packedBytes, place, limit);
}

async function* unpack(
  file: ReturnType<typeof createReadStream>,
  packing: Exclude<Packing, 'none'>,
  place: string,
): AsyncGenerator<Uint8Array> {
  if (packing === 'snappy') {
    yield* unpackSnappy(file as AsyncIterable<Uint8Array>, place);
    return;
  }
  const unpacker = packing === 'gzip' ? createGunzip() : createZstdDecompress();
  file.on('error', (error) => unpacker.destroy(error));
  file.pipe(unpacker);
  try {
    yield* unpacker as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unpackError(error, place);
  } finally {
    file.destroy();
    unpacker.destroy();
  }
}

/** Errors of zlib say what is wrong with the bytes; others come from the file system. */
export function unpackError(error: unknown, place: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('Z_') && !code.startsWith('ZSTD_') && !code.startsWith('ERR_ZSTD')) return error;
  const reason =
    code === 'Z_BUF_ERROR' ? 'it ends in the middle' : `it is not a sound compressed file (${code})`;
  return brokenFile(place, reason, 'Write the file again, or set compression: none.');
}
