import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';
import type { RelationInfo, RelationSchema, SqlDatabase, SqlSession } from '../../connector/connection.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { CancelledError } from '../../core/errors.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { duckdbError } from './duckdb-error.ts';
import { bindParameters } from './parameters.ts';
import { toResultSet } from './result-values.ts';
import { parseTypeName } from './type-name.ts';
import type { Warehouse } from './warehouse.ts';

/** SQL on a warehouse. Each call takes a connection of its own; a transaction keeps one. */
export function duckdbDatabase(place: string, warehouse: Warehouse, dialect: Dialect): SqlDatabase {
  const session: SqlSession = {
    query: (sql, parameters, signal) =>
      warehouse.use(signal, async (connection) => await toResultSet(await run(connection, sql, parameters))),
    execute: (sql, parameters, signal) =>
      warehouse.use(signal, async (connection) => (await run(connection, sql, parameters)).rowsChanged),
  };
  return {
    dialect,
    ...session,
    transaction: (work, signal) =>
      warehouse.use(signal, (connection) => inTransaction(connection, place, work, signal)),
    describe: (table) => describeTable(session, table),
    list: (schema) => listRelations(session, schema),
    lock: async (name) => warehouse.lock(name),
  };
}

async function run(
  connection: DuckDBConnection,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<DuckDBMaterializedResult> {
  if (parameters.length === 0) return await connection.run(sql);
  const { values, types } = bindParameters(parameters);
  return await connection.run(sql, values, types);
}

async function inTransaction<T>(
  connection: DuckDBConnection,
  place: string,
  work: (session: SqlSession) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  await connection.run('begin transaction');
  try {
    const result = await work(transactionSession(connection, place, signal));
    if (signal?.aborted) throw new CancelledError(`${place}: cancelled.`, { code: 'cancelled' });
    await connection.run('commit');
    return result;
  } catch (error) {
    await connection.run('rollback').catch(() => undefined);
    throw error;
  }
}

/** Statements one after another on one connection, whoever asks. */
function transactionSession(
  connection: DuckDBConnection,
  place: string,
  transactionSignal: AbortSignal | undefined,
): SqlSession {
  let last: Promise<unknown> = Promise.resolve();
  const next = <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    const result = last.then(async () => {
      const interrupt = () => connection.interrupt();
      signal?.addEventListener('abort', interrupt);
      try {
        transactionSignal?.throwIfAborted();
        signal?.throwIfAborted();
        return await work();
      } catch (error) {
        throw duckdbError(error, place, signal?.aborted ? signal : transactionSignal);
      } finally {
        signal?.removeEventListener('abort', interrupt);
      }
    });
    last = result.catch(() => undefined);
    return result;
  };
  return {
    query: (sql, parameters, signal) =>
      next(signal, async () => await toResultSet(await run(connection, sql, parameters))),
    execute: (sql, parameters, signal) =>
      next(signal, async () => (await run(connection, sql, parameters)).rowsChanged),
  };
}

/** Not by `duckdb_columns()`: to list the columns of all built-in views takes ten times as long. */
async function describeTable(session: SqlSession, table: TableName): Promise<RelationSchema | undefined> {
  const found = await findRelation(session, table);
  if (!found) return undefined;
  const name = [found.catalogue, table.schema, table.name].map((part) => duckdbDialect.quote(part)).join('.');
  try {
    const { rows } = await session.query(`describe ${name}`);
    const hasKey = !found.isView && rows.some(([, , , key]) => key === 'PRI');
    return {
      columns: rows.map(([column, type, nullable]) => ({
        name: String(column),
        type: parseTypeName(String(type)),
        nullable: found.isView || nullable === 'YES',
      })),
      primaryKey: hasKey ? await primaryKeyOf(session, table) : [],
      type: found.isView ? 'view' : 'table',
    };
  } catch (error) {
    // Whoever else uses the file may have dropped it in between.
    if (!(await findRelation(session, table))) return undefined;
    throw error;
  }
}

async function findRelation(
  session: SqlSession,
  table: TableName,
): Promise<{ readonly catalogue: string; readonly isView: boolean } | undefined> {
  const place = 'database_name = current_database() and schema_name = $1';
  const { rows } = await session.query(
    `select current_database(), false from duckdb_tables() where ${place} and table_name = $2
     union all select current_database(), true from duckdb_views() where ${place} and view_name = $2`,
    [table.schema, table.name],
  );
  return rows[0] && { catalogue: String(rows[0][0]), isView: rows[0][1] === true };
}

/** Columns of the primary key, in its order. */
async function primaryKeyOf(session: SqlSession, table: TableName): Promise<readonly string[]> {
  const { rows } = await session.query(
    `select unnest(constraint_column_names) from duckdb_constraints()
     where database_name = current_database() and schema_name = $1 and table_name = $2 and constraint_type = 'PRIMARY KEY'`,
    [table.schema, table.name],
  );
  return rows.map(([column]) => String(column));
}

async function listRelations(session: SqlSession, schema: string): Promise<readonly RelationInfo[]> {
  const { rows } = await session.query(
    `select table_name, table_type
     from information_schema.tables
     where table_catalog = current_database() and table_schema = $1
     order by table_name`,
    [schema],
  );
  return rows.map(([name, type]) => ({ name: String(name), type: type === 'VIEW' ? 'view' : 'table' }));
}
