import type { ReadRequest, StreamRef, StreamSchema } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';

/** `schema.table`, each part quoted or not; `table` alone is in `defaultSchema`. */
export function parseTableName(text: string, defaultSchema: string): TableName {
  const parts = [...text.matchAll(/"((?:[^"]|"")*)"|[^."]+/g)].map(
    ([raw, quoted]) => quoted?.replaceAll('""', '"') ?? raw.trim(),
  );
  if (parts.length === 0 || parts.length > 2) {
    throw new ConfigError(`'${text}' is not a table name.`, {
      code: 'table_name_invalid',
      next: 'Write schema.table.',
    });
  }
  const name = parts.at(-1) ?? '';
  return { schema: parts.length === 2 ? (parts[0] ?? '') : defaultSchema, name };
}

/** How names of tables are read and written. */
export interface Naming {
  readonly defaultSchema: string;
  readonly dialect: Dialect;
}

/** What follows `from`: the table, or the query as a subquery. */
export function fromClause(stream: StreamRef, { defaultSchema, dialect }: Naming): string {
  if (stream.sql !== undefined) return `(${stream.sql.replace(/[\s;]+$/, '')}\n) as stream`;
  return dialect.quoteTable(parseTableName(stream.name, defaultSchema));
}

/** The columns asked for, in the order asked for. */
export function wantedColumns(request: ReadRequest, schema: StreamSchema): readonly Column[] {
  return request.columns.map((name) => {
    const column = schema.columns.find((candidate) => candidate.name === name);
    if (column) return column;
    throw new ConfigError(`${request.stream.name} has no column ${name}.`, {
      code: 'column_missing',
      next: `Its columns are: ${schema.columns.map((candidate) => candidate.name).join(', ')}.`,
    });
  });
}

/** The SELECT of a request; `expression` spells one column. */
export function selectText(
  request: ReadRequest,
  columns: readonly Column[],
  naming: Naming,
  expression: (column: Column) => string,
): string {
  const list = columns.map((column) => `${expression(column)} as ${duckdbDialect.quote(column.name)}`);
  return [
    `select ${list.join(', ')}`,
    `from ${fromClause(request.stream, naming)}`,
    ...(request.where === undefined ? [] : [`where ${request.where}`]),
    ...(request.orderBy === undefined ? [] : [`order by ${request.orderBy}`]),
    ...(request.limit === undefined ? [] : [`limit ${request.limit}`]),
  ].join('\n');
}

/** A column with exactly the values and the type that the stream's schema tells. */
export function typedExpression(column: Column): string {
  const name = duckdbDialect.quote(column.name);
  // Structs become JSON by the cast, and JSON stays as it is; to_json would round the numbers in it.
  return `cast(${name} as ${duckdbDialect.typeName(column.type)})`;
}

/** A column in the form in which `readVector` takes it. */
export function vectorExpression(column: Column): string {
  const name = duckdbDialect.quote(column.name);
  if (column.type.type === 'json') return `cast(cast(${name} as json) as varchar)`;
  if (column.type.type === 'timetz') return `cast(${name} as varchar)`;
  if (column.type.type === 'array' && column.type.element.type === 'bytes')
    return `cast(to_json(list_transform(${name}, lambda item: '\\x' || lower(hex(item)))) as varchar)`;
  if (column.type.type === 'array') return `cast(to_json(cast(${name} as varchar[])) as varchar)`;
  return typedExpression(column);
}

/** Parquet keeps intervals to the millisecond only, and times without their zone, so they go in as text. */
export function parquetExpression(column: Column): string {
  const { type } = column;
  const isList = type.type === 'array';
  const value = isList ? type.element.type : type.type;
  if (value !== 'interval' && value !== 'timetz') return typedExpression(column);
  return `cast(${duckdbDialect.quote(column.name)} as varchar${isList ? '[]' : ''})`;
}
