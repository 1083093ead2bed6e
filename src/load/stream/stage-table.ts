import type { RelationInfo, SqlDatabase } from '../../connector/connection.ts';
import { ConfigError, DataError } from '../../core/errors.ts';
import type { TableName } from '../../sql/dialect.ts';
import { dropTable } from '../../sql/merge/index.ts';
import { isStageOf } from './stage-name.ts';

/**
 * Makes sure of the schema, and removes stages that killed runs left for this target.
 * @param keep names of stages that this run goes on with
 */
export async function prepareStage(
  database: SqlDatabase,
  target: TableName,
  keep: readonly string[] = [],
): Promise<readonly string[]> {
  await ensureSchema(database, target.schema);
  return await dropStages(database, target, await database.list(target.schema), keep);
}

/** What one run saw in the schemas of a database when it first looked. */
interface Glance {
  readonly runId: string;
  readonly schemas: Map<string, Promise<readonly RelationInfo[]>>;
}

const glances = new WeakMap<SqlDatabase, Glance>();

/** Removes them for a stream that needs no stage itself: what earlier runs left is found by one look for the whole run. */
export async function removeOldLeftovers(
  database: SqlDatabase,
  target: TableName,
  runId: string,
): Promise<readonly string[]> {
  const known = glances.get(database);
  const schemas: Glance['schemas'] = known?.runId === runId ? known.schemas : new Map();
  glances.set(database, { runId, schemas });
  const relations = schemas.get(target.schema) ?? database.list(target.schema);
  schemas.set(target.schema, relations);
  relations.catch(() => schemas.delete(target.schema));
  return await dropStages(database, target, await relations, []);
}

async function dropStages(
  database: SqlDatabase,
  target: TableName,
  relations: readonly RelationInfo[],
  keep: readonly string[],
): Promise<readonly string[]> {
  const { dialect } = database;
  const leftovers = relations
    .map(({ name }) => name)
    .filter((name) => isStageOf(name, target, dialect) && !keep.includes(name));
  for (const name of leftovers)
    await database.execute(dropTable(dialect, { schema: target.schema, name }).sql);
  return leftovers;
}

/** Creates a schema when it is missing; several streams, and several processes, may do so at once. */
export async function ensureSchema(database: SqlDatabase, schema: string): Promise<void> {
  if (await schemaExists(database, schema)) return;
  try {
    await database.execute(`create schema if not exists ${database.dialect.quote(schema)}`);
  } catch (error) {
    if (!(await schemaExists(database, schema))) throw error;
  }
}

async function schemaExists(database: SqlDatabase, schema: string): Promise<boolean> {
  const { dialect } = database;
  // The first statement that writes creates a SQLite file, and its one schema.
  if (schema === '' || (dialect.name === 'sqlite' && schema === dialect.defaultSchema)) return true;
  const found =
    (await database.query(schemaQuery(dialect.name, dialect.parameter(1)), [schema])).rows.length > 0;
  if (found || dialect.name !== 'sqlite') return found;
  throw new ConfigError(`SQLite has no schemas, and the object is in '${schema}'`, {
    code: 'schema_missing',
    state: 'Nothing was changed',
    next: 'Write the table alone in object:, or main.<table>',
  });
}

function schemaQuery(dialectName: string, parameter: string): string {
  if (dialectName === 'mysql')
    return `select 1 from information_schema.schemata where schema_name = ${parameter}`;
  if (dialectName === 'sqlite') return `select 1 from pragma_database_list where name = ${parameter}`;
  return `select 1 from pg_catalog.pg_namespace where nspname = ${parameter}`;
}

/**
 * Refuses rows without a primary key: a merge could not tell them apart.
 * @throws DataError code `key_null` with their number
 */
export async function requireKeys(
  database: SqlDatabase,
  stage: TableName,
  key: readonly string[],
  streamName: string,
): Promise<void> {
  const { dialect } = database;
  const isNull = key.map((name) => `${dialect.quote(name)} is null`).join(' or ');
  const { rows } = await database.query(`select count(*) from ${dialect.quoteTable(stage)} where ${isNull}`);
  const count = Number(rows[0]?.[0] ?? 0);
  if (count === 0) return;
  throw new DataError(
    `stream ${streamName}: ${count} ${count === 1 ? 'row has' : 'rows have'} NULL in the primary key (${key.join(', ')})`,
    {
      code: 'key_null',
      state: 'Nothing was published',
      next: `Leave them out by where: ${key[0] ?? ''} is not null, or choose another primary_key`,
    },
  );
}
