import type { SqlDatabase } from '../connector/connection.ts';
import type { Dialect, TableName } from '../sql/dialect.ts';
import type { InvalidKeys } from './errors.ts';
import type { Mapping } from './mapping.ts';
import { resendColumn, type StateTables } from './state-tables.ts';
import type { Sync } from './sync.ts';

export interface DiffInput {
  readonly dialect: Dialect;
  readonly model: TableName;
  /** Absent before the first run: every row is an insert. */
  readonly acked?: TableName;
  /** Some keys of the model are not unique. */
  readonly hasDuplicates: boolean;
}

/**
 * SELECT of what has to change at the destination: `op`, key and field columns, one row per key.
 * The model and the acknowledged copy are joined in full by key, and compared value by value in their
 * types. Rows whose key is NULL or not unique take no part, on either side. A delete carries the
 * acknowledged values.
 */
export function diffSql(sync: Sync, mapping: Mapping, input: DiffInput): string {
  const { dialect, model, acked, hasDuplicates } = input;
  const quote = (name: string) => dialect.quote(name);
  const names = [...mapping.keys, ...mapping.fields];
  const keys = mapping.keys.map(({ name }) => quote(name));
  const typed = names.map(
    ({ source, name, type }) => `cast(${quote(source)} as ${dialect.typeName(type)}) as ${quote(name)}`,
  );
  const current = [
    `with typed as (select ${typed.join(', ')} from ${dialect.quoteTable(model)}),`,
    `valid as (select * from typed where ${keys.map((key) => `${key} is not null`).join(' and ')}),`,
    ...(hasDuplicates
      ? [`doubled as (select ${keys.join(', ')} from valid group by ${keys.join(', ')} having count(*) > 1),`]
      : []),
    `cur as (select * from valid${hasDuplicates ? ` where ${notDoubled('valid', keys)}` : ''})`,
  ];
  if (!acked) {
    return [
      ...current,
      `select 'insert' as op, ${names.map(({ name }) => quote(name)).join(', ')} from cur`,
    ].join('\n');
  }
  const [firstKey] = keys;
  const changed = mapping.fields.map(({ name }) => `cur.${quote(name)} is distinct from ack.${quote(name)}`);
  const values = names.map(
    ({ name }) =>
      `case when cur.${firstKey} is null then ack.${quote(name)} else cur.${quote(name)} end as ${quote(name)}`,
  );
  return [
    `${current.join('\n')},`,
    `ack as (select * from ${dialect.quoteTable(acked)} as known${hasDuplicates ? ` where ${notDoubled('known', keys)}` : ''})`,
    `select case when ack.${firstKey} is null then 'insert' when cur.${firstKey} is null then 'delete' else 'update' end as op,`,
    `  ${values.join(', ')}`,
    `from cur ${sync.onDelete === 'delete' ? 'full' : 'left'} outer join ack on ${keys.map((key) => `cur.${key} = ack.${key}`).join(' and ')}`,
    `where ack.${firstKey} is null or cur.${firstKey} is null or ack.${resendColumn} or ${changed.join(' or ')}`,
  ].join('\n');
}

function notDoubled(table: string, keys: readonly string[]): string {
  const same = keys.map((key) => `doubled.${key} = ${table}.${key}`).join(' and ');
  return `not exists (select 1 from doubled where ${same})`;
}

/**
 * Replaces the delta by what differs now. The order is that of delivery: deletes before the rest, so
 * that a name that moves from one row to another is free, then by key. A delta that a killed run left
 * behind is thrown away: what it had delivered is in the copy, so the new one holds just the rest, with
 * the newest values.
 */
export async function materializeDelta(
  database: SqlDatabase,
  tables: StateTables,
  select: string,
  mapping: Mapping,
  signal: AbortSignal,
): Promise<void> {
  const { dialect } = database;
  const delta = dialect.quoteTable(tables.delta);
  const order = [deliveryRank, ...mapping.keys.map(({ name }) => dialect.quote(name))].join(', ');
  await database.transaction(async (session) => {
    await session.execute(`drop table if exists ${delta}`);
    await session.execute(
      `create table ${delta} as select row_number() over (order by ${order}) as seq, diff.* from (${select}) as diff`,
      [],
      signal,
    );
    if (dialect.name !== 'duckdb') await session.execute(`alter table ${delta} add primary key (seq)`);
  }, signal);
}

const deliveryRank = `case op when 'delete' then 0 else 1 end`;

export async function countInvalidKeys(
  database: SqlDatabase,
  mapping: Mapping,
  model: TableName,
): Promise<InvalidKeys> {
  const { dialect } = database;
  const keys = mapping.keys.map(({ source }) => dialect.quote(source));
  const present = keys.map((key) => `${key} is not null`).join(' and ');
  const { rows } = await database.query(
    `select
       (select count(*) from ${dialect.quoteTable(model)} where not (${present})),
       (select coalesce(sum(key_rows), 0) from (
          select count(*) as key_rows from ${dialect.quoteTable(model)}
          where ${present} group by ${keys.join(', ')} having count(*) > 1) as doubled)`,
  );
  return { nullRows: Number(rows[0]?.[0]), duplicateRows: Number(rows[0]?.[1]) };
}

/** Rows by operation. */
export interface DiffCounts {
  readonly insert: number;
  readonly update: number;
  readonly delete: number;
}

/** @param from a table or a SELECT in parentheses, with a column `op` */
export async function countOperations(database: SqlDatabase, from: string): Promise<DiffCounts> {
  const { rows } = await database.query(`select op, count(*) from ${from} as diff group by op`);
  const counts = new Map(rows.map(([op, count]) => [String(op), Number(count)]));
  return {
    insert: counts.get('insert') ?? 0,
    update: counts.get('update') ?? 0,
    delete: counts.get('delete') ?? 0,
  };
}

export async function countRows(database: SqlDatabase, table: TableName): Promise<number> {
  const { rows } = await database.query(`select count(*) from ${database.dialect.quoteTable(table)}`);
  return Number(rows[0]?.[0]);
}
