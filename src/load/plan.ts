import { createHash } from 'node:crypto';
import type { StreamSchema, WrittenColumn } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import { deepFreeze } from '../core/freeze.ts';
import type { Column } from '../sql/data-type.ts';
import type { Dialect, TableName } from '../sql/dialect.ts';
import { planChunks } from './chunk-decision.ts';
import type { ChunkPlan } from './chunks/chunk-plan.ts';
import { offsetRead, rowsPassedOver } from './offset-read.ts';
import { readFilePublication } from './file-publication.ts';
import { isPlain } from './plain-source.ts';
import type { LoadMode, StreamConfig } from './replication/replication.ts';
import { followsKeys } from './replication/stream-mode.ts';
import { parseTableName } from './replication/stream-name.ts';
import { formatRange, type UpdateRange } from './replication/update-range.ts';
import { checkCombination } from './stream-checks.ts';
import { sourceDialect, type StreamTask } from './stream-task.ts';
import { mapColumns, type ColumnMapping } from './stream/column-mapping.ts';
import { chooseLane, type Lane, type WithheldForms } from './stream/lane.ts';
import { planPublication, type PublicationPlan } from './stream/publication.ts';
import { deltaName, stageFile, stageTable } from './stream/stage-name.ts';
import { requireTimeKey } from './stream/source-time.ts';
import { fillQuery, placesWhere } from './stream/stream-sql.ts';
import { inspectTarget, isEmpty, type TargetState } from './stream/target-state.ts';
import { latestInTarget } from './stream/target-watermark.ts';
import { writtenColumns } from './stream/written-columns.ts';
import { readPublication, type Publication, type StreamIdentity } from './stream/watermark-store.ts';
import type { Watermark } from './stream/watermark.ts';
import { lowerBound, upperBound } from './stream/window.ts';

/** What loading one stream would do, as frozen data. */
export interface StreamPlan {
  readonly stream: string;
  readonly mode: LoadMode;
  readonly lane: Lane;
  readonly source: { readonly connection: string; readonly type: string; readonly sql?: string };
  readonly target: { readonly connection: string; readonly type: string; readonly table: TableName };
  readonly columns: ColumnMapping['columns'];
  readonly read: PlannedRead;
  readonly stage: TableName;
  /** Names the stage: the step, or for a stage that outlives it what is read. */
  readonly stageKey: string;
  /** The same as long as the same columns of the same rows are read in the same order. */
  readonly definition: string;
  /** True when what the target holds is replaced by the whole stream. */
  readonly replaces: boolean;
  readonly publication?: PublicationPlan;
  /** What a file holds, when that is not the rows as they are read. */
  readonly written?: readonly WrittenColumn[];
  /** Names in the target; empty unless rows are merged by key. */
  readonly mergeKey: readonly string[];
  readonly updateKey?: string;
  readonly identity: StreamIdentity;
  readonly watermarkBefore?: Watermark;
  /** Where `watermarkBefore` comes from. */
  readonly watermarkOrigin: 'stored' | 'target' | 'none';
  /** Present when the reading is cut into pieces. */
  readonly chunks?: ChunkPlan;
  /** Set when this very step has been published by an earlier attempt. */
  readonly published?: Publication;
  /** Set when an earlier attempt at this very step has published some of its chunks. */
  readonly unfinished?: Publication;
  /** Of the rows that share `watermarkBefore`, as the last load saw them. */
  readonly heldPrint?: string;
  /** Rows of the source by its statistics. */
  readonly estimatedRows?: number;
  /** Things a person should know, one line each. */
  readonly remarks: readonly string[];
}

/** What is read of the source; bounds along the update key are settled when the run starts. */
export interface PlannedRead {
  readonly columns: readonly string[];
  readonly sql?: string;
  /** The stream as a FROM item of the source's SQL. */
  readonly from: string;
  readonly where?: string;
  readonly limit?: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** Present when the stream is read along an update key. */
  readonly along?: {
    readonly updateKey: Column;
    readonly primaryKey: readonly Column[];
    readonly after?: Watermark;
    readonly settleDelaySeconds: number;
    readonly lookbackSeconds: number;
    readonly range?: UpdateRange;
  };
}

/** The key under which chunks are published while more of them are to come. */
export function unfinishedKey(idempotencyKey: string): string {
  return `${idempotencyKey} (unfinished)`;
}

/**
 * Plans one stream from the catalogues of both sides. Changes nothing.
 * @param continuesAfter how far this very run has read already, when it reads in chunks
 * @throws ConfigError and DataError for what cannot be loaded as written
 */
