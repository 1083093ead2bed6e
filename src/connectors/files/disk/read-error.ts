import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ConfigError, DataError, FatalError, MillraceError } from '../../../core/errors.ts';
import { diskFull } from './file-paths.ts';

/** What an error of DuckDB's readers means. Names file, line and reason; never the row, which may be personal data. */
export async function readError(error: unknown, files: readonly KnownFile[]): Promise<unknown> {
  return withPlaces(await translated(error, files), files);
}

/** A file as DuckDB knows it, and as people do. */
interface KnownFile {
  readonly path: string;
  readonly place: string;
}

async function translated(error: unknown, files: readonly KnownFile[]): Promise<unknown> {
  if (error instanceof MillraceError || !(error instanceof Error)) return error;
  const { message } = error;
  const paths = files.map((file) => file.path);
  const place = paths.length === 1 ? String(paths[0]) : `${paths.length} files from ${paths[0]}`;
  if (/not (?:utf-?\d+|latin-1|unicode) encoded|Invalid unicode/i.test(message)) {
    return new DataError(`${place}: the text is not in the encoding that was expected.`, {
      code: 'file_encoding',
      state: 'Nothing was published.',
      next: 'Name the encoding in source_options.encoding, or convert the file to UTF-8.',
    });
  }
  const csvLine = /CSV Error on Line: (\d+)\n/.exec(message)?.[1];
  if (csvLine !== undefined) return await brokenCsvRow(message, Number(csvLine), place);
  const json =
    /Malformed JSON in file "(.*?)", at byte (\d+) in (?:line|record\/value|object) (\d+): ([^\n]*?)\.? *(?:Try |\n|$)/.exec(
      message,
    );
  if (json) {
    // DuckDB counts the line it was about to begin.
    const where = `${json[1]}, line ${Math.max(1, Number(json[3]) - 1)}, byte ${json[2]}`;
    return brokenRow(
      where,
      `not JSON: ${String(json[4]).trim()}`,
      'Correct the line: each one is a JSON object.',
    );
  }
  const record = /JSON transform error in file "(.*?)", in (?:line|record\/value|object) (\d+): /.exec(
    message,
  );
  if (record) {
    const key = /has duplicate key ("[^"]*")/.exec(message)?.[1];
    return brokenRow(
      `${record[1]}, line ${record[2]}`,
      key === undefined ? 'the record is not a JSON object' : `the key ${key} stands twice in the record`,
      'Correct the record: each one is a JSON object with distinct keys.',
    );
  }
  if (/CSV Parser state machine reached an invalid state/.test(message)) {
    return brokenRow(
      place,
      'some lines end in CR LF and others in LF, or a field goes on behind its closing quote',
      String.raw`Give all lines the same end, such as by: sed -i 's/\r$//' file.csv; or correct quote and escape under source_options.`,
    );
  }
  if (/No space left on device/.test(message)) return diskFull(place);
  if (message.startsWith('Out of Memory Error')) {
    return new FatalError(`${place}: DuckDB needs more memory for it than it may take.`, {
      code: 'memory_budget',
      state: 'Nothing was published.',
      next: 'Raise MILLRACE_MEMORY_BUDGET, or load fewer columns by select:.',
    });
  }
  if (/json_read expected records/.test(message)) {
    return new DataError(`${place}: it holds no records, which are JSON objects.`, {
      code: 'file_empty',
      state: 'Nothing was read.',
      next: 'Write at least one object into it, or leave it out.',
    });
  }
  if (/^(?:Parser|Binder|Catalog) Error/.test(message))
    return new ConfigError(`${place}: ${firstLine(message)}`, { code: 'sql_failed' });
  if (/read_parquet|magic bytes|parquet/i.test(message) || isFailedReading(message))
    return brokenParquet(message, place);
  return new FatalError(`${place}: ${firstLine(message)}`, { code: 'file_failed' });
}

function isFailedReading(message: string): boolean {
  return /^[\w ]+ Error: (?:Failed to read|Error while reading) file "/.test(message);
}

function brokenParquet(message: string, place: string): DataError {
  const path = /(?:[Ff]ile|end of file) ["'](.*?)["']/.exec(message)?.[1] ?? place;
  if (/ is encrypted/.test(message)) {
    return new DataError(`${path} is encrypted.`, {
      code: 'file_encrypted',
      state: 'Nothing was published.',
      next: 'Write it without encryption.',
    });
  }
  return brokenRow(path, 'it is not a sound Parquet file', 'Write the file again.');
}

/** Temporary copies are told by the file that they were made from. */
function withPlaces(error: unknown, files: readonly KnownFile[]): unknown {
  if (!(error instanceof MillraceError)) return error;
  let { message } = error;
  for (const { path, place } of files) message = message.replaceAll(path, place);
  if (message === error.message) return error;
  const SameKind = error.constructor as new (message: string, detail: object) => MillraceError;
  const { code, state, next, origin } = error;
  return new SameKind(message, {
    code,
    ...(state === undefined ? {} : { state }),
    ...(next === undefined ? {} : { next }),
    ...(origin === undefined ? {} : { origin }),
    cause: error,
  });
}

/** DuckDB counts records; the line in the file is found by the text of the broken row. */
async function brokenCsvRow(message: string, record: number, place: string): Promise<DataError> {
  const path = /^ {2}file = (.*)$/m.exec(message)?.[1] ?? place;
  const row = /\nOriginal Line: ([^\n]*)/.exec(message)?.[1] ?? '';
  const reason =
    message
      .split(/\nPossible (?:fixes|Solution)/, 1)[0]
      ?.trim()
      .split('\n')
      .at(-1) ?? '';
  const line = await lineOf(path, record, row);
  return brokenRow(
    `${path}, line ${line}`,
    readableReason(reason || firstLine(message)),
    'Correct the row, or the delimiter, quote and escape under source_options.',
  );
}

async function lineOf(path: string, record: number, row: string): Promise<number> {
  if (row === '' || /\.(gz|zst)$/.test(path)) return record;
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    line += 1;
    if (line >= record && text === row) return line;
  }
  return record;
}

function readableReason(reason: string): string {
  const longest = /Maximum line size of (\d+) bytes exceeded/.exec(reason)?.[1];
  if (longest !== undefined) return `the row is longer than ${longest} bytes`;
  if (/unterminated quote/.test(reason)) return 'a quote is opened and never closed';
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(reason) ?? [];
  if (expected !== undefined) return `it has ${found} fields where the header has ${expected}`;
  return reason.replace(/\.$/, '');
}

function brokenRow(place: string, reason: string, next: string): DataError {
  return new DataError(`${place}: ${reason}.`, {
    code: 'file_broken_row',
    state: 'Nothing was published.',
    next,
  });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
