import type pg from 'pg';
import type { RelationInfo, StreamSchema } from '../../connector/connection.ts';
import type { TableName } from '../../sql/dialect.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import { type CatalogueColumn, columnOf } from './column-type.ts';

/** A table, view or query: its columns as PostgreSQL has them, and as everybody else sees them. */
export interface CatalogueStream {
  readonly columns: readonly CatalogueColumn[];
  readonly schema: StreamSchema;
  /** False when the server keeps texts without checking their encoding. */
  readonly checksEncoding: boolean;
  /** Absent for a query. */
  readonly relation?: RelationInfo['type'];
}

/** Of a type `t` whose elements are of the type `e`: name, whether it is built in, name of the elements' type. */
const typeColumns = `t.typname::text,
    t.typnamespace = 'pg_catalog'::regnamespace and coalesce(e.typnamespace, t.typnamespace) = t.typnamespace,
    case when t.typcategory = 'A' then e.typname::text end`;

/**
 * All that is asked of a table, in one statement: each question costs a round trip, for every stream of every run.
 * Statistics of a partitioned table are those of its parts; -1 means that there are none.
 */
const tableColumns = `
  with recursive stream (id) as (select to_regclass($1)::oid),
  resolved (number, name, type, modifier, required) as (
    select attnum, attname, atttypid, atttypmod, attnotnull
    from pg_attribute
    where attrelid = (select id from stream) and attnum > 0 and not attisdropped
    union all
    select resolved.number, resolved.name, typbasetype,
      case when resolved.modifier >= 0 then resolved.modifier else typtypmod end,
      resolved.required or typnotnull
    from resolved join pg_type on pg_type.oid = resolved.type
    where typtype = 'd'
  )
  select resolved.name::text, modifier, required, key.place, ${typeColumns},
    (select sum(reltuples)::float8 from pg_class
      where oid in (select relid from pg_partition_tree((select id from stream)) where isleaf union select id from stream)
        and relkind in ('r', 'm', 'f')
      having min(reltuples) >= 0),
    (select relkind in ('v', 'm') from pg_class where oid = stream.id),
    current_setting('server_encoding')
  from stream
  left join resolved on not exists (select 1 from pg_type where oid = resolved.type and typtype = 'd')
  left join pg_type t on t.oid = resolved.type
  left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
  left join (
    select number, place from pg_index, unnest(indkey) with ordinality as part (number, place)
    where indrelid = (select id from stream) and indisprimary
  ) as key on key.number = resolved.number
  where stream.id is not null
  order by resolved.number`;

const typeDetails = `
  select t.oid::int8, ${typeColumns}, current_setting('server_encoding')
  from pg_type t left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
  where t.oid = any($1::oid[])`;

const relationKinds = `c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition`;

/** Undefined when there is no such table or view. */
export async function describeTable(
  client: pg.ClientBase,
  table: TableName,
): Promise<CatalogueStream | undefined> {
  const found = await rowsOf(client, tableColumns, [postgresDialect.quoteTable(table)]);
  const [first] = found;
  if (!first) return undefined;
  const rows = found.filter(([name]) => name !== null);
  const columns = rows.map(([name, modifier, required, , ...type]) =>
    catalogueColumn(String(name), Number(modifier), required !== true, type),
  );
  const keys = rows
    .filter(([, , , place]) => place !== null)
    .sort(([, , , one], [, , , other]) => Number(one) - Number(other))
    .map(([name]) => String(name));
  const estimatedRows = first.at(-3);
  const schema = { columns: columns.map((column) => columnOf(column)), primaryKey: keys };
  return {
    columns,
    schema: typeof estimatedRows === 'number' ? { ...schema, estimatedRows } : schema,
    checksEncoding: checksEncoding(first.at(-1)),
    relation: first.at(-2) === true ? 'view' : 'table',
  };
}

/** `from` is a query as a subquery; it is planned, and gives no rows. */
export async function describeQuery(client: pg.ClientBase, from: string): Promise<CatalogueStream> {
  const { fields } = await client.query(`select * from ${from} limit 0`);
  const types = await rowsOf(client, typeDetails, [[...new Set(fields.map((field) => field.dataTypeID))]]);
  const byOid = new Map(types.map(([oid, ...type]) => [Number(oid), type]));
  const columns = fields.map((field) =>
    catalogueColumn(field.name, field.dataTypeModifier, true, byOid.get(field.dataTypeID) ?? []),
  );
  return {
    columns,
    schema: { columns: columns.map((column) => columnOf(column)), primaryKey: [] },
    checksEncoding: checksEncoding(types[0]?.at(-1)),
  };
}

function catalogueColumn(
  name: string,
  modifier: number,
  nullable: boolean,
  [typeName, builtIn, elementName]: readonly unknown[],
): CatalogueColumn {
  return {
    name,
    typeName: String(typeName),
    builtIn: builtIn === true,
    elementName: typeof elementName === 'string' ? elementName : undefined,
    modifier,
    nullable,
  };
}

function checksEncoding(serverEncoding: unknown): boolean {
  return serverEncoding !== 'SQL_ASCII';
}

export async function listRelations(client: pg.ClientBase, schema: string): Promise<readonly RelationInfo[]> {
  const rows = await rowsOf(
    client,
    `select c.relname::text, c.relkind in ('v', 'm')
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and ${relationKinds} order by 1`,
    [schema],
  );
  return rows.map(([name, isView]) => ({ name: String(name), type: isView === true ? 'view' : 'table' }));
}

/** Names of schemas, without those of the server itself. */
export async function listSchemas(client: pg.ClientBase): Promise<readonly string[]> {
  const rows = await rowsOf(
    client,
    `select nspname::text from pg_namespace
     where nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege(oid, 'usage') order by 1`,
    [],
  );
  return rows.map(([name]) => String(name));
}

async function rowsOf(
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<readonly unknown[][]> {
  return (await client.query<unknown[]>({ text, values: [...values], rowMode: 'array' })).rows;
}