export async function planStream(task: StreamTask, continuesAfter?: Watermark): Promise<StreamPlan> {
  const { stream, source, target } = task;
  chooseLane(source, target);
  checkCombination(task);
  const schema = await describeSource(task);
  const state = target.database ? await inspectTarget(target.database, task.object) : undefined;
  const mapping = mapColumns(stream, schema.columns, state?.columns.map((column) => column.name) ?? []);
  checkTimes(task, mapping);
  const identity = identityOf(task);
  const published = await publishedFor(task);
  const start: Start = continuesAfter
    ? { replaces: false, watermark: continuesAfter, origin: 'stored', remarks: [] }
    : await startOf(task, mapping, state, published);
  const read = offsetRead(task, schema, plannedRead(task, mapping, start.watermark));
  const lane = chooseLane(source, target, { ...withheldFromCsv(read, schema), ...schema.withheld });
  const decision = await planChunks({
    task,
    schema,
    ...(stream.sql === undefined && source.database ? { table: sourceTable(task) } : {}),
    ...(read.along ? { along: [read.along.updateKey, ...read.along.primaryKey] } : {}),
    primaryKey: mapping.primaryKey.map((column) => column.source),
    publishesEach: read.along !== undefined && !(start.replaces && state?.exists === true),
    limited: read.limit !== undefined || rowsPassedOver(task) > 0,
  });
  const definition = definitionOf(identity, mapping, read, decision.chunks);
  const stageKey = decision.chunks?.commits === 'once at the end' ? definition : task.idempotencyKey;
  const stage = target.database
    ? stageTable(task.object, target.database.dialect, stageKey)
    : stageFile(task.object, stageKey);
  const publication =
    target.database &&
    state &&
    planPublication({
      dialect: target.database.dialect,
      stream,
      mapping,
      target: state,
      stage,
      replaces: start.replaces,
      uniqueKey: isUnique(task, schema, mapping),
      ...(start.watermark ? { watermark: start.watermark } : {}),
      deltaName: deltaName(task.idempotencyKey),
      loadId: task.idempotencyKey,
    });
  const written = target.database ? undefined : writtenColumns(stream, mapping, task.idempotencyKey);
  return deepFreeze({
    stream: stream.name,
    mode: stream.mode,
    lane,
    source: {
      connection: source.name,
      type: source.type,
      ...(read.sql === undefined ? {} : { sql: read.sql }),
    },
    target: { connection: target.name, type: target.type, table: task.object },
    columns: mapping.columns,
    read,
    stage,
    stageKey,
    definition,
    replaces: start.replaces,
    ...(publication ? { publication } : {}),
    ...(written ? { written } : {}),
    mergeKey: followsKeys(stream.mode) ? mapping.primaryKey.map((column) => column.name) : [],
    ...(mapping.updateKey ? { updateKey: mapping.updateKey.name } : {}),
    identity,
    ...(start.watermark ? { watermarkBefore: start.watermark } : {}),
    watermarkOrigin: start.origin,
    ...(decision.chunks ? { chunks: decision.chunks } : {}),
    ...(published?.idempotencyKey === task.idempotencyKey ? { published } : {}),
    ...(isUnfinished(task, published) ? { unfinished: published } : {}),
    ...(published?.print === undefined ? {} : { heldPrint: published.print }),
    ...(schema.estimatedRows === undefined ? {} : { estimatedRows: schema.estimatedRows }),
    remarks: [...stream.remarks, ...ignored(stream, state), ...start.remarks, ...decision.remarks],
  });
}

function definitionOf(
  identity: StreamIdentity,
  { columns }: ColumnMapping,
  { sql, from, where, options, along }: PlannedRead,
  chunks: ChunkPlan | undefined,
): string {
  const { key = [], expression } = chunks ?? {};
  const read = { sql, from, where, options, updateKey: along?.updateKey };
  const text = JSON.stringify([identity, columns, read, key, expression]);
  return createHash('sha256').update(text).digest('hex');
}

/** The bytes of files are passed on as they are or not at all. */
function withheldFromCsv({ columns, where, limit, along }: PlannedRead, schema: StreamSchema): WithheldForms {
  const isWhole = columns.join('\0') === schema.columns.map(({ name }) => name).join('\0');
  if (!isWhole) return { csv: 'not all columns are read' };
  return where === undefined && limit === undefined && !along ? {} : { csv: 'not all rows are read' };
}

/** Files take the casts as declared types; for others they come when rows are published. */
function readOptionsOf({ stream, source }: StreamTask): Readonly<Record<string, unknown>> {
  if (source.database || isPlain(source)) return stream.sourceOptions;
  return {
    ...stream.sourceOptions,
    ...(Object.keys(stream.casts).length > 0 ? { columns: stream.casts } : {}),
    ...(stream.maxRejects > 0 ? { rejects: 'without' } : {}),
    ...(fileColumns(stream).length > 0 ? { metadata: fileColumns(stream) } : {}),
  };
}

