import { DataError } from '../../../core/errors.ts';
import { pathError } from '../disk/file-paths.ts';
import { fileNameOf, packingByName } from '../disk/file-type.ts';
import { decodeText } from '../formats/text-encoding.ts';
import { unpackedBytes } from '../formats/unpacked-bytes.ts';
import type { ReadOptions } from '../options/read-options.ts';

/** How a CSV file is laid out, as its first record tells. */
export interface CsvLayout {
  readonly delimiter: string;
  readonly columns: readonly string[];
  /** Lines before the header with nothing in them. */
  readonly blankLines: number;
}

const candidates = [',', ';', '\t', '|'];
/** Letters of the first look, and of the last one: a first record longer than that is taken for a broken quote. */
const shortestLook = 1024 * 1024;
const longestLook: number = 64 * shortestLook;

/** Reads the first record: names from the header, or `col_001` and so on without one. Undefined for an empty file. */
export async function readCsvLayout(
  path: string,
  place: string,
  options: ReadOptions,
): Promise<CsvLayout | undefined> {
  const start = await startOf(path, place, options);
  const text = options.header ? start.replace(/^\n+/, '') : start;
  const blankLines = start.length - text.length;
  if (text === '') return undefined;
  const delimiter = options.delimiter ?? likelyDelimiter(path, text, options);
  const { fields, isClosed } = firstRecord(text, delimiter, options);
  if (!isClosed) {
    throw new DataError(`${place}, line ${options.skipLines + 1}: the quote of the header is not closed.`, {
      code: 'file_broken_row',
      state: 'Nothing was read.',
    });
  }
  const columns = options.header
    ? fields.map((name, index) => name.trim() || numberedName(index))
    : fields.map((_, index) => numberedName(index));
  const seen = new Set<string>();
  const twice = columns.find((name) => seen.size === seen.add(name.toLowerCase()).size);
  if (twice !== undefined) {
    throw new DataError(`${place}, line ${options.skipLines + 1}: column ${twice} is named twice.`, {
      code: 'column_twice',
      state: 'Nothing was read. Names that differ in case alone count as one.',
      next: 'Rename one of them in the file, or read it with header: false.',
    });
  }
  return { delimiter, columns, blankLines };
}

function numberedName(index: number): string {
  return `col_${String(index + 1).padStart(3, '0')}`;
}

/** The candidate that splits the first record into most fields. */
function likelyDelimiter(path: string, text: string, options: ReadOptions): string {
  if (fileNameOf(path, options.format ?? 'csv').tabs) return '\t';
  const counts = candidates.map((delimiter) => firstRecord(text, delimiter, options).fields.length);
  return candidates[counts.indexOf(Math.max(...counts))] ?? ',';
}

interface FirstRecord {
  readonly fields: readonly string[];
  /** False when the text ends within quotes. */
  readonly isClosed: boolean;
  /** False when the text ends before the record does. */
  readonly isEnded: boolean;
}

function firstRecord(text: string, delimiter: string, { quote, escape }: ReadOptions): FirstRecord {
  const fields: string[] = [];
  let start = 0;
  let isQuoted = false;
  const endField = (at: number): void => {
    fields.push(unquoted(text.slice(start, at), quote, escape));
    start = at + 1;
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (isQuoted) {
      if (letter === escape && text[at + 1] === quote) at += 1;
      else if (letter === quote) isQuoted = false;
    } else if (letter === quote && at === start) isQuoted = true;
    else if (letter === delimiter) endField(at);
    else if (letter === '\n') {
      endField(at);
      return { fields, isClosed: true, isEnded: true };
    }
  }
  endField(text.length);
  return { fields, isClosed: !isQuoted, isEnded: false };
}

function unquoted(field: string, quote: string, escape: string): string {
  if (!field.startsWith(quote)) return field;
  const end = field.lastIndexOf(quote);
  const inner = end === 0 ? field.slice(1) : field.slice(1, end) + field.slice(end + 1);
  return inner.replaceAll(`${escape}${quote}`, () => quote);
}

/** The text behind the lines that are skipped, as far as the first record goes at least. */
async function startOf(path: string, place: string, options: ReadOptions): Promise<string> {
  for (let length = shortestLook; ; length *= 8) {
    const start = await firstLetters(path, place, options, length);
    const text = start
      .split(/\r\n|\n|\r/)
      .slice(options.skipLines)
      .join('\n');
    if (start.length < length || firstRecord(text.trimStart(), options.delimiter ?? ',', options).isEnded)
      return text;
    if (length >= longestLook) throw tooLong(place, longestLook);
  }
}

async function firstLetters(
  path: string,
  place: string,
  options: ReadOptions,
  length: number,
): Promise<string> {
  const encoding = options.encoding === 'latin1' ? 'latin1' : 'utf-8';
  let text = '';
  try {
    for await (const part of decodeText(unpackedBytes(path, packingByName(path), place), encoding, place)) {
      text += part;
      if (text.length >= length) break;
    }
  } catch (error) {
    throw pathError(error, place);
  }
  return text;
}

function tooLong(place: string, letters: number): DataError {
  return new DataError(`${place}: its first row has more than ${letters} letters.`, {
    code: 'file_broken_row',
    state: 'Nothing was read.',
    next: 'Correct a quote or line end that is missing there.',
  });
}
