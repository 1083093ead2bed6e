import type { Column } from '../data-type.ts';
import type { Dialect, TableName } from '../dialect.ts';
import type { Statement } from './statement.ts';

export function createTable(dialect: Dialect, table: TableName, columns: readonly Column[]): Statement {
  const definitions = columns.map((column) => dialect.columnDefinition(column)).join(', ');
  return { role: 'schema', sql: `create table ${dialect.quoteTable(table)} (${definitions})` };
}

export function dropTable(dialect: Dialect, table: TableName): Statement {
  return { role: 'schema', sql: `drop table if exists ${dialect.quoteTable(table)}` };
}

/** Puts the stage in the target's place, in one schema. */
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
  return { role: 'schema', sql: `alter table ${dialect.quoteTable(table)} add column ${definition}` };
}

/** Gives a column another type and converts what it holds. */
export function changeColumnType(dialect: Dialect, table: TableName, column: Column): Statement {
  const name = dialect.quote(column.name);
  const type = dialect.typeName(column.type);
  return {
    role: 'schema',
    sql: `alter table ${dialect.quoteTable(table)} alter column ${name} type ${type} using cast(${name} as ${type})`,
  };
}

export function createIndex(
  dialect: Dialect,
  table: TableName,
  name: string,
  columns: readonly string[],
  unique: boolean,
): Statement {
  const list = columns.map((column) => dialect.quote(column)).join(', ');
  return {
    role: 'schema',
    sql: `create ${unique ? 'unique ' : ''}index if not exists ${dialect.quote(name)} on ${dialect.quoteTable(table)} (${list})`,
  };
}
