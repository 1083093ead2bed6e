import { ConfigError } from '../../core/errors.ts';
import { type CsvFiles, usualRecordBytes } from './csv-reading.ts';
import { type CsvLetters, evenLines, type LineSurvey, newSurvey } from './csv-lines.ts';
import { packingByName } from './file-type.ts';
import type { ReadableFile } from './file-table.ts';
import type { ReadOptions } from './read-options.ts';
import { unpackedBytes } from './formats/unpacked-bytes.ts';
import type { Spool } from './spool.ts';

/** A buffer of twice the longest record, for each of DuckDB's threads, must leave room for the rest. */
const recordShareOfMemory = 1 / 8;

/**
 * Works on CSV files. Where DuckDB fails over how they are written, they are looked at byte by byte: files whose lines
 * end in several ways are replaced by copies, and long records get the room they need.
 * @throws DataError code `file_broken_row` with the line, for what is no CSV
 */
export async function readableCsv<T>(
  csv: CsvFiles,
  spool: Spool,
  memoryBudgetBytes: number,
  work: (csv: CsvFiles) => Promise<T>,
): Promise<T> {
  try {
    return await work(csv);
  } catch (error) {
    if (!isAboutWriting(error)) throw error;
    const mended = await mendedFiles(csv, spool, memoryBudgetBytes);
    if (!mended) throw error;
    return await work(mended);
  }
}

function isAboutWriting(error: unknown): boolean {
  return (
    error instanceof Error &&
    /CSV Error on Line|CSV Parser state machine|Maximum line size/.test(error.message)
  );
}

/** Undefined when nothing can be done about the files. */
async function mendedFiles(
  csv: CsvFiles,
  spool: Spool,
  memoryBudgetBytes: number,
): Promise<CsvFiles | undefined> {
  const { options, layout } = csv;
  const letters: CsvLetters = { delimiter: layout.delimiter, quote: options.quote, escape: options.escape };
  if (!Object.values(letters).every((letter: string) => /^[\t\x20-\x7e]$/.test(letter))) return undefined;
  const files: ReadableFile[] = [];
  let longest = 0;
  for (const file of csv.files) {
    const survey = await surveyed(file, letters, options);
    longest = Math.max(longest, survey.longestRecordBytes);
    if (survey.ends.size < 2) {
      files.push(file);
      continue;
    }
    const lines = evenLines(unpacked(file), letters, options.skipLines, file.place);
    files.push({ ...file, path: await spool.write('csv', lines) });
  }
  if (longest > memoryBudgetBytes * recordShareOfMemory) throw tooLong(longest, memoryBudgetBytes);
  const longestRecordBytes = longest >= usualRecordBytes ? longest + 2 : 0;
  const isSame =
    longestRecordBytes <= csv.longestRecordBytes && files.every((file, index) => file === csv.files[index]);
  return isSame ? undefined : { ...csv, files, longestRecordBytes };
}

async function surveyed(file: ReadableFile, letters: CsvLetters, options: ReadOptions): Promise<LineSurvey> {
  const survey = newSurvey();
  const lines = evenLines(unpacked(file), letters, options.skipLines, file.place, survey);
  for await (const piece of lines) void piece;
  return survey;
}

function unpacked({ path, place }: ReadableFile): AsyncIterable<Uint8Array> {
  return unpackedBytes(path, packingByName(path), place);
}

function tooLong(bytes: number, memoryBudgetBytes: number): ConfigError {
  return new ConfigError(
    `A row has ${bytes} bytes, for which a memory of ${Math.round(memoryBudgetBytes / 1e6)} MB is too small.`,
    {
      code: 'memory_budget',
      state: 'Nothing was published.',
      next: `Set MILLRACE_MEMORY_BUDGET to ${Math.ceil(bytes / recordShareOfMemory / 1e6) + 400}MB or more.`,
    },
  );
}
