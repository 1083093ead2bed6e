import { setTimeout } from 'node:timers/promises';
import type { SqlDatabase, SqlSession } from '../../connector/connection.ts';
import { FatalError, TransientError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Column, TableSchema } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { addColumn, createTable } from '../../sql/merge/index.ts';
import { bookkeepingTable } from './bookkeeping.ts';
import { ensureSchema } from './stage-table.ts';
import type { Watermark } from './watermark.ts';

const printColumn = 'window_print';

/** Lives in the target database, beside the data it speaks of. */
function watermarkTable({ dialect }: SqlDatabase): TableName {
  return bookkeepingTable(dialect, 'watermarks');
}

/** Which stream of which source goes into which table. */
export interface StreamIdentity {
  readonly source: string;
  readonly stream: string;
  readonly target: TableName;
}

/** What the last publication of a stream left behind. */
export interface Publication {
  readonly watermark?: Watermark;
  /** Columns that `watermark.key` belongs to. */
  readonly keyColumns: readonly string[];
  /** Of the step that published. */
  readonly idempotencyKey: string;
  /** That step's figures, so that a repeated step tells the same. */
  readonly figures: JsonObject;
  readonly publishedAtMs: number;
  /** Of the source's rows that share the watermark, taken before they were read. */
  readonly print?: string;
}

/** Databases whose table is known to be as this version makes it. */
const prepared = new WeakSet<SqlDatabase>();

/**
 * The last publication of a stream; undefined when there was none.
 * Any error while reading stops the run: it never means "start over".
 */
export async function readPublication(
  database: SqlDatabase,
  identity: StreamIdentity,
): Promise<Publication | undefined> {
  if (!prepared.has(database)) return await readDescribed(database, identity);
  try {
    return await readRow(database, identity, true);
  } catch {
    prepared.delete(database);
    return await readDescribed(database, identity);
  }
}

async function readDescribed(
  database: SqlDatabase,
  identity: StreamIdentity,
): Promise<Publication | undefined> {
  const held = await database.describe(watermarkTable(database));
  if (!held) return undefined;
  const publication = await readRow(database, identity, hasPrint(held));
  if (hasPrint(held)) prepared.add(database);
  return publication;
}

async function readRow(
  database: SqlDatabase,
  identity: StreamIdentity,
  withPrint: boolean,
): Promise<Publication | undefined> {
  const { dialect } = database;
  const columns = [
    'update_key',
    'value',
    'key_columns',
    'key_values',
    'idempotency_key',
    'figures',
    'published_at',
    withPrint ? printColumn : 'null',
  ];
  const result = await database.query(
    `select ${columns.join(', ')} from ${dialect.quoteTable(watermarkTable(database))} where ${whereIdentity(database)}`,
    identityValues(identity),
  );
  const [row, second] = result.rows;
  if (second) {
    throw new FatalError(`there are two watermarks of ${identity.stream} into ${identity.target.name}`, {
      code: 'watermark_ambiguous',
      state: 'Nothing was loaded',
      next: `Delete the wrong row of ${dialect.quoteTable(watermarkTable(database))}`,
    });
  }
  if (!row) return undefined;
  const [updateKey, value, keyColumns, keyValues, idempotencyKey, figures, publishedAt, print] = row.map(
    (cell) => (typeof cell === 'string' ? cell : undefined),
  );
  return {
    ...(updateKey === undefined || value === undefined
      ? {}
      : {
          watermark: {
            updateKey,
            value,
            ...(keyValues === undefined ? {} : { key: JSON.parse(keyValues) as string[] }),
          },
        }),
    keyColumns: JSON.parse(keyColumns ?? '[]') as string[],
    idempotencyKey: idempotencyKey ?? '',
    figures: JSON.parse(figures ?? '{}') as JsonObject,
    publishedAtMs: Date.parse(publishedAt ?? ''),
    ...(print === undefined ? {} : { print }),
  };
}

/** Writes what a publication leaves behind; call it in the transaction that publishes. */
export async function writePublication(
  database: SqlDatabase,
  session: SqlSession,
  identity: StreamIdentity,
  publication: Omit<Publication, 'publishedAtMs'>,
): Promise<void> {
  const table = database.dialect.quoteTable(watermarkTable(database));
  await session.execute(`delete from ${table} where ${whereIdentity(database)}`, identityValues(identity));
  const columns = [
    'source',
    'stream',
    'target_schema',
    'target_table',
    'update_key',
    'value',
    'key_columns',
    'key_values',
    'idempotency_key',
    'figures',
    'published_at',
    printColumn,
  ];
  const { watermark } = publication;
  const values = [
    ...identityValues(identity),
    watermark?.updateKey ?? null,
    watermark?.value ?? null,
    JSON.stringify(publication.keyColumns),
    watermark?.key ? JSON.stringify(watermark.key) : null,
    publication.idempotencyKey,
    JSON.stringify(publication.figures),
    new Date().toISOString(),
    publication.print ?? null,
  ];
  const marks = values.map((_, index) => database.dialect.parameter(index + 1));
  await session.execute(`insert into ${table} (${columns.join(', ')}) values (${marks.join(', ')})`, values);
}

/** Creates the schema and the table when they are missing; two processes may do so at once. */
export async function prepareWatermarks(database: SqlDatabase): Promise<void> {
  const table = watermarkTable(database);
  const column = (name: string, nullable: boolean): Column => ({ name, type: { type: 'text' }, nullable });
  const held = await database.describe(table);
  if (held && hasPrint(held)) return;
  if (held) {
    await executeUnlessDone(
      database,
      addColumn(database.dialect, table, column(printColumn, true)).sql,
      async () => hasPrint((await database.describe(table)) ?? held),
    );
    return;
  }
  const columns = [
    ...['source', 'stream', 'target_schema', 'target_table'].map((name) => column(name, false)),
    ...['update_key', 'value', 'key_columns', 'key_values'].map((name) => column(name, true)),
    ...['idempotency_key', 'figures', 'published_at'].map((name) => column(name, false)),
    column(printColumn, true),
  ];
  await ensureSchema(database, table.schema);
  await executeUnlessDone(database, createTable(database.dialect, table, columns).sql, async () =>
    Boolean(await database.describe(table)),
  );
}

/** Waits for somebody who is making the same, before it is tried again. */
const waitsMs: readonly number[] = [20, 50, 100, 200, 400];

/** Runs a statement that others may be running too, and that one of them is enough for. */
async function executeUnlessDone(
  database: SqlDatabase,
  sql: string,
  isDone: () => Promise<boolean>,
): Promise<void> {
  for (const waitMs of [...waitsMs, undefined]) {
    try {
      await database.execute(sql);
      return;
    } catch (error) {
      if (await isDone()) return;
      if (waitMs === undefined || !(error instanceof TransientError)) throw error;
      await setTimeout(waitMs);
    }
  }
}

/** Tables of earlier versions have no such column. */
function hasPrint({ columns }: TableSchema): boolean {
  return columns.some(({ name }) => name === printColumn);
}

function whereIdentity(database: SqlDatabase): string {
  return ['source', 'stream', 'target_schema', 'target_table']
    .map((name, index) => `${name} = ${database.dialect.parameter(index + 1)}`)
    .join(' and ');
}

function identityValues(identity: StreamIdentity): readonly string[] {
  return [identity.source, identity.stream, identity.target.schema, identity.target.name];
}
