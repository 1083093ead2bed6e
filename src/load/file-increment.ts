import { rm } from 'node:fs/promises';
import { CancelledError, ConfigError } from '../core/errors.ts';
import type { StepContext } from '../core/executor.ts';
import { beginFile, endFile, exists, fileOf } from './plan/file-publication.ts';
import { figuresOf } from './table/load-figures.ts';
import type { StreamPlan } from './plan/stream-plan.ts';
import { fillStage } from './read/stage-fill.ts';
import { settleBeforeRead } from './read/stream-bounds.ts';
import { sourceDialect, type StreamTask } from './plan/stream-task.ts';
import type { LoadFigures } from './stream/figures.ts';
import { comparable, keyLiteral } from './stream/key-value.ts';
import type { Watermark } from './stream/watermark.ts';

/**
 * Writes what is new in a stream into a file of its own. Files cannot be merged, so rows that share the watermark are
 * read again only when others have come beside them since.
 */
export async function loadIncrement(
  task: StreamTask,
  plan: StreamPlan,
  context: StepContext,
): Promise<LoadFigures> {
  const { identity, watermarkBefore: before } = plan;
  const adds = task.stream.target.parts !== undefined && !task.options.fullRefresh;
  // A folder that was to be replaced when a load was killed is put back.
  await task.target.target?.removeLeftovers?.(task.object, () => false);
  await refuseForeign(task, before !== undefined);
  const isAtRest = before !== undefined && (await tiesOf(task, plan, before)) === plan.heldPrint;
  if (before && !isAtRest)
    context.log(
      `${plan.stream}: rows beside those of the watermark have come; they are written once more`,
      'warn',
    );
  const bounds = await settleBeforeRead(
    task,
    plan,
    context.signal,
    isAtRest ? { continues: true } : undefined,
  );
  for (const warning of bounds.warnings) context.log(warning, 'warn');
  const publication = {
    ...(bounds.watermark ? { watermark: bounds.watermark } : {}),
    ...(bounds.watermark ? { print: await tiesOf(task, plan, bounds.watermark) } : {}),
    keyColumns: [],
    idempotencyKey: task.idempotencyKey,
    publishedAtMs: Date.now(),
  };
  const figures = figuresOf(plan, { rows: 0, bytes: 0 }, {}, bounds.watermark);
  await beginFile(task, identity, { name: plan.stage.name, adds }, { ...publication, figures });
  const staged = await fillStage(task, plan, bounds, context);
  if (context.signal.aborted)
    throw new CancelledError(`${plan.stream}: cancelled before the file was published`, {
      code: 'cancelled',
    });
  if (staged.rows > 0) await task.target.target?.publishFile?.(plan.stage, task.object, adds);
  else await rm(fileOf(task, plan.stage.name), { force: true, recursive: true });
  const written = figuresOf(plan, staged, { insert: staged.rows }, bounds.watermark);
  await endFile(task, identity, { ...publication, figures: written });
  return written;
}

/** How many rows have the value of a watermark, as text. */
async function tiesOf(task: StreamTask, { read }: StreamPlan, { value }: Watermark): Promise<string> {
  const { along, from, where } = read;
  const { database } = task.source;
  if (!along || !database) return '';
  const dialect = sourceDialect(task.source);
  const isTie = `${comparable(dialect, along.updateKey)} = ${keyLiteral(dialect, along.updateKey, value)}`;
  const condition = where === undefined ? isTie : `(${where}) and ${isTie}`;
  const { rows } = await database.query(`select count(*) from ${from} where ${condition}`);
  return String(rows[0]?.[0]);
}

/** A file that another run has written would be lost; to a folder of parts only those are added that follow. */
async function refuseForeign(task: StreamTask, isContinued: boolean): Promise<void> {
  const isMine = task.stream.target.parts !== undefined && (isContinued || task.options.fullRefresh);
  if (isMine || !(await exists(fileOf(task, task.object.name)))) return;
  throw new ConfigError(
    `stream ${task.stream.name}: ${task.object.name} is there, and holds rows of another run`,
    {
      code: 'file_taken',
      origin: task.stream.objectOrigin,
      state: 'Nothing was changed',
      next: task.stream.target.parts
        ? 'Write all of it anew with --full-refresh, or name another folder in object:'
        : 'Let each run write a file of its own: {run_timestamp} or {execution.id} in object:',
    },
  );
}
