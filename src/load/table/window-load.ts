import type { SqlDatabase, SqlSession, StageResult } from '../../connector/connection.ts';
import type { StepContext } from '../../core/executor.ts';
import { dropTable } from '../../sql/merge/index.ts';
import { figuresOf } from './load-figures.ts';
import { missingStatements } from './missing-keys.ts';
import { unfinishedKey } from '../plan/last-publication.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';
import { fillStage } from '../read/stage-fill.ts';
import { misfitRows } from './misfit-rows.ts';
import { stageRejects } from './rejected-rows.ts';
import { verifiedRows } from './verification.ts';
import type { TableLoad } from './table-load.ts';
import { isAtRest, windowPrint, type WindowPrint } from './window-print.ts';
import { requireLease } from './target-lease.ts';
import { settleAfterStage, settleBeforeRead } from '../read/stream-bounds.ts';
import { addFigures, type LoadFigures } from '../stream/figures.ts';
import { publish } from '../stream/publish.ts';
import { prepareSwaps } from '../stream/swap.ts';
import { prepareStage, removeOldLeftovers, requireKeys } from '../stream/stage-table.ts';
import { prepareWatermarks, writePublication } from '../stream/watermark-store.ts';
import { formatWatermark, type Watermark } from '../stream/watermark.ts';
import type { WindowPiece } from '../stream/window.ts';

/** A window of the stream that is visible in the target. */
export interface LoadedWindow {
  /** Of this window and of those before it. */
  readonly figures: LoadFigures;
  readonly watermark?: Watermark;
  readonly isLast: boolean;
  readonly readSeconds: number;
}

/**
 * Stages one window of the stream, or all of it, and publishes it with its watermark.
 * @param before figures of the windows that this step has published already
 */
export async function loadWindow(
  load: TableLoad,
  piece?: WindowPiece,
  before?: LoadFigures,
): Promise<LoadedWindow> {
  const { task, plan, database, context } = load;
  const bounds = await settleBeforeRead(task, plan, context.signal, piece);
  for (const warning of bounds.warnings) context.log(warning, 'warn');
  const print = piece || !bounds.watermark ? undefined : await windowPrint(load, bounds.watermark);
  if (print && bounds.watermark && isAtRest(load, print, bounds.watermark)) {
    context.log(`${plan.stream}: nothing new since ${formatWatermark(bounds.watermark)}`);
    tellLeftovers(await removeOldLeftovers(database, task.object, context.runId), context);
    return unchangedWindow(plan, print, bounds.watermark);
  }
  await prepareTarget(load);
  try {
    const filled = await fillStage(task, plan, { ...bounds, ...progressAfter(before) }, context);
    const settled = await settleAfterStage(task, plan, bounds);
    for (const warning of settled.warnings) context.log(warning, 'warn');
    const staged = { rows: filled.rows - settled.rowsLeftOut, bytes: filled.bytes };
    const publishing = { ...settled, isLast: bounds.isLast, ...(print ? { print: print.text } : {}) };
    const figures = await publishStage(load, staged, publishing, before);
    return {
      figures,
      ...(settled.watermark ? { watermark: settled.watermark } : {}),
      isLast: bounds.isLast,
      readSeconds: filled.seconds,
    };
  } catch (error) {
    await dropQuietly(database, plan, context);
    throw error;
  }
}

/** The target is as it should be: nothing is staged, and nothing written. */
function unchangedWindow(plan: StreamPlan, { rows }: WindowPrint, watermark: Watermark): LoadedWindow {
  const figures = figuresOf(plan, { rows, bytes: 0 }, {}, watermark);
  return { figures, watermark, isLast: true, readSeconds: 0 };
}

/** Schema, bookkeeping and a place without leftovers. */
export async function prepareTarget(
  { task, database, context }: TableLoad,
  keep: readonly string[] = [],
): Promise<void> {
  tellLeftovers(await prepareStage(database, task.object, keep), context);
  await prepareWatermarks(database);
  await prepareSwaps(database);
}

function tellLeftovers(leftovers: readonly string[], context: StepContext): void {
  if (leftovers.length > 0) context.log(`removed what a stopped run left: ${leftovers.join(', ')}`);
}

export interface Publishing {
  readonly watermark?: Watermark;
  readonly isLast: boolean;
  /** Pieces that the stage was filled by. */
  readonly chunks?: number;
  /** Of the rows that the next reading begins with. */
  readonly print?: string;
  /** Writes more into the same transaction. */
  readonly seal?: (session: SqlSession) => Promise<void>;
}

/** Makes the full stage visible, in one transaction with the watermark. */
export async function publishStage(
  load: TableLoad,
  staged: StageResult,
  { watermark, isLast, chunks, print, seal }: Publishing,
  before?: LoadFigures,
): Promise<LoadFigures> {
  const { task, plan, database, context, turns, hooks } = load;
  if (plan.mergeKey.length > 0) await requireKeys(database, plan.stage, plan.mergeKey, plan.stream);
  const rejects = await stageRejects(load);
  const misfits = await misfitRows(load, (before?.rowsRejected ?? 0) + rejects.rows, !before);
  const fitting = { ...staged, rows: staged.rows - misfits.rows };
  const details = {
    warnings: misfits.warnings ?? [],
    rowsRejected: rejects.rows + misfits.rows,
    ...(chunks === undefined ? {} : { chunks }),
  };
  const missing = isLast ? await missingStatements(load) : [];
  context.progress({
    rows: (before?.rowsRead ?? 0) + staged.rows,
    bytes: (before?.bytes ?? 0) + staged.bytes,
    phase: 'publishing',
  });
  requireLease(load.lease, task.object);
  return await turns.take(database, task.target.name, () =>
    publish(
      database,
      (session) => hooks.run('pre_merge', { session }),
      {
        statements: [
          ...rejects.statements,
          ...misfits.statements,
          ...(plan.publication?.statements ?? []),
          ...missing,
        ],
        ...(plan.publication?.swap ? { swap: plan.publication.swap } : {}),
        ...(plan.publication?.isolation ? { isolation: plan.publication.isolation } : {}),
      },
      async (session, counts) => {
        const rowsInTarget = await verifiedRows(load, fitting.rows, session);
        await hooks.run('post_merge', { session });
        const counted = rowsInTarget === undefined ? details : { ...details, rowsInTarget };
        const figures = addFigures(before, figuresOf(plan, fitting, counts, watermark, counted));
        await writePublication(database, session, plan.identity, {
          ...(watermark ? { watermark } : {}),
          keyColumns: plan.read.along?.primaryKey.map((column) => column.name) ?? [],
          idempotencyKey: isLast ? task.idempotencyKey : unfinishedKey(task.idempotencyKey),
          figures,
          ...(print === undefined ? {} : { print }),
        });
        await seal?.(session);
        return figures;
      },
      context.signal,
    ),
  );
}

function progressAfter(before: LoadFigures | undefined): { readonly before?: StageResult } {
  return before ? { before: { rows: before.rowsRead, bytes: before.bytes } } : {};
}

/** After an error the stage is only in the way; what is left of it the next run removes. */
export async function dropQuietly(
  database: SqlDatabase,
  plan: Pick<StreamPlan, 'stage' | 'stream'>,
  context: StepContext,
): Promise<void> {
  try {
    await database.execute(dropTable(database.dialect, plan.stage).sql);
  } catch {
    context.log(
      `${plan.stream}: the stage ${plan.stage.name} could not be removed now; the next run does`,
      'debug',
    );
  }
}
