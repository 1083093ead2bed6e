import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import { fitsSql } from '../typing/column-fit.ts';
import { declaredColumns } from '../typing/declared-columns.ts';
import { literal, quote } from '../engine/engine.ts';
import {
  type FileTable,
  pathsOf,
  type ReadableFile,
  type ReadableFiles,
  type RecordShape,
  type TypedColumn,
} from '../table/file-table.ts';
import { exactKind, type JsonCell, plainCell, verbatimCell } from './json-cell.ts';
import type { TableType } from '../disk/file-type.ts';
import type { ReadOptions } from '../options/read-options.ts';
import { typedText, type TypedValue } from '../typing/held-values.ts';
import { rounded, textTyping, type TextTyping } from '../typing/text-typing.ts';
import type { ColumnEvidence } from '../typing/column-evidence.ts';
import { exactType, gatherEvidence } from '../typing/type-inference.ts';

const numberKinds = new Set(['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE', exactKind]);
/** Whole digits that a double keeps exactly. */
const exactDoubleDigits = 15;

/** Reads JSON records; types come from what all records hold under a key. */
export async function jsonTable(
  connection: DuckDBConnection,
  { fileType, files, records, hasVerbatim }: ReadableFiles,
  options: ReadOptions,
): Promise<FileTable> {
  const cell = hasVerbatim === true ? verbatimCell : plainCell;
  const paths = pathsOf(files);
  const names = records?.columns.map(({ name }) => name) ?? (await keyNames(connection, fileType, paths));
  const declared = declaredColumns(options, names, 'No record has the key');
  const stored = records?.rowKey === undefined ? names : [records.rowKey, ...names];
  const fromOf = (some: readonly string[]): string => readJsonSql(fileType, some, stored);
  const typing = textTyping(options);
  const columns = new Map<string, TypedColumn>();
  const open: string[] = [];
  for (const name of names) {
    const type = declared.get(name);
    const own = records?.columns.find((column) => column.name === name)?.type;
    const text = textOf(cell.text(name), options);
    if (type) {
      await checkDeclared(connection, files, fromOf, { name, type, text, typing, ...rowOf(records) });
      columns.set(name, {
        name,
        type,
        nullable: true,
        expression: valueOf(cell.json(name), text, type, typing),
      });
    } else if (own)
      columns.set(name, { name, type: own, nullable: true, expression: storedValue(name, cell, own) });
    else open.push(name);
  }
  for (const column of await inferColumns(connection, fromOf(paths), cell, open, options, records))
    columns.set(column.name, column);
  return { fileType, files, columns: names.flatMap((name) => columns.get(name) ?? []), fromOf };
}

async function inferColumns(
  connection: DuckDBConnection,
  from: string,
  cell: JsonCell,
  names: readonly string[],
  options: ReadOptions,
  records: RecordShape | undefined,
): Promise<readonly TypedColumn[]> {
  if (names.length === 0) return [];
  const typing = textTyping(options);
  const kinds = await kindsOf(
    connection,
    from,
    names.map((name) => cell.kind(name)),
  );
  const texts = names.map((name) => ({ name, expression: textOf(cell.text(name), options) }));
  const evidence = await gatherEvidence(connection, from, texts, typing.candidates);
  return texts.map(({ name, expression }, index): TypedColumn => {
    const found = evidence[index];
    const kind = kinds[index] ?? new Set<string>();
    if (!found) return { name, type: { type: 'text' }, nullable: true, expression };
    const inferred = inferValue(
      cell.json(name),
      expression,
      kind,
      found,
      options,
      records?.isText ?? false,
      typing,
    );
    return { name, nullable: true, ...inferred };
  });
}

function inferValue(
  json: string,
  text: string,
  kinds: ReadonlySet<string>,
  evidence: ColumnEvidence,
  { maxDecimals }: ReadOptions,
  isText: boolean,
  typing: TextTyping,
): TypedValue {
  const all = [...kinds];
  if (all.includes('OBJECT') || all.includes('ARRAY')) return { type: { type: 'json' }, expression: json };
  const asText: TypedValue = { type: { type: 'text' }, expression: text };
  if (all.length > 0 && all.every((kind) => kind === 'BOOLEAN'))
    return { type: { type: 'boolean' }, expression: typedText(text, { type: 'boolean' }) };
  if (all.length > 0 && all.every((kind) => numberKinds.has(kind))) {
    const type = kinds.has(exactKind) ? exactNumberType(evidence) : numberType(evidence);
    return rounded({ type, expression: typedText(text, type) }, evidence, maxDecimals);
  }
  if (!all.every((kind) => kind === 'VARCHAR')) return asText;
  const inferred = typing.infer(evidence, text);
  // A JSON string that looks like a number was meant as text; ISO 8601 times have no other form in JSON.
  const isTime = ['date', 'timestamp', 'timestamptz'].includes(inferred.type.type);
  return isText || isTime ? inferred : asText;
}

