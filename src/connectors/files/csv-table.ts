import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError, DataError } from '../../core/errors.ts';
import type { DataType } from '../../sql/data-type.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { type CsvLayout, readCsvLayout } from './csv-header.ts';
import { literal, quote } from './engine.ts';
import { type FileTable, pathsOf, type ReadableFile, type TypedColumn } from './file-table.ts';
import { declaredPattern, plainText } from './plain-csv.ts';
import type { ReadOptions } from './read-options.ts';
import { textTyping } from './text-typing.ts';
import { firstFits, guessFits, guessPattern, heldToGuess, textColumns } from './type-inference.ts';

/** Reads CSV as text, types its columns by all rows or by declaration, and finds every broken row. */
export async function csvTable(
  connection: DuckDBConnection,
  files: readonly ReadableFile[],
  options: ReadOptions,
): Promise<FileTable> {
  const layout = await commonLayout(files, options);
  const declared = layout.columns.map((name) => options.columns[name] ?? options.columns['*']);
  if (options.rejects === 'only') return rejectedRows(files, layout, options, declared);
  if (options.rejects === 'without') return await fittingRows(connection, files, layout, options, declared);
  const fromOf = (paths: readonly string[]): string => readCsvSql(paths, layout, options);
  const from = fromOf(pathsOf(files));
  const tableOf = (found: readonly WrittenColumn[]): FileTable => {
    const patterns = found.map(({ pattern }) => pattern);
    const columns = found.map(({ column }) => column);
    return { fileType: 'csv', files, columns, fromOf, plain: plainText(files, layout, options, patterns) };
  };
  const recheck = async (again: DuckDBConnection): Promise<FileTable> => {
    await checkDeclared(again, files, layout, options, declared);
    return tableOf(await typedColumns(again, from, layout, options, declared));
  };
  return { ...tableOf(await guessedColumns(connection, from, layout, options, declared)), recheck };
}

/** A column, and how its values are written, as a regular expression; undefined for any text. */
interface WrittenColumn {
  readonly column: TypedColumn;
  readonly pattern: string | undefined;
}

type DeclaredTypes = readonly (DataType | undefined)[];

/** Columns by the first rows; each value is held to them when it is read, so that the whole is read once. */
async function guessedColumns(
  connection: DuckDBConnection,
  from: string,
  layout: CsvLayout,
  options: ReadOptions,
  declared: DeclaredTypes,
): Promise<readonly WrittenColumn[]> {
  const typing = textTyping(options);
  const open = textColumns(layout.columns.filter((_, index) => !declared[index]));
  const { guesses, isWhole } = await guessFits(connection, from, open, typing.candidates);
  return layout.columns.map((name, index): WrittenColumn => {
    const text = quote(name);
    const type = declared[index];
    if (type) {
      const held = typing.held(text, type, name);
      return {
        column: { name, type, nullable: true, expression: held },
        pattern: declaredPattern(type),
      };
    }
    const guess = guesses[open.findIndex((column) => column.name === name)];
    if (!guess) throw new Error('every open column has a guess');
    const inferred = typing.infer(guess.evidence, text);
    const expression = isWhole ? inferred.expression : heldToGuess(text, inferred.expression, guess);
    return {
      column: { name, type: inferred.type, nullable: true, expression },
      pattern: guessPattern(guess),
    };
  });
}

async function typedColumns(
  connection: DuckDBConnection,
  from: string,
  layout: CsvLayout,
  options: ReadOptions,
  declared: DeclaredTypes,
): Promise<readonly WrittenColumn[]> {
  const typing = textTyping(options);
  const open = textColumns(layout.columns.filter((_, index) => !declared[index]));
  const evidence = await firstFits(connection, from, open, typing.candidates);
  return layout.columns.map((name, index): WrittenColumn => {
    const type = declared[index];
    if (type) {
      const expression = typing.cast(quote(name), type);
      return { column: { name, type, nullable: true, expression }, pattern: declaredPattern(type) };
    }
    const found = evidence[open.findIndex((column) => column.name === name)];
    if (!found) throw new Error('every open column has evidence');
    const candidate = found.hasValues
      ? typing.candidates.find((possible) => found.fits.has(possible.name))
      : undefined;
    return {
      column: { name, nullable: true, ...typing.infer(found, quote(name)) },
      pattern: guessPattern({ evidence: found, ...(candidate ? { candidate } : {}) }),
    };
  });
}

