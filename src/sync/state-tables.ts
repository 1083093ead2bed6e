import type { SqlDatabase, SqlSession } from '../connector/connection.ts';
import type { Column, DataType } from '../sql/data-type.ts';
import type { Dialect, TableName } from '../sql/dialect.ts';
import { canonicalJson } from '../core/json.ts';
import { lineageChanged } from './errors.ts';
import type { Mapping, MappedColumn } from './mapping.ts';
import type { Sync } from './sync.ts';

/** Schema of the warehouse that holds Millrace's own tables. */
const stateSchema = '_millrace';

/** The tables of one sync. They are Millrace's own; people may read them. */
export interface StateTables {
  /** One row: what the sync was set up with, and how many batches were acknowledged. */
  readonly state: TableName;
  /** A copy of the mapped columns as the destination acknowledged them. */
  readonly acked: TableName;
  /** What the run in progress has still to deliver, in order. */
  readonly delta: TableName;
  /** Rows that the destination refused, by key and hash. */
  readonly failures: TableName;
}

export function stateTables(syncName: string): StateTables {
  const table = (part: string): TableName => ({ schema: stateSchema, name: `sync_${syncName}_${part}` });
  return { state: table('state'), acked: table('acked'), delta: table('delta'), failures: table('failures') };
}

/** Rows that are to be sent again although nothing changed. */
export const resendColumn = 'resend';

const text: DataType = { type: 'text' };
const moment: DataType = { type: 'timestamptz' };

const stateColumns: readonly Column[] = [
  { name: 'lineage', type: text, nullable: false },
  { name: 'batches', type: { type: 'int64' }, nullable: false },
];

const failureColumns: readonly Column[] = [
  { name: 'row_key', type: text, nullable: false },
  { name: 'row_hash', type: text, nullable: false },
  { name: 'operation', type: text, nullable: false },
  { name: 'status', type: { type: 'int32' }, nullable: true },
  { name: 'error', type: text, nullable: false },
  { name: 'failed_at', type: moment, nullable: false },
];

export interface PreparedState {
  /** Batches acknowledged so far: part of the idempotency key, so that no two different moments share one. */
  readonly batches: number;
}

/**
 * Makes the tables at the first run, and fits the copy to the mapping afterwards:
 * - a new field is added empty, so that rows which have a value there are sent;
 * - a removed field is forgotten; the destination keeps what it has;
 * - a field whose type changed is forgotten and every row is sent again;
 * - another key or destination is an error, unless `startAnew`.
 */
export async function prepareState(
  database: SqlDatabase,
  sync: Sync,
  mapping: Mapping,
  startAnew: boolean,
): Promise<PreparedState> {
  const tables = stateTables(sync.name);
  const lineage = lineageOf(sync, mapping, database.dialect);
  const known = await readState(database, tables.state);
  if (known && known.lineage !== lineage && !startAnew)
    throw lineageChanged(sync, changedPart(known.lineage, lineage));
  if (known?.lineage !== lineage) {
    await database.transaction((session) =>
      createTables(session, database.dialect, tables, mapping, lineage),
    );
    return { batches: 0 };
  }
  await fitAcknowledged(database, tables.acked, mapping);
  if (startAnew) await markAllForResend(database, tables);
  return { batches: known.batches };
}

/** What the destination acknowledged so far is known: false before the first run. */
export async function hasState(database: SqlDatabase, sync: Sync): Promise<boolean> {
  return (await readState(database, stateTables(sync.name).state)) !== undefined;
}

async function readState(
  database: SqlDatabase,
  table: TableName,
): Promise<{ readonly lineage: string; readonly batches: number } | undefined> {
  if (!(await database.describe(table))) return undefined;
  const { rows } = await database.query(`select lineage, batches from ${database.dialect.quoteTable(table)}`);
  const row = rows[0];
  return row && { lineage: String(row[0]), batches: Number(row[1]) };
}

function lineageOf(sync: Sync, mapping: Mapping, dialect: Dialect): string {
  return canonicalJson({
    destination: sync.destination.toUpperCase(),
    primary_key: mapping.keys.map(({ source, type }) => `${source} ${keyFamily(dialect, type)}`),
  });
}