function numberType(evidence: ColumnEvidence): DataType {
  if (evidence.fits.has('integer')) return { type: 'int64' };
  if (evidence.fits.has('decimal') && evidence.fractionDigits === 0) return exactType(evidence);
  return evidence.wholeDigits <= exactDoubleDigits ? { type: 'float64' } : { type: 'text' };
}

function exactNumberType(evidence: ColumnEvidence): DataType {
  return evidence.fits.has('decimal') ? exactType(evidence) : { type: 'text' };
}

/** A value as text; what the options call NULL is NULL. */
function textOf(value: string, { nullIf, emptyAsNull }: ReadOptions): string {
  let text = value;
  if (nullIf !== undefined) text = `nullif(${text}, ${literal(nullIf)})`;
  return emptyAsNull ? `nullif(${text}, '')` : text;
}

function valueOf(json: string, text: string, type: DataType, typing: TextTyping): string {
  return type.type === 'json' ? json : typing.cast(text, type);
}

/** A value whose type its file has told; bytes were written as base64. */
function storedValue(name: string, cell: JsonCell, type: DataType): string {
  const text = cell.text(name);
  if (type.type === 'json') return cell.json(name);
  return type.type === 'bytes' ? `from_base64(${text})` : typedText(text, type);
}

async function keyNames(
  connection: DuckDBConnection,
  fileType: TableType,
  paths: readonly string[],
): Promise<readonly string[]> {
  const shape = await connection.runAndReadAll(
    `describe select * from ${readJsonSql(fileType, paths, undefined)}`,
  );
  return shape.getRows().map(([name]) => String(name));
}

function readJsonSql(
  fileType: TableType,
  paths: readonly string[],
  names: readonly string[] | undefined,
): string {
  const shape = names
    ? `columns = {${names.map((name) => `${literal(name)}: 'JSON'`).join(', ')}}`
    : `sample_size = -1, maximum_depth = 1, map_inference_threshold = -1, union_by_name = true`;
  const settings = [
    `format = ${fileType === 'jsonl' ? `'newline_delimited'` : `'auto'`}`,
    `records = true`,
    shape,
  ];
  return `read_json([${paths.map(literal).join(', ')}], ${settings.join(', ')})`;
}

/** A list of distinct values takes memory of its own: hundreds of them in one SELECT take all there is. */
const mostKindsAsked = 64;

async function kindsOf(
  connection: DuckDBConnection,
  from: string,
  kinds: readonly string[],
): Promise<readonly ReadonlySet<string>[]> {
  const found: ReadonlySet<string>[] = [];
  for (let start = 0; start < kinds.length; start += mostKindsAsked)
    found.push(...(await kindsOfSome(connection, from, kinds.slice(start, start + mostKindsAsked))));
  return found;
}

async function kindsOfSome(
  connection: DuckDBConnection,
  from: string,
  kinds: readonly string[],
): Promise<readonly ReadonlySet<string>[]> {
  const lists = kinds.map((kind) => `array_to_string(list(distinct ${kind}), ',')`);
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

interface DeclaredColumn {
  readonly name: string;
  readonly type: DataType;
  readonly text: string;
  readonly typing: TextTyping;
  readonly rowKey?: string;
}

function rowOf(records: RecordShape | undefined): { readonly rowKey?: string } {
  return records?.rowKey === undefined ? {} : { rowKey: records.rowKey };
}

async function checkDeclared(
  connection: DuckDBConnection,
  files: readonly ReadableFile[],
  fromOf: FileTable['fromOf'],
  { name, type, text, typing, rowKey }: DeclaredColumn,
): Promise<void> {
  const fits = type.type === 'json' ? fitsSql(text, { type: 'text' }, name) : typing.fits(text, type, name);
  if (fits === 'true') return;
  const record = rowKey === undefined ? 'row_number() over ()' : `${quote(rowKey)} ->> '$'`;
  for (const { path, place } of files) {
    const found = await connection.runAndReadAll(
      `select record from (select ${record} as record, ${text} is not null and not ${fits} as misfit from ${fromOf([path])}) where misfit limit 1`,
    );
    const number = found.getRows()[0]?.[0];
    if (number === undefined) continue;
    throw new DataError(
      `${place}, ${rowKey === undefined ? 'record' : 'row'} ${String(number)}: the value of ${name} does not fit ${type.type}.`,
      {
        code: 'value_misfit',
        state: 'Nothing was published.',
        next: 'Correct the record, or declare another type under columns:.',
      },
    );
  }
}
