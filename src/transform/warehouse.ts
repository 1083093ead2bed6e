import type { ConnectionProvider, SqlDatabase } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import type { TransformProject } from './project.ts';
import type { RelationName } from './manifest/transform-node.ts';
import type { RelationType } from './materialize/build.ts';

/** The project's warehouse, checked once to be what the project was compiled for. */
export interface Warehouse {
  readonly database: SqlDatabase;
  typeOf(relation: RelationName): Promise<RelationType | undefined>;
  /** Makes the schema when it is missing. Concurrent calls take turns, as two makers of one schema would collide. */
  ensureSchema(schema: string): Promise<void>;
  /** Runs `work` while no other such work of this warehouse runs. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

export async function openWarehouse(
  project: TransformProject,
  connections: ConnectionProvider,
): Promise<Warehouse> {
  const { database } = await connections(project.connection);
  if (!database) {
    throw new ConfigError(`the connection "${project.connection}" is no SQL database`, {
      code: 'connection_without_sql',
      next: 'Name a DuckDB or PostgreSQL connection as the target of the dbt project.',
    });
  }
  if (database.dialect.name !== project.dialectName) {
    throw new ConfigError(
      `the project was compiled for ${project.dialectName}, the connection "${project.connection}" is ${database.dialect.name}`,
      { code: 'dialect_mismatch' },
    );
  }
  await checkDatabaseName(project, database);
  const inTurn = takeTurns();
  return {
    database,
    inTurn,
    typeOf: async (relation) =>
      (await database.list(relation.schema)).find((found) => found.name === relation.identifier)?.type,
    ensureSchema: (schema) => inTurn(() => ensureSchema(database, schema)),
  };
}

async function checkDatabaseName(project: TransformProject, database: SqlDatabase): Promise<void> {
  const expected = project.manifest.scope.databaseName;
  if (expected === '') return;
  const actual = String((await database.query('select current_database()')).rows[0]?.[0]);
  if (actual === expected) return;
  throw new ConfigError(
    `names were compiled for the database "${expected}", the connection "${project.connection}" is on "${actual}"`,
    { code: 'database_mismatch' },
  );
}

async function ensureSchema(database: SqlDatabase, schema: string): Promise<void> {
  const { dialect } = database;
  const found = await database.query(
    `select 1 from information_schema.schemata where catalog_name = current_database() and schema_name = ${dialect.parameter(1)}`,
    [schema],
  );
  if (found.rows.length === 0) await database.execute(`create schema if not exists ${dialect.quote(schema)}`);
}

function takeTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result.catch(() => undefined);
    return result;
  };
}
