import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError, DataError } from '../../core/errors.ts';
import type { DataType } from '../../sql/data-type.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { fitsSql } from './column-fit.ts';
import { type CsvLayout, readCsvLayout } from './csv-header.ts';
import { literal, quote } from './engine.ts';
import type { FileTable, TypedColumn } from './file-table.ts';
import type { ReadOptions } from './read-options.ts';
import { gatherEvidence, inferredType, textColumns } from './type-inference.ts';

/** Reads CSV as text, types its columns by all rows or by declaration, and finds every broken row. */
export async function csvTable(
  connection: DuckDBConnection,
  paths: readonly string[],
  options: ReadOptions,
): Promise<FileTable> {
  const layout = await commonLayout(paths, options);
  const from = readCsvSql(paths, layout, options);
  const declared = layout.columns.map((name) => options.columns[name] ?? options.columns['*']);
  await checkDeclared(connection, paths, layout, options, declared);
  const evidence = await gatherEvidence(connection, from, textColumns(layout.columns));
  const columns = layout.columns.map((name, index): TypedColumn => {
    const found = evidence[index];
    const type = declared[index] ?? (found ? inferredType(found) : { type: 'text' });
    return { name, type, nullable: true, expression: typedText(quote(name), type) };
  });
  return { fileType: 'csv', paths, columns, from };
}

/** SQL that turns text into a value; the text is known to fit. */
export function typedText(expression: string, type: DataType): string {
  if (type.type === 'text' || (type.type === 'decimal' && type.precision === undefined)) return expression;
  return `cast(${expression} as ${duckdbDialect.typeName(type)})`;
}

async function commonLayout(paths: readonly string[], options: ReadOptions): Promise<CsvLayout> {
  let first: { path: string; layout: CsvLayout } | undefined;
  for (const path of paths) {
    const layout = await readCsvLayout(path, options);
    if (!layout) throw emptyFile(path, options);
    first ??= { path, layout };
    if (
      layout.columns.join('\n') === first.layout.columns.join('\n') &&
      layout.delimiter === first.layout.delimiter
    )
      continue;
    throw new DataError(`${path} has other columns than ${first.path}.`, {
      code: 'file_columns_differ',
      state: 'Nothing was read.',
      next: 'Load them as separate streams, or give them the same header.',
    });
  }
  if (!first) throw new Error('a stream of files has at least one');
  checkNames(first.layout, options);
  return first.layout;
}

function emptyFile(path: string, options: ReadOptions): DataError {
  return new DataError(`${path} is empty${options.header ? ': it has no header' : ''}.`, {
    code: 'file_empty',
    state: 'Nothing was read.',
    next: 'Write the file again; a file without rows still needs its header.',
  });
}

function checkNames(layout: CsvLayout, options: ReadOptions): void {
  const missing = Object.keys(options.columns).find((name) => name !== '*' && !layout.columns.includes(name));
  if (missing === undefined) return;
  throw new ConfigError(`The file has no column ${missing}, which columns: declares.`, {
    code: 'column_missing',
    next: `Its columns are: ${layout.columns.join(', ')}.`,
  });
}

function readCsvSql(paths: readonly string[], layout: CsvLayout, options: ReadOptions): string {
  const nulls = options.nullIf === undefined ? [''] : ['', options.nullIf];
  const settings = [
    'auto_detect = false',
    `header = ${options.header}`,
    `delim = ${literal(layout.delimiter)}`,
    `quote = ${literal(options.quote)}`,
    `escape = ${literal(options.escape)}`,
    `skip = ${options.skipLines}`,
    `nullstr = [${nulls.map(literal).join(', ')}]`,
    `allow_quoted_nulls = ${options.emptyAsNull}`,
    `encoding = ${literal(options.encoding)}`,
    ...(options.compression === 'auto' ? [] : [`compression = ${literal(options.compression)}`]),
    `columns = {${layout.columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ')}}`,
  ];
  return `read_csv([${paths.map(literal).join(', ')}], ${settings.join(', ')})`;
}

/** A declared type holds for every row: the first value that does not fit is told with its place. */
async function checkDeclared(
  connection: DuckDBConnection,
  paths: readonly string[],
  layout: CsvLayout,
  options: ReadOptions,
  declared: readonly (DataType | undefined)[],
): Promise<void> {
  const misfits = layout.columns.flatMap((name, index) => {
    const type = declared[index];
    if (!type) return [];
    const fits = fitsSql(quote(name), type, name);
    return fits === 'true' ? [] : [`when ${quote(name)} is not null and not ${fits} then ${index + 1}`];
  });
  if (misfits.length === 0) return;
  for (const path of paths) {
    const found = await connection.runAndReadAll(
      `select record, misfit from (
         select row_number() over () as record, case ${misfits.join(' ')} else 0 end as misfit
         from ${readCsvSql([path], layout, options)})
       where misfit > 0 limit 1`,
    );
    const [record, misfit] = found.getRows()[0] ?? [];
    if (misfit === undefined) continue;
    const column = Number(misfit) - 1;
    const line = Number(record) + options.skipLines + (options.header ? 1 : 0);
    const typeName = duckdbDialect.typeName(declared[column] ?? { type: 'text' });
    throw new DataError(
      `${path}, line ${line}: the value of column ${layout.columns[column]} does not fit ${typeName}.`,
      {
        code: 'value_misfit',
        state: 'Nothing was published. Lines are counted as records: a value with line breaks counts as one.',
        next: 'Correct the row, or declare another type under columns:.',
      },
    );
  }
}
