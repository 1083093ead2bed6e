import type { ReadRequest, StreamRef } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { TableName } from '../../sql/dialect.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import type { CatalogueColumn } from './column-type.ts';

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
  return { schema: parts.length === 2 ? (parts[0] ?? '') : defaultSchema, name: parts.at(-1) ?? '' };
}

/** What follows `from`: the table, or the query as a subquery. */
export function fromClause(stream: StreamRef, defaultSchema: string): string {
  if (stream.sql !== undefined) return `(${stream.sql.replace(/[\s;]+$/, '')}\n) as stream`;
  return postgresDialect.quoteTable(parseTableName(stream.name, defaultSchema));
}

/** The columns asked for, in the order asked for. */
export function wantedColumns(
  request: ReadRequest,
  columns: readonly CatalogueColumn[],
): readonly CatalogueColumn[] {
  return request.columns.map((name) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column) return column;
    throw new ConfigError(`${request.stream.name} has no column ${name}.`, {
      code: 'column_missing',
      next: `Its columns are: ${columns.map((candidate) => candidate.name).join(', ')}.`,
    });
  });
}

/** The SELECT of a request with these expressions as its columns. */
export function selectText(
  request: ReadRequest,
  expressions: readonly string[],
  defaultSchema: string,
): string {
  return [
    `select ${expressions.join(', ')}`,
    `from ${fromClause(request.stream, defaultSchema)}`,
    ...(request.where === undefined ? [] : [`where ${request.where}`]),
    ...(request.orderBy === undefined ? [] : [`order by ${request.orderBy}`]),
    ...(request.limit === undefined ? [] : [`limit ${request.limit}`]),
  ].join('\n');
}

export function copyOutText(select: string): string {
  return `copy (${select}) to stdout (format binary)`;
}