/** Whole numbers and exact numbers may widen without naming other rows. */
function keyFamily(dialect: Dialect, type: DataType): string {
  return /^(int|decimal)/.test(type.type) ? 'number' : dialect.typeName(type);
}

function changedPart(before: string, now: string): string {
  const [old, current] = [before, now].map((text) => JSON.parse(text) as { destination: string });
  return old?.destination === current?.destination ? 'primary key' : 'destination';
}

async function createTables(
  session: SqlSession,
  dialect: Dialect,
  tables: StateTables,
  mapping: Mapping,
  lineage: string,
): Promise<void> {
  await session.execute(`create schema if not exists ${dialect.quote(stateSchema)}`);
  for (const table of Object.values(tables))
    await session.execute(`drop table if exists ${dialect.quoteTable(table)}`);
  const create = async (
    table: TableName,
    columns: readonly Column[],
    key: readonly string[],
  ): Promise<void> => {
    const definitions = columns.map((column) => dialect.columnDefinition(column));
    /** DuckDB checks keys slowly and cannot delete and insert one key in one transaction. */
    const keyed =
      dialect.name === 'duckdb' ? [] : [`primary key (${key.map((name) => dialect.quote(name)).join(', ')})`];
    await session.execute(
      `create table ${dialect.quoteTable(table)} (${[...definitions, ...keyed].join(', ')})`,
    );
  };
  await create(tables.state, stateColumns, ['lineage']);
  await create(
    tables.acked,
    ackedColumns(mapping),
    mapping.keys.map(({ name }) => name),
  );
  await create(tables.failures, failureColumns, ['row_key']);
  await session.execute(
    `insert into ${dialect.quoteTable(tables.state)} values (${dialect.literal(lineage)}, 0)`,
  );
}

function ackedColumns(mapping: Mapping): readonly Column[] {
  return [
    ...mapping.keys.map(({ name, type }) => ({ name, type, nullable: false })),
    ...mapping.fields.map(({ name, type }) => ({ name, type, nullable: true })),
    { name: resendColumn, type: { type: 'boolean' }, nullable: false },
  ];
}

async function fitAcknowledged(database: SqlDatabase, acked: TableName, mapping: Mapping): Promise<void> {
  const { dialect } = database;
  const schema = await database.describe(acked);
  const stored = new Map(schema?.columns.map((column) => [column.name, dialect.typeName(column.type)]));
  const isOther = ({ name, type }: MappedColumn) => stored.get(name) !== dialect.typeName(type);
  const widened = mapping.keys.filter(isOther);
  const changed = mapping.fields.filter(isOther);
  const kept = new Set([...mapping.keys, ...mapping.fields].map(({ name }) => name).concat(resendColumn));
  const removed = [...stored.keys()].filter((name) => !kept.has(name));
  const retyped = changed.filter(({ name }) => stored.has(name));
  const alter = `alter table ${dialect.quoteTable(acked)}`;
  const statements = [
    ...widened.map(
      ({ name, type }) => `${alter} alter column ${dialect.quote(name)} type ${dialect.typeName(type)}`,
    ),
    ...[...removed, ...retyped.map(({ name }) => name)].map(
      (name) => `${alter} drop column ${dialect.quote(name)}`,
    ),
    ...changed.map(
      ({ name, type }) => `${alter} add column ${dialect.quote(name)} ${dialect.typeName(type)}`,
    ),
    ...(retyped.length > 0 ? [`update ${dialect.quoteTable(acked)} set ${resendColumn} = true`] : []),
  ];
  if (statements.length === 0) return;
  await database.transaction(async (session) => {
    for (const statement of statements) await session.execute(statement);
  });
}

async function markAllForResend(database: SqlDatabase, tables: StateTables): Promise<void> {
  const { dialect } = database;
  await database.transaction(async (session) => {
    await session.execute(`update ${dialect.quoteTable(tables.acked)} set ${resendColumn} = true`);
    await session.execute(`delete from ${dialect.quoteTable(tables.failures)}`);
  });
}
