import { DataError } from '../../../core/errors.ts';

/** How much a packed file may grow when it is unpacked. */
export interface GrowthLimit {
  /** Bytes that are always allowed. */
  readonly freeBytes: number;
  /** Beyond them: unpacked bytes per packed byte. */
  readonly mostGrowth: number;
}

/** Deflate packs at most 1032 to 1, and tables rarely 100 to 1. */
export const usualGrowth: GrowthLimit = { freeBytes: 1024 ** 3, mostGrowth: 300 };

/**
 * Lets bytes pass until they are far more than a file of that size can honestly hold.
 * @throws DataError code `file_grows_too_much`, before the disk is full
 */
export async function* limitGrowth(
  bytes: AsyncIterable<Uint8Array>,
  packedBytes: number,
  place: string,
  limit: GrowthLimit = usualGrowth,
): AsyncGenerator<Uint8Array> {
  const most = Math.max(limit.freeBytes, packedBytes * limit.mostGrowth);
  let total = 0;
  for await (const part of bytes) {
    total += part.length;
    if (total > most) {
      throw new DataError(`${place}: ${packedBytes} packed bytes have become more than ${most}.`, {
        code: 'file_grows_too_much',
        state: 'Nothing was published; what was unpacked is removed.',
        next: 'If the file is honest, unpack it beforehand and load the unpacked file.',
      });
    }
    yield part;
  }
}
