import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import type { Candidate } from '../typing/column-fit.ts';
import { type CsvLayout, readCsvLayout } from './csv-header.ts';
import { fittingSql, misfitTable, refuseMisfit } from './csv-misfits.ts';
import { type CsvFiles, readCsvSql } from './csv-reading.ts';
import { readableCsv } from './csv-survey.ts';
import { declaredColumns } from '../typing/declared-columns.ts';
import { type FileEngine, quote } from '../engine/engine.ts';
import { type FileTable, pathsOf, type ReadableFile, type TypedColumn } from '../table/file-table.ts';
import { declaredPattern, plainText } from './plain-csv.ts';
import { firstTexts, longestText } from '../typing/first-texts.ts';
import { typedText } from '../typing/held-values.ts';
import type { ReadOptions } from '../options/read-options.ts';
import type { Spool } from '../disk/spool.ts';
import { textTyping, type TextTyping } from '../typing/text-typing.ts';
import { isTimeType } from '../typing/time-shape.ts';
import { firstFits, guessFits, guessPattern, heldToGuess, textColumns } from '../typing/type-inference.ts';

/**
 * Columns above which every row is asked for its types before any is read: to hold each value of so many columns to a
 * guess takes DuckDB longer, and more memory, than to read the file twice.
 */
const wideColumns = 200;

/** What reading CSV takes beside the files. */
export interface CsvTools {
  readonly spool: Spool;
  readonly engine: Pick<FileEngine, 'memoryLimitBytes'>;
  readonly signal: AbortSignal | undefined;
}

/** Reads CSV as text, types its columns by all rows or by declaration, and finds every broken row. */
export async function csvTable(
  connection: DuckDBConnection,
  files: readonly ReadableFile[],
  asked: ReadOptions,
  { spool, engine, signal }: CsvTools,
): Promise<FileTable> {
  const layout = await commonLayout(files, asked);
  const options = { ...asked, skipLines: asked.skipLines + layout.blankLines };
  const types = declaredColumns(options, layout.columns, 'The file has no column');
  const declared = layout.columns.map((name) => types.get(name));
  const given: CsvFiles = { files, layout, options, declared, longestRecordBytes: 0 };
  const readable = <T>(
    csv: CsvFiles,
    stop: AbortSignal | undefined,
    work: (csv: CsvFiles) => Promise<T>,
  ): Promise<T> => readableCsv(csv, spool, engine.memoryLimitBytes, stop, work);
  return await readable(given, signal, async (csv) => {
    if (options.rejects === 'only') {
      await connection.run(`select count(*) from ${readCsvSql(pathsOf(csv.files), csv)}`);
      return misfitTable(csv);
    }
    if (options.rejects === 'without') return await fittingTable(connection, csv);
    if (layout.columns.length > wideColumns) return await exactTable(connection, csv);
    const guessed = await guessedTable(connection, csv);
    return {
      ...guessed,
      recheck: (again, stop) =>
        readable(csv, stop, async (mended) => {
          const sure = await exactTable(again, mended);
          return mended === csv && hasSameTypes(sure, guessed) ? undefined : sure;
        }),
    };
  });
}

function hasSameTypes(one: FileTable, other: FileTable): boolean {
  return one.columns.every(
    ({ type }, index) => JSON.stringify(type) === JSON.stringify(other.columns[index]?.type),
  );
}

/** Columns by the first rows; each value is held to them when it is read, so that the whole is read once. */
async function guessedTable(connection: DuckDBConnection, csv: CsvFiles): Promise<FileTable> {
  const { files, layout, options, declared } = csv;
  const typing = textTyping(options);
  const fromOf = (paths: readonly string[]): string => readCsvSql(paths, csv);
  const from = fromOf(pathsOf(files));
  const looked = layout.columns.filter((_, index) => !declared[index] || isTimeType(declared[index]));
  const { texts, isWhole } = await firstTexts(connection, from, textColumns(looked));
  const textsOf = new Map(looked.map((name, index) => [name, texts[index] ?? []]));
  const open = layout.columns.filter((_, index) => !declared[index]);
  const first = open.map((name) => textsOf.get(name) ?? []);
  const guesses = await guessFits(connection, from, textColumns(open), typing.candidates, first);
  const guessed = new Map(open.map((name, index) => [name, guesses[index]]));
  const usual = (name: string, type: DataType): string | undefined =>
    isTimeType(type) ? longestText(textsOf.get(name) ?? []) : undefined;
  const patterns: (string | undefined)[] = [];
  const columns = layout.columns.map((name, index): TypedColumn => {
    const text = quote(name);
    const type = declared[index];
    if (type) {
      patterns.push(declaredPattern(type));
      return { name, type, nullable: true, expression: typing.held(text, type, name, usual(name, type)) };
    }
    const guess = guessed.get(name);
    if (!guess) throw new Error('every open column has a guess');
    const inferred = typing.infer(guess.evidence, text);
    const expression = isWhole
      ? inferred.expression
      : heldToGuess(text, inferred, guess, usual(name, inferred.type));
    patterns.push(guessPattern(guess));
    return { name, type: inferred.type, nullable: true, expression };
  });
  return { fileType: 'csv', files, columns, fromOf, plain: plainText(files, layout, options, patterns) };
}