/** What files are asked to tell of each row, by the words of their connector. */
function fileColumns({ metadata, updateKey }: StreamConfig): readonly string[] {
  return [
    ...metadata.filter((name) => name === 'row_num' || name === 'stream_url'),
    ...(updateKey === '_sling_loaded_at' ? ['changed_at'] : []),
  ];
}

async function describeSource(task: StreamTask): Promise<StreamSchema> {
  const { stream, source } = task;
  const sql = stream.sql === undefined ? undefined : fillQuery(stream.sql, stream, sourceDialect(source));
  try {
    const reference = { name: stream.name, ...(sql === undefined ? {} : { sql }) };
    const schema = await source.source?.describe(reference, readOptionsOf(task));
    return schema ?? { columns: [], primaryKey: [] };
  } catch (error) {
    if (!(error instanceof ConfigError) || error.origin) throw error;
    throw new ConfigError(error.message, {
      code: error.code,
      origin: stream.origin,
      ...(error.state === undefined ? {} : { state: error.state }),
      ...(error.next === undefined ? {} : { next: error.next }),
      cause: error,
    });
  }
}

interface Start {
  readonly replaces: boolean;
  readonly watermark?: Watermark;
  readonly origin: StreamPlan['watermarkOrigin'];
  readonly remarks: readonly string[];
}

/** Where the reading starts: at the stored watermark, at the target's own greatest value, or from nothing. */
async function startOf(
  task: StreamTask,
  mapping: ColumnMapping,
  state: TargetState | undefined,
  published: Publication | undefined,
): Promise<Start> {
  const { stream, options, target } = task;
  const none = { origin: 'none' as const, remarks: [] };
  if (stream.mode === 'snapshot') return { ...none, replaces: !state };
  if (stream.mode === 'incremental' && !target.database) return fileStart(task, mapping, published);
  if (!followsKeys(stream.mode) || !state || !target.database) return { ...none, replaces: true };
  if (stream.range) {
    const watermark = isLeftUnfinished(task, published) ? published?.watermark : undefined;
    return { ...none, replaces: !state.exists, ...(watermark ? { watermark } : {}) };
  }
  const startsAnew = options.fullRefresh && !isUnfinished(task, published);
  if (startsAnew || !state.exists) return { ...none, replaces: true };
  if (!mapping.updateKey) return { ...none, replaces: false };
  const { updateKey } = mapping;
  if (await isEmpty(target.database, state.table)) return { ...none, replaces: false };

  const stored = published?.watermark;
  if (stored && stored.updateKey === updateKey.source.name)
    return {
      replaces: false,
      watermark: resumable(stored, published, mapping),
      origin: 'stored',
      remarks: [],
    };
  const value = await latestInTarget(target.database, state.table, updateKey, stream.name);
  const from = `no watermark of ${updateKey.source.name} is stored`;
  if (value === undefined) {
    return {
      ...none,
      replaces: mapping.primaryKey.length === 0,
      remarks: [`${from} and the target holds no value of it: everything is read`],
    };
  }
  return {
    replaces: false,
    watermark: { updateKey: updateKey.source.name, value },
    origin: 'target',
    remarks: [`${from}: continuing from the target's greatest value`],
  };
}

/** Files have no rows that could be asked. */
function fileStart(
  { options }: StreamTask,
  { updateKey }: ColumnMapping,
  published: Publication | undefined,
): Start {
  const stored = published?.watermark;
  const continues = !options.fullRefresh && stored?.updateKey === updateKey?.source.name;
  return {
    replaces: !continues,
    ...(continues && stored ? { watermark: stored } : {}),
    origin: continues && stored ? 'stored' : 'none',
    remarks: options.fullRefresh ? ['everything is written once more; the files of earlier runs stay'] : [],
  };
}

/** A stored row key only counts while the primary key is the one it was written for. */
function resumable(stored: Watermark, published: Publication | undefined, mapping: ColumnMapping): Watermark {
  const key = mapping.primaryKey.map((column) => column.source.name);
  const same = key.length > 0 && key.join('\0') === published?.keyColumns.join('\0');
  return same ? stored : { updateKey: stored.updateKey, value: stored.value };
}

