import type { SqlDatabase } from '../connector/connection.ts';
import { TransientError } from '../core/errors.ts';
import { createTable } from '../sql/merge/index.ts';
import { ChunkPace } from './chunks/chunk-pace.ts';
import type { ChunkPlan } from './chunks/chunk-plan.ts';
import { partOf } from './chunks/part.ts';
import { partsProgress, type PartsProgress } from './chunks/parts-progress.ts';
import { readPersistently } from './chunks/persistence.ts';
import { fillStage, stageSchema } from './stage-fill.ts';
import { windowRequest } from './stream-bounds.ts';
import { sourceDialect } from './stream-task.ts';
import type { LoadFigures } from './stream/figures.ts';
import { stagePart } from './stream/stage-name.ts';
import { addPart } from './stream/stage-parts.ts';
import { findEnd } from './stream/window.ts';
import { dropQuietly, prepareTarget, publishStage } from './window-load.ts';
import type { TableLoad } from './table-load.ts';

/**
 * Reads all of the stream in chunks into one stage, which is published once at the end. A chunk goes into a
 * table of its own, then the checkpoint is saved, then one transaction adds the table to the stage and
 * drops it: as long as it is there it has not been added, so a chunk is added once whatever stops the load.
 */
export async function loadThroughParts(
  load: TableLoad,
  chunks: ChunkPlan,
  source: SqlDatabase,
): Promise<LoadFigures> {
  const { plan, database, context } = load;
  const pace = new ChunkPace(chunks.pace);
  try {
    let progress =
      (await resumed(load, chunks)) ??
      (await readPersistently(source, pace, context, () => started(load, chunks, source)));
    while (!progress.isComplete) {
      const before = progress;
      progress = await readPersistently(source, pace, context, () =>
        readPart(load, chunks, source, before, pace),
      );
      context.log(`${plan.stream}: chunk ${progress.parts} is staged, ${progress.rows} rows so far`);
    }
    const { watermark } = progress;
    return await publishStage(load, progress, {
      isLast: true,
      chunks: progress.parts,
      ...(watermark ? { watermark: { ...watermark } } : {}),
    });
  } catch (error) {
    if (!(error instanceof TransientError)) await dropQuietly(database, plan, context);
    throw error;
  }
}

/** The position that the last attempt at this step reached, if its stage is still there. */
async function resumed(load: TableLoad, chunks: ChunkPlan): Promise<PartsProgress | undefined> {
  const { task, plan, database, context } = load;
  const progress = partsProgress(context.checkpoint, plan.stage.name, chunks.key);
  if (!progress) return undefined;
  const stage = await database.describe(plan.stage);
  const names = plan.columns.map((column) => column.name).join('\0');
  if (stage?.columns.map((column) => column.name).join('\0') !== names) return undefined;
  const part = partTable(load, progress.parts);
  await prepareTarget(load, [plan.stage.name, part.name]);
  if (await database.describe(part)) await addPart(database, plan.stage, part, stageSchema(plan));
  context.log(`${task.stream.name}: going on after chunk ${progress.parts}, ${progress.rows} rows`);
  return progress;
}

async function started(load: TableLoad, chunks: ChunkPlan, source: SqlDatabase): Promise<PartsProgress> {
  const { task, plan, database, context } = load;
  await prepareTarget(load);
  const watermark = plan.read.along
    ? await findEnd(windowRequest(task, plan), source, context.signal)
    : undefined;
  await database.execute(createTable(database.dialect, plan.stage, stageSchema(plan).columns).sql);
  return {
    stage: plan.stage.name,
    keyColumns: chunks.key.map((column) => column.name),
    parts: 0,
    position: [],
    isComplete: false,
    rows: 0,
    bytes: 0,
    ...(watermark ? { watermark: { updateKey: watermark.updateKey, value: watermark.value } } : {}),
  };
}

async function readPart(
  load: TableLoad,
  chunks: ChunkPlan,
  source: SqlDatabase,
  before: PartsProgress,
  pace: ChunkPace,
): Promise<PartsProgress> {
  const { task, plan, database, context } = load;
  const part = await partOf(
    { stream: plan.stream, dialect: sourceDialect(task.source), from: plan.read.from, chunks },
    before,
    pace.rows,
    source,
    context.signal,
  );
  const own = plan.read.where === undefined ? [] : [`(${plan.read.where})`];
  const table = partTable(load, before.parts + 1);
  const where = [...own, ...part.conditions].join(' and ');
  const reading = { ...(where === '' ? {} : { where }), stage: table, before };
  const filled = await fillStage(task, plan, reading, context);
  const progress: PartsProgress = {
    ...before,
    parts: before.parts + 1,
    position: part.end ?? [],
    isComplete: part.isLast,
    rows: before.rows + filled.rows,
    bytes: before.bytes + filled.bytes,
  };
  await context.saveCheckpoint(progress);
  await addPart(database, plan.stage, table, stageSchema(plan));
  pace.succeeded(filled.seconds);
  return progress;
}

function partTable({ task, database }: TableLoad, part: number): ReturnType<typeof stagePart> {
  return stagePart(task.object, database.dialect, task.idempotencyKey, part);
}
