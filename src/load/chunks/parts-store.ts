import type { SqlDatabase, SqlSession } from '../../connector/connection.ts';
import type { TableName } from '../../sql/dialect.ts';
import { bookkeepingTable } from '../stream/bookkeeping.ts';
import { ensureSchema } from '../stream/stage-table.ts';
import type { StreamIdentity } from '../stream/watermark-store.ts';
import type { PartsProgress } from './parts-progress.ts';

/** One row for each stream whose stage is being filled in parts, or was when its run stopped. */
function partsTable({ dialect }: SqlDatabase): TableName {
  return bookkeepingTable(dialect, 'unfinished');
}

const identityColumns = ['source', 'stream', 'target_schema', 'target_table'] as const;
const ownColumns = ['definition', 'idempotency_key', 'progress', 'saved_at'] as const;

/** A stage that is not full yet. */
export interface UnfinishedParts {
  /** Tells what is read: another definition does not go on with these rows. */
  readonly definition: string;
  /** Of the step that filled it last. */
  readonly idempotencyKey: string;
  readonly progress: PartsProgress;
}

/** An unfinished stage and when its last part came. */
export interface StoredParts extends UnfinishedParts {
  readonly savedAtMs: number;
}

export async function readParts(
  database: SqlDatabase,
  identity: StreamIdentity,
): Promise<StoredParts | undefined> {
  if (!(await database.describe(partsTable(database)))) return undefined;
  const { rows } = await database.query(
    `select ${ownColumns.join(', ')} from ${database.dialect.quoteTable(partsTable(database))} where ${whereIdentity(database)}`,
    identityValues(identity),
  );
  const [row] = rows;
  if (!row) return undefined;
  const [definition, idempotencyKey, progress, savedAt] = row.map(String);
  return {
    definition: definition ?? '',
    idempotencyKey: idempotencyKey ?? '',
    progress: JSON.parse(progress ?? '{}') as PartsProgress,
    savedAtMs: Date.parse(savedAt ?? ''),
  };
}

/** Call it in the transaction that adds the part. */
export async function writeParts(
  database: SqlDatabase,
  session: SqlSession,
  identity: StreamIdentity,
  { definition, idempotencyKey, progress }: UnfinishedParts,
): Promise<void> {
  await forgetParts(database, session, identity);
  const values = [
    ...identityValues(identity),
    definition,
    idempotencyKey,
    JSON.stringify(progress),
    new Date().toISOString(),
  ];
  const marks = values.map((_, index) => database.dialect.parameter(index + 1)).join(', ');
  const columns = [...identityColumns, ...ownColumns].join(', ');
  await session.execute(
    `insert into ${database.dialect.quoteTable(partsTable(database))} (${columns}) values (${marks})`,
    values,
  );
}

export async function forgetParts(
  database: SqlDatabase,
  session: SqlSession,
  identity: StreamIdentity,
): Promise<void> {
  const table = database.dialect.quoteTable(partsTable(database));
  await session.execute(`delete from ${table} where ${whereIdentity(database)}`, identityValues(identity));
}

/** Creates the schema and the table when they are missing; two processes may do so at once. */
export async function prepareParts(database: SqlDatabase): Promise<void> {
  if (await database.describe(partsTable(database))) return;
  const { dialect } = database;
  await ensureSchema(database, partsTable(database).schema);
  const text = dialect.typeName({ type: 'text' });
  const columns = [...identityColumns, ...ownColumns].map((name) => `${name} ${text} not null`);
  try {
    await database.execute(
      `create table if not exists ${dialect.quoteTable(partsTable(database))} (${columns.join(', ')})`,
    );
  } catch (error) {
    if (!(await database.describe(partsTable(database)))) throw error;
  }
}

function whereIdentity({ dialect }: SqlDatabase): string {
  return identityColumns.map((name, index) => `${name} = ${dialect.parameter(index + 1)}`).join(' and ');
}

function identityValues({ source, stream, target }: StreamIdentity): readonly string[] {
  return [source, stream, target.schema, target.name];
}
