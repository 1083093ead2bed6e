import type { Connection } from 'mysql2';
import type { RelationInfo, StreamSchema } from '../../connector/index.ts';
import type { TableName } from '../../sql/dialect.ts';
import { mysqlDialect } from '../../sql/dialects/index.ts';
import { columnOf, serverColumn, type ServerColumn, type TypeChoices } from './column-type.ts';
import { errorNumber } from './mysql-error.ts';
import { prepare, run } from './statement.ts';

/** A table, view or query: its columns as the server sends them, and as everybody else sees them. */
export interface CatalogueStream {
  readonly columns: readonly ServerColumn[];
  readonly schema: StreamSchema;
}

/** Unknown table, unknown database. */
const missing: ReadonlySet<number | undefined> = new Set([1146, 1049]);

const primaryKey = `
  select column_name from information_schema.key_column_usage
  where table_schema = coalesce(nullif(?, ''), database()) and table_name = ? and constraint_name = 'PRIMARY'
  order by ordinal_position`;

const estimatedRows = `
  select table_rows from information_schema.tables
  where table_schema = coalesce(nullif(?, ''), database()) and table_name = ? and table_type = 'BASE TABLE'`;

const relations = `
  select table_name, table_type in ('VIEW', 'SYSTEM VIEW') from information_schema.tables
  where table_schema = coalesce(nullif(?, ''), database()) and table_type <> 'SEQUENCE' order by table_name`;

/** Undefined when there is no such table or view. */
export async function describeTable(
  connection: Connection,
  table: TableName,
  choices: TypeChoices,
): Promise<CatalogueStream | undefined> {
  let columns: readonly ServerColumn[];
  try {
    columns = await columnsOf(connection, mysqlDialect.quoteTable(table), choices, true);
  } catch (error) {
    if (missing.has(errorNumber(error))) return undefined;
    throw error;
  }
  const name = [table.schema, table.name];
  const keys = await rowsOf(connection, primaryKey, name);
  const [statistics] = await rowsOf(connection, estimatedRows, name);
  const rows = statistics?.[0];
  const schema = {
    columns: columns.map((column) => columnOf(column)),
    primaryKey: keys.map(([key]) => key ?? ''),
  };
  return {
    columns,
    schema: rows === undefined || rows === null ? schema : { ...schema, estimatedRows: Number(rows) },
  };
}

/** `from` is a query as a subquery; it is prepared, and not run. */
export async function describeQuery(
  connection: Connection,
  from: string,
  choices: TypeChoices,
): Promise<CatalogueStream> {
  const columns = await columnsOf(connection, from, choices, false);
  return { columns, schema: { columns: columns.map((column) => columnOf(column)), primaryKey: [] } };
}

/** Tables and views of a schema, by name; of the connection's own database when it is empty. */
export async function listRelations(
  connection: Connection,
  schema: string,
): Promise<readonly RelationInfo[]> {
  const rows = await rowsOf(connection, relations, [schema]);
  return rows.map(([name, isView]) => ({ name: name ?? '', type: isView === '1' ? 'view' : 'table' }));
}

/** The name of the connection's own database; undefined when it has none. */
export async function currentDatabase(connection: Connection): Promise<string | undefined> {
  const [row] = await rowsOf(connection, 'select database()', []);
  return row?.[0] ?? undefined;
}

async function columnsOf(
  connection: Connection,
  from: string,
  choices: TypeChoices,
  keepsLength: boolean,
): Promise<readonly ServerColumn[]> {
  const fields = await prepare(connection, `select * from ${from}`);
  return fields.map((field) => serverColumn(field, choices, keepsLength));
}

async function rowsOf(
  connection: Connection,
  sql: string,
  values: readonly string[],
): Promise<readonly (readonly (string | null)[])[]> {
  const { rows } = await run(connection, sql, values);
  return rows.map((row) => row.map((value) => value?.toString('utf8') ?? null));
}
