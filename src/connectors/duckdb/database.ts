import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';
import type { RelationInfo, RelationSchema, SqlDatabase, SqlSession } from '../../connector/connection.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { CancelledError } from '../../core/errors.ts';
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

async function describeTable(session: SqlSession, table: TableName): Promise<RelationSchema | undefined> {
  const { rows } = await session.query(
    `with place as (select current_database() as base, $1 as folder, $2 as name)
     select column_name, data_type, is_nullable, list_position(keys.names, column_name),
       exists (select 1 from duckdb_views() where database_name = base and schema_name = folder and view_name = name)
     from place join duckdb_columns() on database_name = base and schema_name = folder and table_name = name
     left join (
       select constraint_column_names as names, database_name as base, schema_name as folder, table_name as name
       from duckdb_constraints() where constraint_type = 'PRIMARY KEY'
     ) as keys using (base, folder, name)
     order by column_index`,
    [table.schema, table.name],
  );
  const [first] = rows;
  if (!first) return undefined;
  return {
    columns: rows.map(([name, type, nullable]) => ({
      name: String(name),
      type: parseTypeName(String(type)),
      nullable: nullable === true,
    })),
    primaryKey: rows
      .filter(([, , , place]) => typeof place === 'number' && place > 0)
      .sort(([, , , one], [, , , other]) => Number(one) - Number(other))
      .map(([name]) => String(name)),
    type: first[4] === true ? 'view' : 'table',
  };
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
