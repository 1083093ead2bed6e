import type { DataType } from '../../../sql/data-type.ts';
import type { CsvLayout } from './csv-header.ts';
import { literal, quote } from '../engine/engine.ts';
import type { ReadableFile } from '../table/file-table.ts';
import type { ReadOptions } from '../options/read-options.ts';

/** CSV files of one layout, and how they are to be read. */
export interface CsvFiles {
  /** In reading order. */
  readonly files: readonly ReadableFile[];
  readonly layout: CsvLayout;
  readonly options: ReadOptions;
  /** By the order of the columns; undefined where the values tell the type. */
  readonly declared: readonly (DataType | undefined)[];
  /** Bytes of the longest record where that is more than DuckDB expects; 0 where it is not. */
  readonly longestRecordBytes: number;
}

/** DuckDB's own limit; it is raised for files that are known to need that. */
export const usualRecordBytes = 2_000_000;
const usualBufferBytes = 16 * usualRecordBytes;

/**
 * SQL that DuckDB reads CSV files by.
 * @param types what the reader makes of each column; text when absent
 */
export function readCsvSql(
  paths: readonly string[],
  { layout, options, longestRecordBytes }: CsvFiles,
  types?: readonly string[],
): string {
  const nulls = options.nullIf === undefined ? [''] : ['', options.nullIf];
  const columns = layout.columns.map(
    (name, index) => `${literal(name)}: ${literal(types?.[index] ?? 'VARCHAR')}`,
  );
  const settings = [
    'auto_detect = false',
    `header = ${options.header}`,
    `delim = ${literal(layout.delimiter)}`,
    `quote = ${literal(options.quote)}`,
    `escape = ${literal(options.escape)}`,
    `skip = ${options.skipLines}`,
    `nullstr = [${nulls.map(literal).join(', ')}]`,
    `allow_quoted_nulls = ${options.emptyAsNull}`,
    ...(options.encoding === 'latin1' ? [`encoding = 'latin-1'`] : []),
    ...(options.fieldsPerRecord === -1 ? ['null_padding = true'] : []),
    ...(longestRecordBytes > 0
      ? [
          `max_line_size = ${longestRecordBytes}`,
          `buffer_size = ${Math.max(usualBufferBytes, 2 * longestRecordBytes)}`,
        ]
      : []),
    `columns = {${columns.join(', ')}}`,
  ];
  const table = `read_csv([${paths.map(literal).join(', ')}], ${settings.join(', ')})`;
  const [only = '', ...others] = layout.columns;
  // Where there are several columns DuckDB passes over blank lines by itself.
  return options.skipBlankLines && others.length === 0
    ? `(select * from ${table} where ${quote(only)} is not null)`
    : table;
}

/** Lines before the first row. */
export function headerLines({ skipLines, header }: ReadOptions): number {
  return skipLines + (header ? 1 : 0);
}
