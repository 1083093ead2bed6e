import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DataError } from '../../../core/errors.ts';
import { untilAborted } from '../engine/cancellation.ts';
import { type CsvFiles, usualRecordBytes } from './csv-reading.ts';
import { type CsvLetters, evenLines, type LineSurvey, newSurvey } from './csv-lines.ts';
import { packingByName } from '../disk/file-type.ts';
import type { ReadableFile } from '../table/file-table.ts';
import type { ReadOptions } from '../options/read-options.ts';
import { unpackedBytes } from '../formats/unpacked-bytes.ts';
import { readError } from '../disk/read-error.ts';
import type { Spool } from '../disk/spool.ts';

/** A buffer of twice the longest record, for each of DuckDB's threads, must leave room for the rest. */
const recordShareOfMemory = 1 / 8;

/**
 * Works on CSV files. Where DuckDB fails over how they are written, or would pass over rows without a word, they are
 * looked at byte by byte: files whose lines end in several ways are replaced by copies, and long records get the room
 * they need.
 * @throws DataError code `file_broken_row` with the line, for what is no CSV
 */
export async function readableCsv<T>(
  csv: CsvFiles,
  spool: Spool,
  memoryLimitBytes: number,
  signal: AbortSignal | undefined,
  work: (csv: CsvFiles) => Promise<T>,
): Promise<T> {
  const mend = (): Promise<CsvFiles | undefined> => mendedFiles(csv, spool, memoryLimitBytes, signal);
  const isTreacherous = await isAny(
    csv.files,
    async (file) => (await endsInLongRecord(file, signal)) || (await startsUnevenly(file, csv.options)),
  );
  let mended = isTreacherous ? await mend() : undefined;
  if (!mended) {
    try {
      return await work(csv);
    } catch (error) {
      mended = isAboutWriting(error) ? await mend() : undefined;
      if (!mended) throw error;
    }
  }
  try {
    return await work(mended);
  } catch (error) {
    throw await readError(error, mended.files);
  }
}

async function isAny<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await test(item)) return true;
  return false;
}

function isAboutWriting(error: unknown): boolean {
  return error instanceof Error && /CSV Error on Line|CSV Parser|Parallel CSV Reader/.test(error.message);
}

/**
 * DuckDB passes over the last record without a word when it is longer than its buffer and has no quotes.
 * @throws DataError code `file_broken` for a packed file that is damaged or cut off, which DuckDB does not always see
 */
async function endsInLongRecord(file: ReadableFile, signal: AbortSignal | undefined): Promise<boolean> {
  const { size } = await stat(file.path);
  const isPacked = packingByName(file.path) !== 'none';
  if (!isPacked && size < usualRecordBytes) return false;
  const end = isPacked ? unpacked(file, signal) : lastBytes(file.path, size - usualRecordBytes);
  let bytesSinceLine = 0;
  for await (const piece of end) {
    const inner = Buffer.from(piece.buffer, piece.byteOffset, piece.length).subarray(0, -2);
    const line = Math.max(inner.lastIndexOf('\n'), inner.lastIndexOf('\r'));
    bytesSinceLine = line < 0 ? bytesSinceLine + piece.length : piece.length - line;
  }
  return bytesSinceLine >= usualRecordBytes;
}

function lastBytes(path: string, start: number): AsyncIterable<Uint8Array> {
  return createReadStream(path, { start }) as AsyncIterable<Uint8Array>;
}

/**
 * To DuckDB a quote in a line that is skipped opens a value, which may go on to the end of the file, and it counts lines
 * that end in several ways otherwise.
 */
async function startsUnevenly(file: ReadableFile, { skipLines, quote }: ReadOptions): Promise<boolean> {
  if (skipLines === 0) return false;
  let text = '';
  for await (const piece of unpacked(file, undefined)) {
    text += Buffer.from(piece).toString('latin1');
    if (text.split(/\r\n|\n|\r(?!$)/).length > skipLines + 1) break;
  }
  const lines = text.split(/(\r\n|\n|\r)/).slice(0, 2 * (skipLines + 1));
  const ends = new Set(lines.filter((_, index) => index % 2 === 1));
  return ends.size > 1 || lines.slice(0, 2 * skipLines).some((line) => line.includes(quote));
}

/** Undefined when nothing can be done about the files. */
async function mendedFiles(
  csv: CsvFiles,
  spool: Spool,
  memoryLimitBytes: number,
  signal: AbortSignal | undefined,
): Promise<CsvFiles | undefined> {
  const { options, layout } = csv;
  const letters: CsvLetters = { delimiter: layout.delimiter, quote: options.quote, escape: options.escape };
  if (!Object.values(letters).every((letter: string) => /^[\t\x20-\x7e]$/.test(letter))) return undefined;
  const longestBytes = Math.floor(memoryLimitBytes * recordShareOfMemory);
  const files: ReadableFile[] = [];
  let longest = 0;
  for (const file of csv.files) {
    const survey = await surveyed(file, letters, options, longestBytes, signal);
    if (survey.longestRecordBytes > longestBytes) throw tooLong(file, longestBytes, memoryLimitBytes);
    longest = Math.max(longest, survey.longestRecordBytes);
    if (survey.ends.size < 2 && !(await startsUnevenly(file, options))) {
      files.push(file);
      continue;
    }
    const lines = evenLines(unpacked(file, signal), letters, options.skipLines, file.place);
    files.push({ ...file, path: await spool.write('csv', lines) });
  }
  const longestRecordBytes = longest >= usualRecordBytes ? longest + 2 : 0;
  const isSame =
    longestRecordBytes <= csv.longestRecordBytes && files.every((file, index) => file === csv.files[index]);
  return isSame ? undefined : { ...csv, files, longestRecordBytes };
}

/** Looks at a file as far as records are no longer than that. */
async function surveyed(
  file: ReadableFile,
  letters: CsvLetters,
  { skipLines }: ReadOptions,
  longestBytes: number,
  signal: AbortSignal | undefined,
): Promise<LineSurvey> {
  const survey = newSurvey();
  for await (const _ of evenLines(unpacked(file, signal), letters, skipLines, file.place, survey))
    if (survey.longestRecordBytes > longestBytes) break;
  return survey;
}

function unpacked({ path, place }: ReadableFile, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  return untilAborted(unpackedBytes(path, packingByName(path), place), signal);
}

function tooLong({ place }: ReadableFile, longestBytes: number, memoryLimitBytes: number): DataError {
  return new DataError(
    `${place}: a row is longer than ${longestBytes} bytes, an eighth of the ${Math.round(memoryLimitBytes / 1e6)} MB that DuckDB may take.`,
    {
      code: 'memory_budget',
      state: 'Nothing was published.',
      next: 'Correct a quote or line end that is missing, or raise MILLRACE_MEMORY_BUDGET.',
    },
  );
}
