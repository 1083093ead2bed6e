import { CancelledError, TransientError } from '../core/errors.ts';
import type { StepContext } from '../core/executor.ts';
import type { ColumnDoc } from '../core/node.ts';
import { readPersistently } from './chunks/persistence.ts';
import { loadInChunks } from './table/chunked-load.ts';
import { isIgnored } from './plan/existing-target.ts';
import { loadIncrement } from './file-increment.ts';
import { withFileLease } from './file-lease.ts';
import { leasePath } from './plan/file-publication.ts';
import { figuresOf, skippedFigures } from './table/load-figures.ts';
import { loadThroughParts } from './table/parts-load.ts';
import { identityOf } from './plan/last-publication.ts';
import { planStream } from './plan/plan-stream.ts';
import type { StreamPlan } from './plan/stream-plan.ts';
import { fillStage } from './read/stage-fill.ts';
import { sourceDialect, type StreamTask } from './plan/stream-task.ts';
import { StreamHookRun } from './table/stream-hooks.ts';
import type { HookLeavings } from './hooks/hook-leavings.ts';
import { warningsOf } from './hooks/warnings.ts';
import type { LoadFigures } from './stream/figures.ts';
import { isStageFileOf } from './stream/stage-name.ts';
import type { PublishTurns } from './stream/publish.ts';
import { recoverSwaps } from './stream/swap.ts';
import { explainedBySource } from './read/changed-source.ts';
import { refuseNullKeys, settleBeforeRead } from './read/stream-bounds.ts';
import { loadWindow } from './table/window-load.ts';
import type { TableLoad } from './table/table-load.ts';
import { watchedSource } from './read/watched-source.ts';
import { withTargetLease } from './table/target-lease.ts';
import { formatWatermark } from './stream/watermark.ts';

/** One stream, loaded and published. */
export interface LoadedStream {
  readonly figures: LoadFigures;
  /** Rows that came into the target or were changed there. */
  readonly rows: number;
  readonly columns: readonly ColumnDoc[];
  /** By its hooks, for those at the end of the file. */
  readonly left?: HookLeavings;
}

/**
 * Loads one stream: plan, stage, publish. Until the last step nothing of it is visible; that step is one
 * transaction (one rename for files), and a repeated call after it finds its own trace and does nothing.
 */
export async function loadStream(
  given: StreamTask,
  context: StepContext,
  turns: PublishTurns,
): Promise<LoadedStream> {
  const task = given.source === given.target ? given : withWatchedSource(given);
  if (await isIgnored(task)) return skipped(task, context, 'its target is there, and ignore_existing is set');
  const hooks = new StreamHookRun(task, context);
  if (!(await hooks.prepare())) return skipped(task, context, 'a hook skipped the stream');
  const { database } = task.target;
  const { plan, figures } = database
    ? await withTargetLease(database, task.object, context, async (lease) => {
        if ((await recoverSwaps(database, task.object)) > 0)
          context.log(`put back the ${task.object.name} that a stopped run had not finished replacing`);
        return await loadPlanned(task, context, (plan) =>
          loadIntoTable({ task, plan, database, context, turns, hooks, lease }),
        );
      })
    : await withFileLease(leasePath(task, identityOf(task)), task.object.name, context, () =>
        loadPlanned(task, context, (plan) =>
          task.stream.mode === 'incremental'
            ? loadIncrement(task, plan, context)
            : loadIntoFile(task, plan, context),
        ),
      );
  await hooks.run('post', { figures });
  const warnings = [...(figures.warnings ?? []), ...hooks.warnings];
  const { left } = hooks;
  return { ...loaded(task, { ...figures, ...warningsOf(warnings) }, plan), ...(left ? { left } : {}) };
}

function withWatchedSource(task: StreamTask): StreamTask {
  return { ...task, source: watchedSource(task.source, task.stream.stallSeconds) };
}

