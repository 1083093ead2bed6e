import { createHash } from 'node:crypto';
import type { StreamSchema } from '../../connector/connection.ts';
import { deepFreeze } from '../../core/freeze.ts';
import type { ChunkPlan } from '../chunks/chunk-plan.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import { mapColumns, type ColumnMapping } from '../stream/column-mapping.ts';
import { requireOrder } from '../stream/key-value.ts';
import { chooseLane } from '../stream/lane.ts';
import { planPublication } from '../stream/publication.ts';
import { windowRange } from '../stream/partition-window.ts';
import { requireTimeKey } from '../stream/source-time.ts';
import { deltaName, stageFile, stageTable } from '../stream/stage-name.ts';
import { inspectDependents, inspectTarget, type TargetState } from '../stream/target-state.ts';
import type { Publication, StreamIdentity } from '../stream/watermark-store.ts';
import type { Watermark } from '../stream/watermark.ts';
import { writtenColumns } from '../stream/written-columns.ts';
import { planChunks } from './chunk-decision.ts';
import { identityOf, isUnfinished, publishedFor } from './last-publication.ts';
import { offsetRead, rowsPassedOver } from './offset-read.ts';
import { isPlain } from './plain-source.ts';
import { plannedRead, sourceTable, withheldFromCsv } from './planned-read.ts';
import { describeSource } from './source-schema.ts';
import { checkCombination } from './stream-checks.ts';
import type { PlannedRead, StreamPlan } from './stream-plan.ts';
import { startOf, type Start } from './stream-start.ts';
import { sourceDialect, type StreamTask } from './stream-task.ts';
import { stagedMapping, textColumns } from './text-columns.ts';
import { wideDecimals } from './wide-decimals.ts';

/**
 * Plans one stream from the catalogues of both sides. Changes nothing.
 * @param continuesAfter how far this very run has read already, when it reads in chunks
 * @param signal ends a long look at the source, such as at all rows of a file
 * @throws ConfigError and DataError for what cannot be loaded as written
 */
export async function planStream(
  given: StreamTask,
  continuesAfter?: Watermark,
  signal?: AbortSignal,
): Promise<StreamPlan> {
  const { source, target } = given;
  chooseLane(source, target);
  checkCombination(given);
  const { schema, state, published } = await askBothSides(given, signal);
  const mapping = mapColumns(given.stream, schema.columns, state?.columns.map((column) => column.name) ?? []);
  const task = withinWindow(given, mapping);
  const { stream } = task;
  checkTimes(task, mapping);
  const identity = identityOf(task);
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
  const asText = textColumns(task, mapping);
  const definition = definitionOf(identity, stagedMapping(mapping, asText), read, decision.chunks);
  const stageKey = decision.chunks?.commits === 'once at the end' ? definition : task.idempotencyKey;
  const stage = target.database
    ? stageTable(task.object, target.database.dialect, stageKey)
    : stageFile(task.object, stageKey);
  const dependents =
    target.database && state?.exists === true && start.replaces
      ? await inspectDependents(target.database, task.object)
      : undefined;
  const publication =
    target.database &&
    state &&
    planPublication({
      dialect: target.database.dialect,
      stream,
      mapping: stagedMapping(mapping, asText),
      target: state,
      ...(dependents ? { dependents } : {}),
      stage,
      replaces: start.replaces,
      uniqueKey: isUnique(task, schema, mapping),
      ...(start.watermark ? { watermark: start.watermark } : {}),
      ...(task.window ? { window: task.window } : {}),
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
    textColumns: asText,
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
    remarks: [
      ...stream.remarks,
      ...ignored(stream, state),
      ...(target.database ? wideDecimals(target.database.dialect, mapping.columns) : []),
      ...start.remarks,
      ...decision.remarks,
    ],
  });
}

/** Asks source and target at once; if several fail, the source's error is told. */
async function askBothSides(
  task: StreamTask,
  signal: AbortSignal | undefined,
): Promise<{
  readonly schema: StreamSchema;
  readonly state: TargetState | undefined;
  readonly published: Publication | undefined;
}> {
  const { database } = task.target;
  const asked = [
    describeSource(task, signal),
    database ? inspectTarget(database, task.object) : Promise.resolve(undefined),
    publishedFor(task),
  ] as const;
  await Promise.allSettled(asked);
  return { schema: await asked[0], state: await asked[1], published: await asked[2] };
}

/** A step about partitions reads the range of its window. */
function withinWindow(task: StreamTask, { updateKey }: ColumnMapping): StreamTask {
  const { window, stream } = task;
  if (!window || !updateKey) return task;
  return { ...task, stream: { ...stream, range: windowRange(window, updateKey.source, stream.origin) } };
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

function checkTimes({ stream, source }: StreamTask, { updateKey }: ColumnMapping): void {
  if (!updateKey) return;
  if (followsKeys(stream.mode)) requireOrder(sourceDialect(source), updateKey.source, stream.name);
  const { origin, settleDelaySeconds, lookbackSeconds } = stream;
  if (settleDelaySeconds > 0) requireTimeKey(updateKey.source, 'settle_delay_seconds', origin);
  if (lookbackSeconds > 0) requireTimeKey(updateKey.source, 'lookback_seconds', origin);
}

function ignored({ target }: StreamConfig, state: TargetState | undefined): readonly string[] {
  const leavesOut = target.ignoreExisting && state?.exists === true;
  return leavesOut ? ['the target is there, and ignore_existing is set: nothing is loaded'] : [];
}
