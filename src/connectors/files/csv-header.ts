import { DataError } from '../../core/errors.ts';
import { pathError } from './file-paths.ts';
import { fileNameOf, packingByName } from './file-type.ts';
import { decodeText } from './formats/text-encoding.ts';
import { unpackedBytes } from './formats/unpacked-bytes.ts';
import type { ReadOptions } from './read-options.ts';

/** How a CSV file is laid out, as its first record tells. */
export interface CsvLayout {
  readonly delimiter: string;
  readonly columns: readonly string[];
}

const candidates = [',', ';', '\t', '|'];
/** A header record longer than this is taken for a broken quote. */
const maxHeaderLength: number = 1024 * 1024;

/** Reads the first record: names from the header, or `col_001` and so on without one. Undefined for an empty file. */
export async function readCsvLayout(
  path: string,
  place: string,
  options: ReadOptions,
): Promise<CsvLayout | undefined> {
  const start = await readStart(path, place, options);
  const lines = start.split(/\r\n|\n|\r/);
  const text = lines.slice(options.skipLines).join('\n');
  if (text === '') return undefined;
  const delimiter = options.delimiter ?? likelyDelimiter(path, text, options);
  const fields = firstRecord(text, delimiter, options);
  if (!fields) {
    throw new DataError(`${place}, line ${options.skipLines + 1}: the quote of the header is not closed.`, {
      code: 'file_broken_row',
      state: 'Nothing was read.',
    });
  }
  const columns = options.header
    ? fields.map((name, index) => name.trim() || numberedName(index))
    : fields.map((_, index) => numberedName(index));
  const folded = columns.map((name) => name.toLowerCase());
  const twice = columns.find((_, index) => folded.indexOf(folded[index] ?? '') !== index);
  if (twice !== undefined) {
    throw new DataError(`${place}, line ${options.skipLines + 1}: column ${twice} is named twice.`, {
      code: 'column_twice',
      state: 'Nothing was read. Names that differ in case alone count as one.',
      next: 'Rename one of them in the file, or read it with header: false.',
    });
  }
  return { delimiter, columns };
}

function numberedName(index: number): string {
  return `col_${String(index + 1).padStart(3, '0')}`;
}

/** The candidate that splits the first record into most fields. */
function likelyDelimiter(path: string, text: string, options: ReadOptions): string {
  if (fileNameOf(path, options.format ?? 'csv').tabs) return '\t';
  const counts = candidates.map((delimiter) => firstRecord(text, delimiter, options)?.length ?? 0);
  return candidates[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Fields of the first record; undefined when a quote stays open. */
function firstRecord(text: string, delimiter: string, options: ReadOptions): string[] | undefined {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (quoted) {
      if (letter === options.escape && text.charAt(at + 1) === options.quote) {
        field += options.quote;
        at += 1;
      } else if (letter === options.quote) quoted = false;
      else field += letter;
    } else if (letter === options.quote && field === '') quoted = true;
    else if (letter === delimiter) {
      fields.push(field);
      field = '';
    } else if (letter === '\n') return [...fields, field];
    else field += letter;
  }
  return quoted ? undefined : [...fields, field];
}

async function readStart(path: string, place: string, options: ReadOptions): Promise<string> {
  const encoding = options.encoding === 'latin1' ? 'latin1' : 'utf-8';
  let text = '';
  try {
    for await (const part of decodeText(unpackedBytes(path, packingByName(path), place), encoding, place)) {
      text += part;
      if (text.length > maxHeaderLength) break;
    }
  } catch (error) {
    throw pathError(error, place);
  }
  return text;
}
