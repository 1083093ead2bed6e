import type { RelationInfo, SqlSession } from '../../connector/connection.ts';
import type { Column, DataType, TableSchema } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { sqliteDialect } from '../../sql/dialects/index.ts';
import { ConfigError, DataError } from '../../core/errors.ts';
import type { QueryShape } from './session.ts';
import { declaredDataType, storedDataType } from './declared-type.ts';

export interface SqliteTable extends TableSchema {
  /** False for views and WITHOUT ROWID tables. */
  readonly hasRowid: boolean;
}

/** What SQLite calls the columns of a view that have no declared type of their own. */
const undeclaredInView = 'BLOB';

/** A table or view as SQLite knows it; undefined when there is none. */
export async function describeTable(session: SqlSession, table: TableName): Promise<SqliteTable | undefined> {
  const kind = await tableKind(session, table);
  if (!kind) return undefined;
  const info = await session.query(
    'select name, type, "notnull", pk from pragma_table_xinfo(?, ?) where hidden <> 1 order by cid',
    [table.name, table.schema],
  );
  const rows = info.rows.map(([name, type, notNull, key]) => ({
    name: String(name),
    declared: kind === 'view' && type === undeclaredInView ? null : String(type),
    notNull: notNull === 1,
    key: Number(key),
  }));
  const keys = rows.filter((row) => row.key > 0).sort((a, b) => a.key - b.key);
  const rowidKey =
    keys.length === 1 && keys[0]?.declared?.toUpperCase() === 'INTEGER' ? keys[0].name : undefined;
  const columns = [];
  for (const row of rows) {
    const type =
      declaredDataType(row.declared) ??
      (await scanColumn(session, sqliteDialect.quoteTable(table), row.name));
    const nullable = !row.notNull && row.name !== rowidKey && !(kind === 'without rowid' && row.key > 0);
    columns.push({ name: row.name, type, nullable });
  }
  return { columns, primaryKey: keys.map((row) => row.name), hasRowid: kind === 'rowid' };
}

async function tableKind(
  session: SqlSession,
  table: TableName,
): Promise<'rowid' | 'without rowid' | 'view' | undefined> {
  const found = await session.query(
    'select type, wr from pragma_table_list where schema = ? collate nocase and name = ? collate nocase',
    [table.schema, table.name],
  );
  const row = found.rows[0];
  if (!row) return undefined;
  if (row[0] !== 'table') return 'view';
  return row[1] === 1 ? 'without rowid' : 'rowid';
}

/** The shape of a SELECT: declared types where a result column is a table's column, else by all its values. */
export async function describeQuery(session: SqlSession, query: QueryShape): Promise<SqliteTable> {
  const columns: Column[] = [];
  for (const { name, declared } of query.columns) {
    if (columns.some((column) => column.name === name)) throw columnTwice(name);
    const type = declaredDataType(declared) ?? (await scanColumn(session, query.from, name));
    columns.push({ name, type, nullable: true });
  }
  return { columns, primaryKey: [], hasRowid: false };
}

function columnTwice(name: string): ConfigError {
  return new ConfigError(`The query gives column ${name} twice.`, {
    code: 'column_twice',
    next: 'Give one of them another name with as.',
  });
}

/** Looks at every value, because a column without a meaningful declaration may hold anything. */
async function scanColumn(session: SqlSession, from: string, name: string): Promise<DataType> {
  const column = sqliteDialect.quote(name);
  const classes = await session.query(`select distinct typeof(${column}) from ${from}`);
  const names = classes.rows.map(([name]) => String(name));
  const type = storedDataType(new Set(names));
  if (type) return type;
  throw new DataError(`Column ${name} of ${from} has no declared type and holds ${names.join(', ')}.`, {
    code: 'column_mixed_types',
    state: 'Nothing was read.',
    next: `Cast it in a query stream: select cast(${column} as text) as ${column}, ... from ...`,
  });
}

export async function listRelations(session: SqlSession, schema: string): Promise<readonly RelationInfo[]> {
  const found = await session.query(
    `select name, type from pragma_table_list
     where schema = ? collate nocase and type in ('table', 'view', 'virtual') and name not like 'sqlite\\_%' escape '\\'
     order by name`,
    [schema],
  );
  return found.rows.map(([name, type]) => ({ name: String(name), type: type === 'view' ? 'view' : 'table' }));
}
