import type { StreamSchema } from '../../connector/connection.ts';
import type { Column } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import type { PaceLimits } from '../chunks/chunk-pace.ts';
import type { ChunkPlan } from '../chunks/chunk-plan.ts';
import { isOrdered, orderedIndexes } from '../chunks/ordered-index.ts';
import { findReplica, type Replica } from '../chunks/replica.ts';
import { readsSideBySide, usualSideBySide } from './side-by-side.ts';
import { sourceDialect, type StreamTask } from './stream-task.ts';
import { findByName } from '../stream/column-mapping.ts';
import { comparable } from '../stream/key-value.ts';

/** What the decision is made from. */
export interface ChunkRequest {
  readonly task: StreamTask;
  readonly schema: StreamSchema;
  /** The source table; absent for queries and files. */
  readonly table?: TableName;
  /** Columns of a reading along an update key: that key, then the primary key. */
  readonly along?: readonly Column[];
  /** Primary key as the stream declares it. */
  readonly primaryKey: readonly Column[];
  /** True when chunks may become visible one by one. */
  readonly publishesEach: boolean;
  readonly limited: boolean;
}

/** The decision, and what a person should know about it. */
export interface ChunkDecision {
  readonly chunks?: ChunkPlan;
  readonly remarks: readonly string[];
}

/** Tables from this size on are read in chunks without being asked to. */
const largeTableRows = 20_000_000;
const largeReplicaTableRows = 200_000;

const chunkBudgetSeconds = 60;
/** Part of a replica's grace that one chunk may take. */
const graceShare = 0.25;

const leastRows = 100;
const oneGo: ChunkDecision = { remarks: [] };

/** Decides whether and how a reading is cut. Reads catalogues only. */
export async function planChunks(request: ChunkRequest): Promise<ChunkDecision> {
  const { task, table } = request;
  const asked = task.stream.chunks;
  const { database } = task.source;
  if (!database || !task.target.database)
    return asked
      ? { remarks: ['read in one go: chunks are of loads between databases, and the rows are the same'] }
      : oneGo;
  if (task.window)
    return asked
      ? { remarks: ['read in one go: partitions are made one by one instead of in chunks'] }
      : oneGo;
  if (request.limited)
    return asked ? { remarks: ['the row limit bounds the reading, so it is not cut into chunks'] } : oneGo;
  if (asked?.expression !== undefined) {
    return {
      chunks: {
        key: [],
        expression: { sql: asked.expression, count: asked.count ?? 1 },
        pace: fixedPace(1),
        commits: 'once at the end',
        sideBySide: sideBySide(task, undefined),
        reason: 'chunk_expr; each chunk reads the whole stream unless an index is on the expression',
      },
      remarks: [],
    };
  }
  const estimated = request.schema.estimatedRows ?? 0;
  const replica =
    table && (asked || estimated >= largeReplicaTableRows) ? await findReplica(database) : undefined;
  const isLarge = estimated >= (replica ? largeReplicaTableRows : largeTableRows);
  if (!asked && (!isLarge || task.source === task.target)) return oneGo;
  if (!table) return asked ? { remarks: [notCut('a query has no index to be read along')] } : oneGo;

  const indexes = await orderedIndexes(database, table);
  const way = keyToCutBy(request, (columns) => {
    const bare = columns.every(
      (column) => comparable(database.dialect, column) === database.dialect.quote(column.name),
    );
    return (
      bare &&
      isOrdered(
        indexes,
        columns.map((column) => column.name),
      )
    );
  });
  if (typeof way === 'string') return { remarks: [notCut(way)] };
  return {
    chunks: {
      key: way.key,
      ...(way.byUpdateKey && asked?.span ? { span: asked.span } : {}),
      pace: await paceOf(request, table, replica),
      commits: way.byUpdateKey ? 'each chunk' : 'once at the end',
      sideBySide: way.byUpdateKey ? 1 : sideBySide(task, replica),
      ...(replica ? { replica } : {}),
      reason: reasonOf(request, replica, estimated),
    },
    remarks:
      asked?.span && !way.byUpdateKey
        ? ['chunk_size is a time and rows are read along the primary key here, so chunks are cut by rows']
        : [],
  };
}