function plannedRead(task: StreamTask, mapping: ColumnMapping, after: Watermark | undefined): PlannedRead {
  const { stream, source, options } = task;
  const dialect = sourceDialect(source);
  const updateKey = followsKeys(stream.mode) ? mapping.updateKey?.source : undefined;
  const sql =
    stream.sql === undefined
      ? undefined
      : fillQuery(
          stream.sql,
          stream,
          dialect,
          mapping.updateKey && {
            updateKey: mapping.updateKey.source,
            lookbackSeconds: stream.lookbackSeconds,
            ...(after ? { after } : {}),
            ...(stream.range ? { range: stream.range } : {}),
          },
        );
  const limit = options.rowLimit ?? stream.limit;
  const isTable = source.database !== undefined && sql === undefined;
  const whereIsPlaced = stream.sql !== undefined && placesWhere(stream.sql);
  const where = [
    ...(stream.where === undefined || whereIsPlaced ? [] : [stream.where]),
    ...rangeOfRefresh(dialect, stream, mapping),
    ...(updateKey && stream.nullUpdateKey === 'skip' ? [`${dialect.quote(updateKey.name)} is not null`] : []),
    ...(stream.mode === 'definition-only' ? ['1 = 0'] : []),
  ];
  return {
    columns: mapping.columns.map((column) => column.source.name),
    ...(sql === undefined ? {} : { sql }),
    from: isTable ? dialect.quoteTable(sourceTable(task)) : `(${sql ?? ''}) as stream`,
    ...(where.length === 0 ? {} : { where: bothOf(where) }),
    ...(limit === undefined ? {} : { limit }),
    options: readOptionsOf(task),
    ...(updateKey
      ? {
          along: {
            updateKey,
            primaryKey: task.target.database ? mapping.primaryKey.map((column) => column.source) : [],
            ...(after ? { after } : {}),
            settleDelaySeconds: stream.settleDelaySeconds,
            lookbackSeconds: stream.lookbackSeconds,
            ...(stream.range ? { range: stream.range } : {}),
          },
        }
      : {}),
  };
}

/** A database keeps its key unique; what an API says of its own is not taken for granted. */
function isUnique({ stream, source }: StreamTask, schema: StreamSchema, mapping: ColumnMapping): boolean {
  const asked = new Set(mapping.primaryKey.map((column) => column.source.name));
  return (
    !isPlain(source) &&
    stream.sql === undefined &&
    schema.primaryKey.length > 0 &&
    schema.primaryKey.every((name) => asked.has(name))
  );
}

function sourceTable({ stream, source, sourceSchema }: StreamTask): TableName {
  return parseTableName(stream.name, sourceSchema ?? sourceDialect(source).defaultSchema);
}

function isUnfinished(task: StreamTask, published: Publication | undefined): published is Publication {
  return published?.idempotencyKey === unfinishedKey(task.idempotencyKey);
}

/** True if this step or a run that was stopped not long ago has published some of the chunks. */
function isLeftUnfinished(task: StreamTask, published: Publication | undefined): boolean {
  if (!published?.idempotencyKey.endsWith(unfinishedKey(''))) return false;
  if (published.idempotencyKey === unfinishedKey(task.idempotencyKey)) return true;
  return (Date.now() - published.publishedAtMs) / 3_600_000 < task.stream.resumeHours;
}

function checkTimes({ stream }: StreamTask, { updateKey }: ColumnMapping): void {
  if (!updateKey) return;
  const { origin, settleDelaySeconds, lookbackSeconds } = stream;
  if (settleDelaySeconds > 0) requireTimeKey(updateKey.source, 'settle_delay_seconds', origin);
  if (lookbackSeconds > 0) requireTimeKey(updateKey.source, 'lookback_seconds', origin);
}

/** In the modes that replace everything a range is one more predicate. */
function rangeOfRefresh(
  dialect: Dialect,
  { mode, range }: StreamConfig,
  { updateKey }: ColumnMapping,
): readonly string[] {
  if (!range || !updateKey || followsKeys(mode)) return [];
  const request = { dialect, updateKey: updateKey.source, range };
  return [lowerBound(request), upperBound(request)].filter((bound) => bound !== undefined);
}

function bothOf(conditions: readonly string[]): string {
  const [only = '', ...others] = conditions;
  return others.length === 0 ? only : conditions.map((condition) => `(${condition})`).join(' and ');
}

function ignored({ target }: StreamConfig, state: TargetState | undefined): readonly string[] {
  const leavesOut = target.ignoreExisting && state?.exists === true;
  return leavesOut ? ['the target is there, and ignore_existing is set: nothing is loaded'] : [];
}

/** What this stream has published into its target last. */
export async function publishedFor(task: StreamTask): Promise<Publication | undefined> {
  const { database } = task.target;
  if (database) return await readPublication(database, identityOf(task));
  return task.stream.mode === 'incremental' ? await readFilePublication(task, identityOf(task)) : undefined;
}

function identityOf({ stream, source, object }: StreamTask): StreamIdentity {
  return { source: source.name, stream: identityName(stream), target: object };
}

/** A range keeps a watermark of its own, for its chunks; that of the stream does not move. */
function identityName({ name, mode, range }: StreamConfig): string {
  return range && followsKeys(mode) ? `${name} (range ${formatRange(range)})` : name;
}
