import type { SqlDatabase } from '../connector/connection.ts';
import { CancelledError } from '../core/errors.ts';
import type { StepContext } from '../core/executor.ts';
import type { ColumnDoc } from '../core/node.ts';
import type { StageResult } from '../connector/connection.ts';
import type { TableSchema } from '../sql/data-type.ts';
import { dropTable } from '../sql/merge/index.ts';
import { planStream, type StreamPlan } from './plan.ts';
import { sourceDialect, type StreamTask } from './stream-task.ts';
import { rowCounts, type LoadFigures, type RoleCounts } from './stream/figures.ts';
import { publish, type PublishTurns } from './stream/publish.ts';
import { settleAfterStage, settleBeforeRead, type SettledRead } from './stream-bounds.ts';
import { prepareStage, requireKeys } from './stream/stage-table.ts';
import { prepareWatermarks, writePublication } from './stream/watermark-store.ts';
import { formatWatermark, type Watermark } from './stream/watermark.ts';

/** One stream, loaded and published. */
export interface LoadedStream {
  readonly figures: LoadFigures;
  /** Rows that came into the target or were changed there. */
  readonly rows: number;
  readonly columns: readonly ColumnDoc[];
}

/**
 * Loads one stream: plan, stage, publish. Until the last step nothing of it is visible; that step is one
 * transaction (one rename for files), and a repeated call after it finds its own trace and does nothing.
 */
export async function loadStream(
  task: StreamTask,
  context: StepContext,
  turns: PublishTurns,
): Promise<LoadedStream> {
  const plan = await planStream(task);
  if (plan.published) {
    context.log(`${plan.stream}: already published by an earlier attempt`);
    return loaded(task, plan.published.figures as LoadFigures, plan);
  }
  announce(plan, context);
  const { database } = task.target;
  const figures = database
    ? await loadIntoTable(task, plan, database, context, turns)
    : await loadIntoFile(task, plan, context);
  context.log(
    `${plan.stream}: read ${figures.rowsRead} rows, inserted ${figures.rowsInserted}, updated ${figures.rowsUpdated}`,
  );
  return loaded(task, figures, plan);
}

async function loadIntoTable(
  task: StreamTask,
  plan: StreamPlan,
  database: SqlDatabase,
  context: StepContext,
  turns: PublishTurns,
): Promise<LoadFigures> {
  const { signal } = context;
  const leftovers = await prepareStage(database, task.object);
  if (leftovers.length > 0) context.log(`removed what a stopped run left: ${leftovers.join(', ')}`);
  await prepareWatermarks(database);
  const bounds = await settleBeforeRead(task, plan, signal);
  for (const warning of bounds.warnings) context.log(warning, 'warn');
  try {
    const staged = await stage(task, plan, bounds, context);
    if (plan.mergeKey.length > 0) await requireKeys(database, plan.stage, plan.mergeKey, plan.stream);
    const settled = await settleAfterStage(task, plan, bounds);
    for (const warning of settled.warnings) context.log(warning, 'warn');
    const rowsRead = staged.rows - settled.rowsLeftOut;
    context.progress({ rows: rowsRead, bytes: staged.bytes, phase: 'publishing' });
    let figures: LoadFigures | undefined;
    await turns.take(database, task.target.name, () =>
      publish(
        database,
        plan.publication?.statements ?? [],
        async (session, counts) => {
          figures = figuresOf(plan, { rows: rowsRead, bytes: staged.bytes }, counts, settled.watermark);
          await writePublication(database, session, plan.identity, {
            ...(settled.watermark ? { watermark: settled.watermark } : {}),
            keyColumns: plan.read.along?.primaryKey.map((column) => column.name) ?? [],
            idempotencyKey: task.idempotencyKey,
            figures,
          });
        },
        signal,
      ),
    );
    return figures ?? figuresOf(plan, staged, {}, settled.watermark);
  } catch (error) {
    await dropQuietly(database, plan, context);
    throw error;
  }
}