/** Columns whose types every row was asked for, so that DuckDB's reader may make the values by itself. */
async function exactTable(connection: DuckDBConnection, csv: CsvFiles): Promise<FileTable> {
  const { files, layout, options } = csv;
  const found = await exactColumns(connection, csv, readCsvSql(pathsOf(files), csv));
  const columns = found.map(({ column }) => column);
  const types = columns.map(readType);
  return {
    fileType: 'csv',
    files,
    columns: columns.map((column, index) =>
      types[index] === 'VARCHAR' ? column : { ...column, expression: quote(column.name) },
    ),
    fromOf: (paths) => readCsvSql(paths, csv, types),
    plain: plainText(
      files,
      layout,
      options,
      found.map(({ pattern }) => pattern),
    ),
  };
}

/** A column, and how its values are written, as a regular expression; undefined for any text. */
interface WrittenColumn {
  readonly column: TypedColumn;
  readonly pattern: string | undefined;
}

/**
 * Types that all rows of `from` agree on.
 * @throws DataError code `value_misfit` for a value that does not fit what was declared
 */
async function exactColumns(
  connection: DuckDBConnection,
  csv: CsvFiles,
  from: string,
): Promise<readonly WrittenColumn[]> {
  const { layout, options, declared } = csv;
  const typing = textTyping(options);
  const possible = possibleTypes(csv, typing);
  const evidence = await firstFits(connection, from, textColumns(layout.columns), possible);
  const misfits = declared.flatMap((type, index) => {
    const mayMisfit = type !== undefined && (possible[index] ?? []).length > 0;
    return mayMisfit && evidence[index]?.hasValues === true && evidence[index].fits.size === 0 ? [index] : [];
  });
  if (misfits.length > 0) await refuseMisfit(connection, csv, new Set(misfits));
  return layout.columns.map((name, index): WrittenColumn => {
    const type = declared[index];
    const text = quote(name);
    if (type) {
      const column = { name, type, nullable: true, expression: typing.cast(text, type) };
      return { column, pattern: declaredPattern(type) };
    }
    const found = evidence[index];
    if (!found) throw new Error('every column has evidence');
    const candidate = found.hasValues
      ? typing.candidates.find((candidate) => found.fits.has(candidate.name))
      : undefined;
    return {
      column: { name, nullable: true, ...typing.infer(found, text) },
      pattern: guessPattern({ evidence: found, ...(candidate ? { candidate } : {}) }),
    };
  });
}

/** What each column may be: what was declared for it, or anything. */
function possibleTypes(
  { layout, declared }: CsvFiles,
  typing: TextTyping,
): readonly (readonly Candidate[])[] {
  const known = new Map<string, readonly Candidate[]>();
  return layout.columns.map((name, index) => {
    const type = declared[index];
    if (!type) return typing.candidates;
    const key = JSON.stringify(type);
    const isHeld = typing.fits(quote(name), type, name) !== 'true';
    const before =
      known.get(key) ??
      (isHeld
        ? [{ name: 'declared', type, isWritten: (text: string) => typing.fits(text, type, name) }]
        : []);
    known.set(key, before);
    return before;
  });
}

const readTypes = new Set<DataType['type']>([
  'boolean',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'decimal',
  'date',
  'timestamp',
  'timestamptz',
]);

/** What DuckDB's reader is to make of a column by itself; text where the expression does more than that. */
function readType({ name, type, expression }: TypedColumn): string {
  const isCast = expression !== quote(name) && expression === typedText(quote(name), type);
  return isCast && readTypes.has(type.type) ? duckdbDialect.typeName(type) : 'VARCHAR';
}

/** Rows that fit the declared types; the other columns are typed by these rows. */
async function fittingTable(connection: DuckDBConnection, csv: CsvFiles): Promise<FileTable> {
  const { files } = csv;
  const columns = await exactColumns(connection, csv, fittingSql(pathsOf(files), csv));
  return {
    fileType: 'csv',
    files,
    // A cast that fails may run before the filter, so it gives NULL there.
    columns: columns.map(({ column }) => ({
      ...column,
      expression: column.expression
        .replace(/^cast\(/, 'try_cast(')
        .replaceAll(/(?<!try_)strptime\(/g, 'try_strptime('),
    })),
    fromOf: (paths) => fittingSql(paths, csv),
    plain: { reason: 'rows may be rejected' },
  };
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
      layout.delimiter === first.layout.delimiter &&
      layout.blankLines === first.layout.blankLines
    )
      continue;
    throw new DataError(`${place} has other columns than ${first.place}.`, {
      code: 'file_columns_differ',
      state: 'Nothing was read.',
      next: 'Load them as separate streams, or give them the same header.',
    });
  }
  if (!first) throw new Error('a stream of files has at least one');
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
