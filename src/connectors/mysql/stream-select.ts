import type { ReadRequest, StreamRef } from '../../connector/index.ts';
import { ConfigError } from '../../core/errors.ts';
import type { TableName } from '../../sql/dialect.ts';
import { mysqlDialect } from '../../sql/dialects/index.ts';
import { columnExpression, type ServerColumn } from './column-type.ts';

/** `schema.table`, each part quoted (by `"` or a backtick) or not; `table` alone is in the connection's database. */
export function parseTableName(text: string): TableName {
  const parts = [...text.matchAll(/"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|[^."`]+/g)].map(
    ([raw, double, backtick]) =>
      double?.replaceAll('""', '"') ?? backtick?.replaceAll('``', '`') ?? raw.trim(),
  );
  if (parts.length === 0 || parts.length > 2) {
    throw new ConfigError(`'${text}' is not a table name.`, {
      code: 'table_name_invalid',
      next: 'Write schema.table.',
    });
  }
  return { schema: parts.length === 2 ? (parts[0] ?? '') : '', name: parts.at(-1) ?? '' };
}

/** What follows `from`: the table, or the query as a subquery. */
export function fromClause(stream: StreamRef): string {
  if (stream.sql !== undefined) return `(${stream.sql.replace(/[\s;]+$/, '')}\n) as stream`;
  return mysqlDialect.quoteTable(parseTableName(stream.name));
}

/** The columns asked for, in the order asked for. */
export function wantedColumns(
  request: ReadRequest,
  columns: readonly ServerColumn[],
): readonly ServerColumn[] {
  return request.columns.map((name) => {
    const column = columns.find((candidate) => candidate.name === name);
    if (column) return column;
    throw new ConfigError(`${request.stream.name} has no column ${name}.`, {
      code: 'column_missing',
      next: `Its columns are: ${columns.map((candidate) => candidate.name).join(', ')}.`,
    });
  });
}

/** The SELECT of a request. */
export function selectText(request: ReadRequest, columns: readonly ServerColumn[]): string {
  return [
    `select ${columns.map((column) => columnExpression(column)).join(', ')}`,
    `from ${fromClause(request.stream)}`,
    ...(request.where === undefined ? [] : [`where ${request.where}`]),
    ...(request.orderBy === undefined ? [] : [`order by ${request.orderBy}`]),
    ...(request.limit === undefined ? [] : [`limit ${request.limit}`]),
  ].join('\n');
}
