import { castTo } from '../cast.ts';
import type { Column } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import type { Statement } from './statement.ts';

export function createTable(dialect: Dialect, table: TableName, columns: readonly Column[]): Statement {
  const fitting = dialect.fitted?.(columns) ?? columns;
  const definitions = fitting.map((column) => dialect.columnDefinition(column)).join(', ');
  return {
    role: 'schema',
    turn: 'before',
    sql: `create table ${dialect.quoteTable(table)} (${definitions})`,
  };
}

export function dropTable(dialect: Dialect, table: TableName): Statement {
  return { role: 'schema', turn: 'dropped', sql: `drop table if exists ${dialect.quoteTable(table)}` };
}

/** Puts the stage in the target's place, in one schema. Only where definitions can be rolled back. */
export function swapTable(dialect: Dialect, stage: TableName, target: TableName): readonly Statement[] {
  return [
    dropTable(dialect, target),
    {
      role: 'schema',
      sql: `alter table ${dialect.quoteTable(stage)} rename to ${dialect.quote(target.name)}`,
    },
  ];
}

export function addColumn(dialect: Dialect, table: TableName, column: Column): Statement {
  const definition = dialect.columnDefinition({ ...column, nullable: true });
  return {
    role: 'schema',
    turn: 'before',
    sql: `alter table ${dialect.quoteTable(table)} add column ${definition}`,
  };
}

/** Gives a column another type and converts what it holds. */
export function changeColumnType(dialect: Dialect, table: TableName, column: Column): readonly Statement[] {
  const alter = `alter table ${dialect.quoteTable(table)}`;
  const name = dialect.quote(column.name);
  const change = (sql: string): Statement => ({ role: 'schema', turn: 'before', sql });
  if (dialect.name === 'mysql')
    return [change(`${alter} modify column ${dialect.columnDefinition({ ...column, nullable: true })}`)];
  const type = dialect.typeName(column.type);
  if (dialect.name !== 'sqlite')
    return [change(`${alter} alter column ${name} type ${type} using cast(${name} as ${type})`)];
  const wider = dialect.quote(`${column.name}_millrace_wider`);
  return [
    change(`${alter} add column ${wider} ${type}`),
    change(`update ${dialect.quoteTable(table)} set ${wider} = ${castTo(dialect, name, column.type)}`),
    change(`${alter} drop column ${name}`),
    change(`${alter} rename column ${wider} to ${name}`),
  ];
}

/**
 * An index on a table that has none of that name. A unique one is not unique where a column fits into it by its
 * beginning only.
 */
export function createIndex(
  dialect: Dialect,
  table: TableName,
  name: string,
  columns: readonly Column[],
  unique: boolean,
): Statement {
  const parts = columns.map(
    (column) => dialect.indexed?.(column) ?? { sql: dialect.quote(column.name), partly: false },
  );
  const kind = unique && parts.every((part) => !part.partly) ? 'unique index' : 'index';
  const list = parts.map((part) => part.sql).join(', ');
  return {
    role: 'schema',
    turn: 'before',
    sql: `create ${kind} ${place(dialect, table, name)} (${list})`,
  };
}

/** SQLite names the schema with the index, MySQL has no `if not exists`. */
function place(dialect: Dialect, table: TableName, name: string): string {
  if (dialect.name === 'mysql') return `${dialect.quote(name)} on ${dialect.quoteTable(table)}`;
  if (dialect.name === 'sqlite')
    return `if not exists ${dialect.quoteTable({ schema: table.schema, name })} on ${dialect.quote(table.name)}`;
  return `if not exists ${dialect.quote(name)} on ${dialect.quoteTable(table)}`;
}