/** Plans, and loads by the plan unless an earlier attempt has done so. */
async function loadPlanned(
  task: StreamTask,
  context: StepContext,
  load: (plan: StreamPlan) => Promise<LoadFigures>,
  isRepeated = false,
): Promise<{ readonly plan: StreamPlan; readonly figures: LoadFigures }> {
  const source = task.source.database;
  const plan = source
    ? await readPersistently(source, undefined, context, () => planStream(task, undefined, context.signal))
    : await planStream(task, undefined, context.signal);
  if (plan.published) {
    context.log(`${plan.stream}: already published by an earlier attempt`);
    return { plan, figures: plan.published.figures as LoadFigures };
  }
  announce(task, plan, context);
  await refuseNullKeys(task, plan, context.signal);
  let figures: LoadFigures;
  try {
    figures = await load(plan);
  } catch (error) {
    const mayRepeat = error instanceof TransientError && error.code === 'types_guessed_wrong' && !isRepeated;
    if (!mayRepeat) throw await explainedBySource(error, task, plan);
    context.log(`${error.message} Planning again by all rows.`, 'warn');
    return await loadPlanned(task, context, load, true);
  }
  context.log(
    `${plan.stream}: read ${figures.rowsRead} rows, inserted ${figures.rowsInserted}, updated ${figures.rowsUpdated}`,
  );
  return { plan, figures };
}

async function loadIntoTable(load: TableLoad): Promise<LoadFigures> {
  const { chunks } = load.plan;
  if (!chunks) return (await loadWindow(load)).figures;
  const { database } = load.task.source;
  if (!database) throw new Error('only databases are read in chunks');
  return chunks.commits === 'each chunk'
    ? await loadInChunks(load, chunks, database)
    : await loadThroughParts(load, chunks, database);
}

async function loadIntoFile(task: StreamTask, plan: StreamPlan, context: StepContext): Promise<LoadFigures> {
  const leftovers = await task.target.target?.removeLeftovers?.(task.object, (name) =>
    isStageFileOf(name, task.object),
  );
  if (leftovers && leftovers.length > 0)
    context.log(`removed what a stopped run left: ${leftovers.join(', ')}`);
  const bounds = await settleBeforeRead(task, plan, context.signal);
  const staged = await fillStage(task, plan, bounds, context);
  if (context.signal.aborted)
    throw new CancelledError(`${plan.stream}: cancelled before the file was published`, {
      code: 'cancelled',
    });
  await task.target.target?.publishFile?.(plan.stage, task.object);
  return figuresOf(plan, staged, { insert: staged.rows }, undefined);
}

/** The stream was left out. */
function skipped(
  { stream, source, target, object }: StreamTask,
  context: StepContext,
  reason: string,
): LoadedStream {
  context.log(`${stream.name}: skipped: ${reason}`);
  return { figures: skippedFigures(stream, source.name, target.name, object, reason), rows: 0, columns: [] };
}

function loaded(task: StreamTask, figures: LoadFigures, plan: StreamPlan): LoadedStream {
  const dialect = task.target.database?.dialect ?? sourceDialect(task.source);
  return {
    figures,
    rows: figures.rowsInserted + figures.rowsUpdated,
    columns: plan.columns.map(({ name, type }) => ({ name, dataType: dialect.typeName(type) })),
  };
}

function announce({ stream }: StreamTask, plan: StreamPlan, context: StepContext): void {
  context.log(
    `${plan.stream}: ${plan.mode} from ${plan.source.connection} into ${plan.target.connection} ${plan.target.table.name} by ${plan.lane.format}, because ${plan.lane.reason}`,
  );
  if (plan.read.along)
    context.log(`${plan.stream}: watermark before: ${formatWatermark(plan.watermarkBefore)}`);
  if (plan.chunks) context.log(`${plan.stream}: read in chunks: ${plan.chunks.reason}`);
  for (const remark of plan.remarks)
    context.log(`${plan.stream}: ${remark}`, stream.remarks.includes(remark) ? 'info' : 'warn');
  for (const change of plan.publication?.schemaChanges ?? []) context.log(`${plan.stream}: ${change}`);
}
