import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { DataError } from '../../../core/errors.ts';
import { brokenFile } from './broken-file.ts';

/** An open ZIP archive. */
export interface ZipArchive {
  /** Files in it, in the order of the archive; without folders and what macOS adds. */
  readonly entries: readonly Entry[];
  /** Bytes of an entry. Sizes and checksums are held against the archive's own directory. */
  read(entry: Entry): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}

/** More entries than this are not a set of tables. */
const maxEntries = 100_000;

/** @throws DataError for what is not a sound archive, or is encrypted */
export async function openZip(path: string, place: string): Promise<ZipArchive> {
  const { open } = await import('yauzl');
  const archive = await new Promise<ZipFile>((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false }, (error, opened) => {
      if (opened) resolve(opened);
      else reject(brokenZip(place, error));
    });
  });
  try {
    const entries = await listEntries(archive, place);
    return {
      entries,
      read: (entry) => readEntry(archive, entry, `${place}: ${entry.fileName}`),
      close: () => archive.close(),
    };
  } catch (error) {
    archive.close();
    throw error;
  }
}

async function listEntries(archive: ZipFile, place: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  await new Promise<void>((resolve, reject) => {
    archive.on('error', (error: Error) => reject(brokenZip(place, error)));
    archive.on('end', resolve);
    archive.on('entry', (entry: Entry) => {
      const isFile =
        !entry.fileName.endsWith('/') && !/(^|\/)(__MACOSX\/|\.DS_Store$|\._)/.test(entry.fileName);
      if (isFile) entries.push(entry);
      if (entries.length > maxEntries) reject(brokenFile(place, `it has more than ${maxEntries} entries`));
      else archive.readEntry();
    });
    archive.readEntry();
  });
  return entries;
}

async function readEntry(archive: ZipFile, entry: Entry, place: string): Promise<AsyncIterable<Uint8Array>> {
  if (entry.isEncrypted()) {
    throw new DataError(`${place} is encrypted.`, {
      code: 'file_encrypted',
      state: 'Nothing was read.',
      next: 'Unpack it beforehand, and load the unpacked file.',
    });
  }
  const stream = await new Promise<Readable>((resolve, reject) => {
    archive.openReadStream(entry, (error, opened) => {
      if (opened) resolve(opened);
      else reject(brokenZip(place, error));
    });
  });
  // An error that comes before anybody reads is found by the first who does.
  stream.on('error', () => {});
  return checked(stream, entry, place);
}

async function* checked(stream: Readable, entry: Entry, place: string): AsyncGenerator<Uint8Array> {
  let sum = 0;
  try {
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      sum = crc32(part, sum);
      yield part;
    }
  } catch (error) {
    throw brokenZip(place, error);
  }
  if (sum !== entry.crc32) throw brokenFile(place, 'its checksum is wrong');
}

function brokenZip(place: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ('code' in error && String(error.code).startsWith('E') && !String(error.code).startsWith('ERR_'))
    return error;
  return brokenFile(place, `it is not a sound ZIP archive (${error.message})`);
}