async function loadIntoFile(task: StreamTask, plan: StreamPlan, context: StepContext): Promise<LoadFigures> {
  const bounds = await settleBeforeRead(task, plan, context.signal);
  const staged = await stage(task, plan, bounds, context);
  if (context.signal.aborted)
    throw new CancelledError(`${plan.stream}: cancelled before the file was published`, {
      code: 'cancelled',
    });
  await task.target.target?.publishFile?.(plan.stage, task.object);
  return figuresOf(plan, staged, { insert: staged.rows }, undefined);
}

async function stage(
  task: StreamTask,
  plan: StreamPlan,
  bounds: SettledRead,
  context: StepContext,
): Promise<StageResult> {
  const { source } = task.source;
  const { target } = task.target;
  if (!source || !target) return { rows: 0, bytes: 0 };
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  try {
    const payload = await source.read(
      {
        stream: { name: plan.stream, ...(plan.read.sql === undefined ? {} : { sql: plan.read.sql }) },
        columns: plan.read.columns,
        ...(bounds.where === undefined ? {} : { where: bounds.where }),
        ...(bounds.limit === undefined ? {} : { limit: bounds.limit }),
        options: plan.read.options,
      },
      plan.lane.format,
      signal,
    );
    return await target.stage(
      {
        table: plan.stage,
        schema: stageSchema(plan),
        ...(task.target.database ? {} : { options: task.stream.target.file }),
        onProgress: (rows, bytes) => context.progress({ rows, bytes, phase: 'loading' }),
      },
      payload,
      signal,
    );
  } catch (error) {
    stop.abort();
    throw error;
  }
}

/** The stage has the target's names and the source's types; casts come when it is published. */
function stageSchema(plan: StreamPlan): TableSchema {
  const columns = plan.columns.map(({ name, source }) => ({ name, type: source.type, nullable: true }));
  return { columns, primaryKey: [] };
}

function figuresOf(
  plan: StreamPlan,
  staged: StageResult,
  counts: RoleCounts,
  watermark: Watermark | undefined,
): LoadFigures {
  const isSwap = plan.publication?.method.startsWith('swap') ?? false;
  const rows = rowCounts(counts, staged.rows, isSwap, plan.mergeKey.length > 0);
  const { table, connection } = plan.target;
  return {
    stream: plan.stream,
    source: `${plan.source.connection} ${plan.stream}`,
    target: `${connection} ${table.schema === '' ? '' : `${table.schema}.`}${table.name}`,
    mode: plan.mode,
    lane: plan.lane.format,
    laneReason: plan.lane.reason,
    publication: plan.publication?.method ?? 'rename: the new file takes the place of the old one',
    rowsRead: staged.rows,
    rowsInserted: rows.inserted,
    rowsUpdated: rows.updated,
    rowsDeleted: rows.deleted,
    bytes: staged.bytes,
    watermarkBefore: formatWatermark(plan.watermarkBefore),
    watermarkAfter: formatWatermark(watermark),
    schemaChanges: plan.publication?.schemaChanges ?? [],
  };
}

function loaded(task: StreamTask, figures: LoadFigures, plan: StreamPlan): LoadedStream {
  const dialect = task.target.database?.dialect ?? sourceDialect(task.source);
  return {
    figures,
    rows: figures.rowsInserted + figures.rowsUpdated,
    columns: plan.columns.map(({ name, type }) => ({ name, dataType: dialect.typeName(type) })),
  };
}

function announce(plan: StreamPlan, context: StepContext): void {
  context.log(
    `${plan.stream}: ${plan.mode} from ${plan.source.connection} into ${plan.target.connection} ${plan.target.table.name} by ${plan.lane.format}, because ${plan.lane.reason}`,
  );
  if (plan.read.along)
    context.log(`${plan.stream}: watermark before: ${formatWatermark(plan.watermarkBefore)}`);
  for (const remark of plan.remarks) context.log(`${plan.stream}: ${remark}`, 'warn');
  for (const change of plan.publication?.schemaChanges ?? []) context.log(`${plan.stream}: ${change}`);
}

/** After an error the stage is only in the way; what is left of it the next run removes. */
async function dropQuietly(database: SqlDatabase, plan: StreamPlan, context: StepContext): Promise<void> {
  try {
    await database.execute(dropTable(database.dialect, plan.stage).sql);
  } catch {
    context.log(
      `${plan.stream}: the stage ${plan.stage.name} could not be removed now; the next run does`,
      'debug',
    );
  }
}
