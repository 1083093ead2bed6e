import type { DataType } from '../../../sql/data-type.ts';
import { writtenPattern } from '../typing/column-fit.ts';
import type { CsvLayout } from './csv-header.ts';
import type { ReadableFile } from '../table/file-table.ts';
import { packingByName } from '../disk/file-type.ts';
import type { PlainText } from './plain/plain-records.ts';
import { anyText, valuePattern, type ValuePattern } from './plain/value-pattern.ts';
import type { ReadOptions } from '../options/read-options.ts';

/**
 * Whether the bytes of CSV files may be passed on.
 * @param patterns how the values of each column are written, as regular expressions; undefined for any text
 */
export function plainText(
  files: readonly ReadableFile[],
  { delimiter, columns }: CsvLayout,
  options: ReadOptions,
  patterns: readonly (string | undefined)[],
): PlainText {
  const reason = reasonAgainst(files, delimiter, columns.length, options);
  if (reason !== undefined) return { reason };
  const known = new Map<string, ValuePattern>();
  const compiled = patterns.map((pattern) => {
    if (pattern === undefined) return anyText;
    const before = known.get(pattern) ?? valuePattern(pattern);
    known.set(pattern, before);
    return before;
  });
  const { quote, emptyAsNull, header } = options;
  return { form: { delimiter, quote, emptyAsNull }, header, patterns: compiled };
}

function reasonAgainst(
  files: readonly ReadableFile[],
  delimiter: string,
  columnCount: number,
  options: ReadOptions,
): string | undefined {
  const { quote, escape, columns } = options;
  const isLetter = (letter: string): boolean => /^[\t\x20-\x7e]$/.test(letter);
  if (!isLetter(delimiter) || !isLetter(quote)) return 'its delimiter or quote is not one ASCII character';
  if (escape !== quote) return 'escape is not the quote itself';
  if (columnCount === 1) return 'a line of one column may be blank';
  if (options.skipLines > 0) return 'skip_lines is set';
  if (options.nullIf !== undefined) return 'null_if is set';
  if (options.fieldsPerRecord === -1) return 'short rows are filled up';
  if (options.timeFormat || options.maxDecimals !== undefined)
    return 'datetime_format or max_decimals is set';
  if (options.encoding === 'latin1') return 'it is not UTF-8';
  if (options.metadata.length > 0) return 'columns about the file are added';
  if (Object.values(columns).some((type) => type.type === 'text' && type.maxLength !== undefined))
    return 'texts are declared with a length';
  if (files.some(({ path }) => packingByName(path) !== 'none')) return 'it is packed';
  return undefined;
}

/** How a declared type is written, where PostgreSQL too understands all that is written so. */
export function declaredPattern(type: DataType): string | undefined {
  // What DuckDB takes for a boolean; PostgreSQL takes more words.
  if (type.type === 'boolean')
    return '[tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[yY]([eE][sS])?|[nN][oO]?|[01]';
  return writtenPattern(type);
}
