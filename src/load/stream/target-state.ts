import type { RelationInfo, SqlDatabase } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { dependentsQuery, viewColumnsQuery } from '../../sql/merge/index.ts';

/** The target table as it is before the load. */
export interface TargetState {
  readonly table: TableName;
  readonly exists: boolean;
  readonly columns: readonly Column[];
  /** Views by the column that they use, where such a column cannot change its type. */
  readonly viewsOf: Readonly<Record<string, readonly string[]>>;
}

/** What would be lost if another table took the place of the target. */
export interface TableDependents {
  /** Why the table must stay the same table: `view orders_daily`, `grant ...`; empty when it may be swapped. */
  readonly names: readonly string[];
  readonly hasIncomingForeignKey: boolean;
}

/**
 * Looks at the target in its catalogue.
 * @throws ConfigError code `target_is_view` when the name belongs to a view
 */
export async function inspectTarget(database: SqlDatabase, table: TableName): Promise<TargetState> {
  const schema = await database.describe(table);
  if (!schema) return { table, exists: false, columns: [], viewsOf: {} };
  const type = schema.type ?? (await listedType(database, table));
  if (type === 'view') {
    throw new ConfigError(`${table.schema}.${table.name} is a view, and rows cannot be loaded into it`, {
      code: 'target_is_view',
      state: 'Nothing was changed',
      next: 'Choose another object, or drop the view',
    });
  }
  return { table, exists: true, columns: schema.columns, viewsOf: await viewsByColumn(database, table) };
}

/** Looks for what hangs on a table that is there. */
export async function inspectDependents(database: SqlDatabase, table: TableName): Promise<TableDependents> {
  const query = dependentsQuery(database.dialect, table);
  const found = query === undefined ? [] : (await database.query(query)).rows;
  return {
    names: found.map(([kind, name]) => `${String(kind)} ${String(name)}`),
    hasIncomingForeignKey: found.some(([kind]) => kind === 'foreign key'),
  };
}

async function listedType(
  database: SqlDatabase,
  table: TableName,
): Promise<RelationInfo['type'] | undefined> {
  return (await database.list(table.schema)).find(({ name }) => name === table.name)?.type;
}

async function viewsByColumn(database: SqlDatabase, table: TableName): Promise<TargetState['viewsOf']> {
  const query = viewColumnsQuery(database.dialect, table);
  const found = query === undefined ? [] : (await database.query(query)).rows;
  const views: Record<string, string[]> = {};
  for (const [column, view] of found) (views[String(column)] ??= []).push(String(view));
  return views;
}

/** True if the table holds no row. */
export async function isEmpty(database: SqlDatabase, table: TableName): Promise<boolean> {
  const { rows } = await database.query(`select 1 from ${database.dialect.quoteTable(table)} limit 1`);
  return rows.length === 0;
}
