import { setTimeout as wait } from 'node:timers/promises';
import type { ConnectionProvider, SqlDatabase } from '../connector/connection.ts';
import { ConfigError, MillraceError } from '../core/errors.ts';
import type { TransformProject } from './project.ts';
import type { OpeningStatement } from './reading/transform-options.ts';
import type { RelationName } from './manifest/transform-node.ts';
import type { RelationType } from './materialize/build.ts';

/** The project's warehouse, checked once to be what the project was compiled for. */
export interface Warehouse {
  readonly database: SqlDatabase;
  typeOf(relation: RelationName): Promise<RelationType | undefined>;
  /** The types of relations of one schema, as they are now; those that do not exist are left out. */
  typesOf(place: SchemaPlace, names: readonly string[]): Promise<ReadonlyMap<string, RelationType>>;
  /** Makes the schema when it is missing; looks once in a run. Throws `other_database` on PostgreSQL, which writes only to its own. */
  ensureSchema(place: SchemaPlace, runId: string): Promise<void>;
  /** Makes the table by `create` when it is missing. */
  ensureTable(relation: RelationName, create: string): Promise<void>;
}

/** A schema and the database that it is in; empty: the connection's own. */
type SchemaPlace = Pick<RelationName, 'database' | 'schema'>;

/** Makers of one thing at one time may collide, in this process or another; who loses looks again. */
const maxMakeTries = 8;
const makeDelayMs = 20;

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
  for (const statement of project.openingStatements) await open(database, statement);
  await checkDatabaseName(project, database);
  const typesOf: Warehouse['typesOf'] = (place, names) => relationTypes(database, place, names);
  const typeOf: Warehouse['typeOf'] = async (relation) =>
    (await typesOf(relation, [relation.identifier])).get(relation.identifier);
  let ensured: { readonly runId: string; readonly schemas: Set<string> } = { runId: '', schemas: new Set() };
  return {
    database,
    typeOf,
    typesOf,
    ensureSchema: async (place, runId) => {
      const expected = project.manifest.scope.databaseName;
      if (database.dialect.name === 'postgres' && expected !== '') checkIsHere(place, expected);
      if (ensured.runId !== runId) ensured = { runId, schemas: new Set() };
      const { schemas } = ensured;
      const { dialect } = database;
      const owner =
        dialect.name === 'postgres' || place.database === '' ? '' : `${dialect.quote(place.database)}.`;
      const name = owner + dialect.quote(place.schema);
      if (schemas.has(name)) return;
      await makeOnce(
        () => hasSchema(database, place),
        () => database.execute(`create schema if not exists ${name}`),
      );
      schemas.add(name);
    },
    ensureTable: (relation, create) =>
      makeOnce(
        async () => (await typeOf(relation)) !== undefined,
        () => database.execute(create),
      ),
  };
}

async function open(database: SqlDatabase, { sql, before }: OpeningStatement): Promise<void> {
  try {
    await database.execute(sql);
  } catch (error) {
    if (!before || !(error instanceof MillraceError) || error.kind === 'cancelled') throw error;
    for (const statement of before) await database.execute(statement);
    await database.execute(sql);
  }
}

function checkIsHere({ database }: SchemaPlace, expected: string): void {
  if (database === '' || database === expected) return;
  throw new ConfigError(
    `this is to be built in the database "${database}"; the connection is on "${expected}", and PostgreSQL writes only to the database it is connected to`,
    {
      code: 'other_database',
      next: 'Remove the configuration "database", or build it with a target that is there.',
    },
  );
}

async function checkDatabaseName(project: TransformProject, database: SqlDatabase): Promise<void> {
  const expected = project.manifest.scope.databaseName;
  if (expected === '') return;
  const actual = String((await database.query('select current_database()')).rows[0]?.[0]);
  if (actual === expected) return;
  throw new ConfigError(
    `names were compiled for the database "${expected}", the connection "${project.connection}" is on "${actual}"`,
    {
      code: 'database_mismatch',
      next:
        project.dialectName === 'duckdb'
          ? 'Name the DuckDB file with letters, digits and underscores, such as warehouse.duckdb.'
          : `Correct the database of the connection "${project.connection}".`,
    },
  );
}

/** Names are listed one by one: joined with an unnested list, the catalogue takes twice as long. */
function duckdbTypes(names: readonly string[]): string {
  const list = names.map((_, index) => `$${index + 3}`).join(', ');
  return `
select table_name, 'table' from duckdb_tables()
where database_name = coalesce(nullif($2, ''), current_database()) and schema_name = $1 and table_name in (${list})
union all
select view_name, 'view' from duckdb_views()
where database_name = coalesce(nullif($2, ''), current_database()) and schema_name = $1 and view_name in (${list})`;
}

const postgresTypes = `
select c.relname::text, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any($2::text[]) and c.relkind in ('r', 'p', 'v', 'm', 'f')`;

async function relationTypes(
  database: SqlDatabase,
  place: SchemaPlace,
  names: readonly string[],
): Promise<ReadonlyMap<string, RelationType>> {
  const { rows } =
    database.dialect.name === 'postgres'
      ? await database.query(postgresTypes, [place.schema, names])
      : await database.query(duckdbTypes(names), [place.schema, place.database, ...names]);
  return new Map(rows.map(([name, type]) => [String(name), type as RelationType]));
}

async function hasSchema(database: SqlDatabase, place: SchemaPlace): Promise<boolean> {
  const found = await database.query(
    `select 1 from information_schema.schemata
     where catalog_name = coalesce(nullif(${database.dialect.parameter(1)}, ''), current_database())
       and schema_name = ${database.dialect.parameter(2)}`,
    [place.database, place.schema],
  );
  return found.rows.length > 0;
}

async function makeOnce(isThere: () => Promise<boolean>, make: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; !(await isThere()); attempt += 1) {
    try {
      await make();
      return;
    } catch (error) {
      if (attempt >= maxMakeTries || !(error instanceof MillraceError) || error.kind === 'cancelled')
        throw error;
      await wait(makeDelayMs * attempt);
    }
  }
}
