import type { DuckDBConnection } from '@duckdb/node-api';
import { ConfigError, DataError } from '../../core/errors.ts';
import type { DataType } from '../../sql/data-type.ts';
import { fitsSql } from './column-fit.ts';
import { typedText } from './csv-table.ts';
import { literal, quote } from './engine.ts';
import type { FileTable, TypedColumn } from './file-table.ts';
import type { FileType } from './file-type.ts';
import type { ReadOptions } from './read-options.ts';
import { type ColumnEvidence, exactType, gatherEvidence, inferredType } from './type-inference.ts';

const numberKinds = new Set(['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE']);
/** Whole digits that a double keeps exactly. */
const exactDoubleDigits = 15;

/** Reads JSON records; types come from what all records hold under a key. */
export async function jsonTable(
  connection: DuckDBConnection,
  fileType: FileType,
  paths: readonly string[],
  options: ReadOptions,
): Promise<FileTable> {
  const names = await keyNames(connection, fileType, paths, options);
  const from = readJsonSql(fileType, paths, options, names);
  const textOf = (name: string) => `(${quote(name)} ->> '$')`;
  const kinds = await kindsOf(connection, from, names);
  const evidence = await gatherEvidence(
    connection,
    from,
    names.map((name) => ({ name, expression: textOf(name) })),
  );
  const columns: TypedColumn[] = [];
  for (const [index, name] of names.entries()) {
    const declared = options.columns[name] ?? options.columns['*'];
    const found = evidence[index];
    const type = declared ?? (found ? jsonType(kinds[index] ?? new Set(), found) : { type: 'text' });
    if (declared) await checkDeclared(connection, from, paths, textOf(name), name, declared);
    const expression = type.type === 'json' ? jsonValue(name) : typedText(textOf(name), type);
    columns.push({ name, type, nullable: true, expression });
  }
  return { fileType, paths, columns, from };
}

/** The value itself; JSON's null is NULL. */
function jsonValue(name: string): string {
  return `case when json_type(${quote(name)}) <> 'NULL' then ${quote(name)} end`;
}

async function keyNames(
  connection: DuckDBConnection,
  fileType: FileType,
  paths: readonly string[],
  options: ReadOptions,
): Promise<readonly string[]> {
  const shape = await connection.runAndReadAll(
    `describe select * from ${readJsonSql(fileType, paths, options, undefined)}`,
  );
  const names = shape.getRows().map(([name]) => String(name));
  const missing = Object.keys(options.columns).find((name) => name !== '*' && !names.includes(name));
  if (missing === undefined) return names;
  throw new ConfigError(`No record has the key ${missing}, which columns: declares.`, {
    code: 'column_missing',
    next: `Keys of the records: ${names.join(', ')}.`,
  });
}

function readJsonSql(
  fileType: FileType,
  paths: readonly string[],
  options: ReadOptions,
  names: readonly string[] | undefined,
): string {
  const shape = names
    ? `columns = {${names.map((name) => `${literal(name)}: 'JSON'`).join(', ')}}`
    : `sample_size = -1, maximum_depth = 1, union_by_name = true`;
  const settings = [
    `format = ${fileType === 'jsonl' ? `'newline_delimited'` : `'auto'`}`,
    `records = true`,
    ...(options.compression === 'auto' ? [] : [`compression = ${literal(options.compression)}`]),
    shape,
  ];
  return `read_json([${paths.map(literal).join(', ')}], ${settings.join(', ')})`;
}

async function kindsOf(
  connection: DuckDBConnection,
  from: string,
  names: readonly string[],
): Promise<readonly ReadonlySet<string>[]> {
  const lists = names.map((name) => `array_to_string(list(distinct json_type(${quote(name)})), ',')`);
  const reader = await connection.runAndReadAll(`select ${lists.join(', ')} from ${from}`);
  return (reader.getRows()[0] ?? []).map(
    (kinds) =>
      new Set(
        String(kinds ?? '')
          .split(',')
          .filter((kind) => kind !== '' && kind !== 'NULL'),
      ),
  );
}

function jsonType(kinds: ReadonlySet<string>, evidence: ColumnEvidence): DataType {
  const all = [...kinds];
  if (all.includes('OBJECT') || all.includes('ARRAY')) return { type: 'json' };
  if (all.length > 0 && all.every((kind) => kind === 'BOOLEAN')) return { type: 'boolean' };
  if (all.length > 0 && all.every((kind) => numberKinds.has(kind))) return numberType(evidence);
  const isText = all.every((kind) => kind === 'VARCHAR');
  return isText ? timeOrText(evidence) : { type: 'text' };
}

function numberType(evidence: ColumnEvidence): DataType {
  if (evidence.fits.has('integer')) return { type: 'int64' };
  if (evidence.fits.has('decimal') && evidence.fractionDigits === 0) return exactType(evidence);
  return evidence.wholeDigits <= exactDoubleDigits ? { type: 'float64' } : { type: 'text' };
}

/** A JSON string that looks like a number was meant as text; ISO 8601 times have no other form in JSON. */
function timeOrText(evidence: ColumnEvidence): DataType {
  const type = inferredType(evidence);
  return ['date', 'timestamp', 'timestamptz'].includes(type.type) ? type : { type: 'text' };
}

async function checkDeclared(
  connection: DuckDBConnection,
  from: string,
  paths: readonly string[],
  text: string,
  column: string,
  type: DataType,
): Promise<void> {
  const fits = fitsSql(text, type, column);
  const found = await connection.runAndReadAll(
    `select record from (select row_number() over () as record, ${text} is not null and not ${fits} as misfit from ${from}) where misfit limit 1`,
  );
  const record = found.getRows()[0]?.[0];
  if (record === undefined) return;
  throw new DataError(
    `${paths.join(', ')}, record ${String(record)}: the value of ${column} does not fit ${type.type}.`,
    {
      code: 'value_misfit',
      state: 'Nothing was published.',
      next: 'Correct the record, or declare another type under columns:.',
    },
  );
}
