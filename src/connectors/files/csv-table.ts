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
  if (options.rejects === 'only') return rejectedRows(paths, layout, options, declared);
  if (options.rejects === 'without') return await fittingRows(connection, paths, layout, options, declared);
  await checkDeclared(connection, paths, layout, options, declared);
  return { fileType: 'csv', paths, columns: await typedColumns(connection, from, layout, declared), from };
}

type DeclaredTypes = readonly (DataType | undefined)[];

async function typedColumns(
  connection: DuckDBConnection,
  from: string,
  layout: CsvLayout,
  declared: DeclaredTypes,
): Promise<readonly TypedColumn[]> {
  const evidence = await gatherEvidence(connection, from, textColumns(layout.columns));
  return layout.columns.map((name, index): TypedColumn => {
    const found = evidence[index];
    const type = declared[index] ?? (found ? inferredType(found) : { type: 'text' });
    return { name, type, nullable: true, expression: typedText(quote(name), type) };
  });
}

/** Rows that fit the declared types; the other columns are typed by all rows. */
async function fittingRows(
  connection: DuckDBConnection,
  paths: readonly string[],
  layout: CsvLayout,
  options: ReadOptions,
  declared: DeclaredTypes,
): Promise<FileTable> {
  const from = readCsvSql(paths, layout, options);
  const columns = await typedColumns(connection, from, layout, declared);
  const misfits = misfitCases(layout, declared);
  const fitting = misfits.length === 0 ? from : `(select * from ${from} where ${misfitNumber(misfits)} = 0)`;
  // A cast that fails may run before the filter, so it gives NULL there.
  const tried = columns.map((column) => ({
    ...column,
    expression: column.expression.replace(/^cast\(/, 'try_cast('),
  }));
  return { fileType: 'csv', paths, columns: tried, from: fitting };
}

/** Rows that do not fit, each with its place and the first reason. */
function rejectedRows(
  paths: readonly string[],
  layout: CsvLayout,
  options: ReadOptions,
  declared: DeclaredTypes,
): FileTable {
  const misfits = misfitCases(layout, declared);
  const names = layout.columns.map((name) => literal(name)).join(', ');
  const values = layout.columns.map((name) => quote(name)).join(', ');
  const types = declared.map((type) => literal(type ? duckdbDialect.typeName(type) : 'varchar')).join(', ');
  const fields = layout.columns.map((name) => `${literal(name)}, ${quote(name)}`).join(', ');
  const parts = paths.map(
    (path) => `select ${literal(path)} as file, record + ${headerLines(options)} as line,
  [${names}][misfit] as "column", [${values}][misfit] as value,
  'does not fit ' || [${types}][misfit] as reason, cast(json_object(${fields}) as varchar) as row
from (select *, row_number() over () as record, ${misfitNumber(misfits)} as misfit from ${readCsvSql([path], layout, options)})
where misfit > 0`,
  );
  const columns = ['file', 'line', 'column', 'value', 'reason', 'row'].map((name): TypedColumn => {
    const type: DataType = name === 'line' ? { type: 'int64' } : { type: 'text' };
    return { name, type, nullable: true, expression: quote(name) };
  });
  return { fileType: 'csv', paths, columns, from: `(${parts.join(' union all ')})` };
}

/** One `when` per declared column; its `then` is the column's number from 1 on. */
function misfitCases(layout: CsvLayout, declared: DeclaredTypes): readonly string[] {
  return layout.columns.flatMap((name, index) => {
    const type = declared[index];
    if (!type) return [];
    const fits = fitsSql(quote(name), type, name);
    return fits === 'true' ? [] : [`when ${quote(name)} is not null and not ${fits} then ${index + 1}`];
  });
}

function misfitNumber(cases: readonly string[]): string {
  return cases.length === 0 ? '0' : `(case ${cases.join(' ')} else 0 end)`;
}

function headerLines(options: ReadOptions): number {
  return options.skipLines + (options.header ? 1 : 0);
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
  declared: DeclaredTypes,
): Promise<void> {
  const misfits = misfitCases(layout, declared);
  if (misfits.length === 0) return;
  for (const path of paths) {
    const found = await connection.runAndReadAll(
      `select record, misfit from (
         select row_number() over () as record, ${misfitNumber(misfits)} as misfit
         from ${readCsvSql([path], layout, options)})
       where misfit > 0 limit 1`,
    );
    const [record, misfit] = found.getRows()[0] ?? [];
    if (misfit === undefined) continue;
    const column = Number(misfit) - 1;
    const line = Number(record) + headerLines(options);
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