/** Rows that fit the declared types; the other columns are typed by all rows. */
async function fittingRows(
  connection: DuckDBConnection,
  files: readonly ReadableFile[],
  layout: CsvLayout,
  options: ReadOptions,
  declared: DeclaredTypes,
): Promise<FileTable> {
  const from = readCsvSql(pathsOf(files), layout, options);
  const columns = (await typedColumns(connection, from, layout, options, declared)).map(
    ({ column }) => column,
  );
  const misfits = misfitCases(layout, options, declared);
  const fromOf = (paths: readonly string[]): string => {
    const all = readCsvSql(paths, layout, options);
    return misfits.length === 0 ? all : `(select * from ${all} where ${misfitNumber(misfits)} = 0)`;
  };
  // A cast that fails may run before the filter, so it gives NULL there.
  const tried = columns.map((column) => ({
    ...column,
    expression: column.expression
      .replace(/^cast\(/, 'try_cast(')
      .replaceAll(/(?<!try_)strptime\(/g, 'try_strptime('),
  }));
  return { fileType: 'csv', files, columns: tried, fromOf, plain: { reason: 'rows may be rejected' } };
}

/** Rows that do not fit, each with its place and the first reason. */
function rejectedRows(
  files: readonly ReadableFile[],
  layout: CsvLayout,
  options: ReadOptions,
  declared: DeclaredTypes,
): FileTable {
  const misfits = misfitCases(layout, options, declared);
  const names = layout.columns.map((name) => literal(name)).join(', ');
  const values = layout.columns.map((name) => quote(name)).join(', ');
  const types = declared.map((type) => literal(type ? duckdbDialect.typeName(type) : 'varchar')).join(', ');
  const fields = layout.columns.map((name) => `${literal(name)}, ${quote(name)}`).join(', ');
  const parts = files.map(
    ({ path, place }) => `select ${literal(place)} as file, record + ${headerLines(options)} as line,
  [${names}][misfit] as "column", [${values}][misfit] as value,
  'does not fit ' || [${types}][misfit] as reason, cast(json_object(${fields}) as varchar) as row
from (select *, row_number() over () as record, ${misfitNumber(misfits)} as misfit from ${readCsvSql([path], layout, options)})
where misfit > 0`,
  );
  const columns = ['file', 'line', 'column', 'value', 'reason', 'row'].map((name): TypedColumn => {
    const type: DataType = name === 'line' ? { type: 'int64' } : { type: 'text' };
    return { name, type, nullable: true, expression: quote(name) };
  });
  return { fileType: 'csv', files, columns, fromOf: () => `(${parts.join(' union all ')})` };
}

/** One `when` per declared column; its `then` is the column's number from 1 on. */
function misfitCases(layout: CsvLayout, options: ReadOptions, declared: DeclaredTypes): readonly string[] {
  const typing = textTyping(options);
  return layout.columns.flatMap((name, index) => {
    const type = declared[index];
    if (!type) return [];
    const fits = typing.fits(quote(name), type, name);
    return fits === 'true' ? [] : [`when ${quote(name)} is not null and not ${fits} then ${index + 1}`];
  });
}

function misfitNumber(cases: readonly string[]): string {
  return cases.length === 0 ? '0' : `(case ${cases.join(' ')} else 0 end)`;
}

function headerLines(options: ReadOptions): number {
  return options.skipLines + (options.header ? 1 : 0);
}

async function commonLayout(files: readonly ReadableFile[], options: ReadOptions): Promise<CsvLayout> {
  let first: { place: string; layout: CsvLayout } | undefined;
  for (const { path, place } of files) {
    const layout = await readCsvLayout(path, place, options);
    if (!layout) throw emptyFile(place, options);
    requireFields(layout, place, options);
    first ??= { place, layout };
    if (
      layout.columns.join('\n') === first.layout.columns.join('\n') &&
      layout.delimiter === first.layout.delimiter
    )
      continue;
    throw new DataError(`${place} has other columns than ${first.place}.`, {
      code: 'file_columns_differ',
      state: 'Nothing was read.',
      next: 'Load them as separate streams, or give them the same header.',
    });
  }
  if (!first) throw new Error('a stream of files has at least one');
  checkNames(first.layout, options);
  return first.layout;
}

/** `fields_per_rec` is held against the first record; each further one must have as many fields anyway. */
function requireFields(layout: CsvLayout, place: string, { fieldsPerRecord }: ReadOptions): void {
  if (fieldsPerRecord === undefined || fieldsPerRecord < 0 || layout.columns.length === fieldsPerRecord)
    return;
  throw new DataError(
    `${place}: the first record has ${layout.columns.length} fields, and fields_per_rec is ${fieldsPerRecord}.`,
    {
      code: 'file_columns_differ',
      state: 'Nothing was read.',
      next: 'Correct the file, its delimiter in source_options, or fields_per_rec.',
    },
  );
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
    ...(options.encoding === 'latin1' ? [`encoding = 'latin-1'`] : []),
    ...(options.compression === 'gzip' || options.compression === 'zstd' || options.compression === 'none'
      ? [`compression = ${literal(options.compression)}`]
      : []),
    ...(options.fieldsPerRecord === -1 ? ['null_padding = true'] : []),
    `columns = {${layout.columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ')}}`,
  ];
  const table = `read_csv([${paths.map(literal).join(', ')}], ${settings.join(', ')})`;
  const [only = '', ...others] = layout.columns;
  // Where there are several columns DuckDB passes over blank lines by itself.
  return options.skipBlankLines && others.length === 0
    ? `(select * from ${table} where ${quote(only)} is not null)`
    : table;
}

/** A declared type holds for every row: the first value that does not fit is told with its place. */
async function checkDeclared(
  connection: DuckDBConnection,
  files: readonly ReadableFile[],
  layout: CsvLayout,
  options: ReadOptions,
  declared: DeclaredTypes,
): Promise<void> {
  const misfits = misfitCases(layout, options, declared);
  if (misfits.length === 0) return;
  for (const { path, place } of files) {
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
      `${place}, line ${line}: the value of column ${layout.columns[column]} does not fit ${typeName}.`,
      {
        code: 'value_misfit',
        state: 'Nothing was published. Lines are counted as records: a value with line breaks counts as one.',
        next: 'Correct the row, or declare another type under columns:.',
      },
    );
  }
}
