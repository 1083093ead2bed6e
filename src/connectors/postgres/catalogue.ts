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
}

const tableColumns = `
  with recursive resolved (number, name, type, modifier, required) as (
    select attnum, attname, atttypid, atttypmod, attnotnull
    from pg_attribute
    where attrelid = $1 and attnum > 0 and not attisdropped
    union all
    select resolved.number, resolved.name, typbasetype,
      case when resolved.modifier >= 0 then resolved.modifier else typtypmod end,
      resolved.required or typnotnull
    from resolved join pg_type on pg_type.oid = resolved.type
    where typtype = 'd'
  )
  select resolved.name::text, type::int8, modifier, required
  from resolved join pg_type on pg_type.oid = resolved.type
  where typtype <> 'd'
  order by number`;

const primaryKey = `
  select attname::text
  from pg_index, unnest(indkey) with ordinality as key (number, place), pg_attribute
  where indrelid = $1 and indisprimary and attrelid = indrelid and attnum = key.number
  order by place`;

/** Statistics of a partitioned table are those of its parts; -1 means that there are none. */
const estimatedRows = `
  select sum(reltuples)::float8 from pg_class
  where oid in (select relid from pg_partition_tree($1) where isleaf union select $1) and relkind in ('r', 'm', 'f')
  having min(reltuples) >= 0`;

const typeDetails = `
  select t.oid::int8, t.typname::text,
    t.typnamespace = 'pg_catalog'::regnamespace and coalesce(e.typnamespace, t.typnamespace) = t.typnamespace,
    case when t.typcategory = 'A' then e.typname::text end
  from pg_type t left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
  where t.oid = any($1::oid[])`;

const relationKinds = `c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition`;

interface TypedName {
  readonly name: string;
  readonly type: number;
  readonly modifier: number;
  readonly nullable: boolean;
}

/** Undefined when there is no such table or view. */
export async function describeTable(
  client: pg.ClientBase,
  table: TableName,
): Promise<CatalogueStream | undefined> {
  const [found] = await rowsOf(client, 'select to_regclass($1)::oid::int8', [
    postgresDialect.quoteTable(table),
  ]);
  const oid = found?.[0];
  if (oid === null || oid === undefined) return undefined;
  const columns = await rowsOf(client, tableColumns, [oid]);
  const keys = await rowsOf(client, primaryKey, [oid]);
  const [statistics] = await rowsOf(client, estimatedRows, [oid]);
  const rows = statistics?.[0];
  return await catalogueStream(
    client,
    columns.map(([name, type, modifier, required]) => ({
      name: String(name),
      type: Number(type),
      modifier: Number(modifier),
      nullable: required !== true,
    })),
    keys.map(([name]) => String(name)),
    rows === undefined || rows === null ? undefined : Number(rows),
  );
}

/** `from` is a query as a subquery; it is planned, and gives no rows. */
export async function describeQuery(client: pg.ClientBase, from: string): Promise<CatalogueStream> {
  const { fields } = await client.query(`select * from ${from} limit 0`);
  const columns = fields.map((field) => ({
    name: field.name,
    type: field.dataTypeID,
    modifier: field.dataTypeModifier,
    nullable: true,
  }));
  return await catalogueStream(client, columns, [], undefined);
}

async function catalogueStream(
  client: pg.ClientBase,
  names: readonly TypedName[],
  keys: readonly string[],
  rows: number | undefined,
): Promise<CatalogueStream> {
  const details = await rowsOf(client, typeDetails, [[...new Set(names.map((name) => name.type))]]);
  const byOid = new Map(details.map((row) => [Number(row[0]), row]));
  const [encoding] = await rowsOf(client, 'show server_encoding', []);
  const columns = names.map(({ name, type, modifier, nullable }): CatalogueColumn => {
    const [, typeName, builtIn, elementName] = byOid.get(type) ?? [];
    return {
      name,
      typeName: String(typeName),
      builtIn: builtIn === true,
      elementName: typeof elementName === 'string' ? elementName : undefined,
      modifier,
      nullable,
    };
  });
  const schema = { columns: columns.map((column) => columnOf(column)), primaryKey: keys };
  return {
    columns,
    schema: rows === undefined ? schema : { ...schema, estimatedRows: rows },
    checksEncoding: encoding?.[0] !== 'SQL_ASCII',
  };
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

async function rowsOf(
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<readonly unknown[][]> {
  return (await client.query<unknown[]>({ text, values: [...values], rowMode: 'array' })).rows;
}