/** Chunks that are read at the same time. On a hot standby one: each more is one more that replay cancels. */
function sideBySide({ stream, source }: StreamTask, replica: Replica | undefined): number {
  if (!readsSideBySide(source)) return 1;
  return stream.parallelChunks ?? (replica ? 1 : usualSideBySide(source));
}

type Way = { readonly key: readonly Column[]; readonly byUpdateKey: boolean };

/** An index must give the order: sorting the whole table for each chunk would cost more than one go. */
function keyToCutBy(request: ChunkRequest, hasIndex: (columns: readonly Column[]) => boolean): Way | string {
  const { along, schema } = request;
  if (along && request.publishesEach) {
    const [updateKey] = along;
    if (updateKey && hasIndex([updateKey])) return { key: along, byUpdateKey: true };
    return `there is no index that starts with the update_key ${updateKey?.name ?? ''}`;
  }
  const declared = request.primaryKey;
  const catalogued = schema.primaryKey.flatMap((name) => findByName(schema.columns, name) ?? []);
  const key = [declared, catalogued].find(
    (columns) =>
      columns.length > 0 && columns.every((column) => !column.nullable) && hasIndexOrRowid(columns),
  );
  if (key) return { key, byUpdateKey: false };
  return 'there is no primary key without NULLs that an index is on';

  function hasIndexOrRowid(columns: readonly Column[]): boolean {
    const [only, ...others] = columns;
    const isRowid =
      sourceDialect(request.task.source).name === 'sqlite' &&
      others.length === 0 &&
      only?.type.type.startsWith('int') === true &&
      schema.primaryKey.length === 1 &&
      schema.primaryKey[0] === only.name;
    return isRowid || hasIndex(columns);
  }
}

function notCut(why: string): string {
  return `read in one go: ${why}, and sorting the table for each chunk would cost more`;
}

async function paceOf(
  request: ChunkRequest,
  table: TableName,
  replica: Replica | undefined,
): Promise<PaceLimits> {
  const asked = request.task.stream.chunks;
  if (asked?.rows !== undefined) return fixedPace(asked.rows);
  if (asked?.count !== undefined)
    return fixedPace(Math.max(1, Math.ceil((await rowsToRead(request, table)) / asked.count)));
  const graceSeconds = replica?.graceSeconds;
  const budgetSeconds =
    graceSeconds === undefined
      ? chunkBudgetSeconds
      : Math.min(chunkBudgetSeconds, Math.max(1, graceSeconds * graceShare));
  return replica
    ? { firstRows: 100_000, leastRows, mostRows: 5_000_000, budgetSeconds }
    : { firstRows: 1_000_000, leastRows, mostRows: 20_000_000, budgetSeconds };
}

/** Chunks keep the size that was asked for, unless conflicts make it smaller for a while. */
function fixedPace(rows: number): PaceLimits {
  return { firstRows: rows, leastRows: Math.min(rows, leastRows), mostRows: rows, budgetSeconds: Infinity };
}

async function rowsToRead({ task, schema }: ChunkRequest, table: TableName): Promise<number> {
  if (schema.estimatedRows !== undefined && schema.estimatedRows > 0) return schema.estimatedRows;
  const quoted = sourceDialect(task.source).quoteTable(table);
  const counted = await task.source.database?.query(`select count(*) from ${quoted}`);
  return Number(counted?.rows[0]?.[0] ?? 1);
}

function reasonOf(request: ChunkRequest, replica: Replica | undefined, estimated: number): string {
  if (request.task.stream.chunks) return 'source_options ask for it';
  const rows = `about ${Math.round(estimated)} rows`;
  if (!replica) return `the table is large: ${rows}`;
  const grace =
    replica.graceSeconds === undefined
      ? 'without limit'
      : `${replica.graceSeconds} s before it cancels queries`;
  return `${rows} on a hot standby whose replay waits ${grace}`;
}
