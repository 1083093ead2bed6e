import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { createTable, type Statement } from '../../sql/merge/index.ts';
import type { StreamConfig } from '../replication/replication.ts';

/**
 * The statement that makes a table: our own, or `target_options.table_ddl` with its `{col_types}` filled.
 * @param table what it is called in the end, and so in `table_ddl`
 * @param place what it is called now
 * @throws ConfigError code `table_ddl_invalid` when `table_ddl` makes something else
 */
export function tableDefinition(
  dialect: Dialect,
  { name, origin, target }: Pick<StreamConfig, 'name' | 'origin' | 'target'>,
  table: TableName,
  place: TableName,
  columns: readonly Column[],
): Statement {
  const { tableDdl } = target;
  if (tableDdl === undefined) return createTable(dialect, place, columns);
  const fitting = dialect.fitted?.(columns) ?? columns;
  const types = fitting.map((column) => dialect.columnDefinition(column)).join(', ');
  const filled = tableDdl.replaceAll('{col_types}', () => types).replace(/;\s*$/, '');
  const named = filled.replace(
    creates(table),
    (_whole, before: string) => before + dialect.quoteTable(place),
  );
  if (creates(table).test(filled)) return { role: 'schema', turn: 'before', sql: named };
  const full = table.schema === '' ? table.name : `${table.schema}.${table.name}`;
  throw new ConfigError(`stream ${name}: table_ddl does not say: create table ${full}`, {
    code: 'table_ddl_invalid',
    origin,
    state: 'Nothing was changed',
    next: `Begin it with: create table ${full} ({col_types})`,
  });
}

/** `create ... table [schema.]name`, quoted or not. */
function creates({ schema, name }: TableName): RegExp {
  const part = (text: string): string => `["\`]?${RegExp.escape(text)}["\`]?`;
  const qualified = schema === '' ? part(name) : `(?:${part(schema)}\\s*\\.\\s*)?${part(name)}`;
  return new RegExp(
    `(\\bcreate\\s+(?:or\\s+replace\\s+)?(?:\\w+\\s+)*?table\\s+(?:if\\s+not\\s+exists\\s+)?)${qualified}(?![\\w"\`.])`,
    'i',
  );
}
