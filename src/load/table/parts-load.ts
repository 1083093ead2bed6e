import type { SqlDatabase } from '../../connector/connection.ts';
import { CancelledError, TransientError } from '../../core/errors.ts';
import type { TableName } from '../../sql/dialect.ts';
import { createTable } from '../../sql/merge/index.ts';
import { ChunkPace } from '../chunks/chunk-pace.ts';
import type { ChunkPlan } from '../chunks/chunk-plan.ts';
import { partOf, type Part } from '../chunks/part.ts';
import type { PartsProgress } from '../chunks/parts-progress.ts';
import { forgetParts, prepareParts, readParts, writeParts } from '../chunks/parts-store.ts';
import { readPersistently } from '../chunks/persistence.ts';
import { misfitsAside } from './misfit-rows.ts';
import { fillStage, stageSchema, type FilledStage } from '../read/stage-fill.ts';
import { windowRequest } from '../read/stream-bounds.ts';
import { ofExpected } from '../plan/expected-rows.ts';
import { sourceDialect } from '../plan/stream-task.ts';
import type { LoadFigures } from '../stream/figures.ts';
import { stagePart } from '../stream/stage-name.ts';
import { addPart } from '../stream/stage-parts.ts';
import { findEnd } from '../stream/window.ts';
import { dropQuietly, prepareTarget, publishStage } from './window-load.ts';
import type { TableLoad } from './table-load.ts';

/** A stage on its way to being full. */
interface PartsRun {
  readonly load: TableLoad;
  readonly chunks: ChunkPlan;
  readonly source: SqlDatabase;
  readonly pace: ChunkPace;
  /** What the target knows as well. */
  progress: PartsProgress;
}

/**
 * Reads all of the stream in chunks into one stage, which is published once at the end. Each chunk goes into
 * a table of its own, several side by side; in the order of the key they are added to the stage, each in one
 * transaction with the position. Whatever stops the load, the next attempt or run goes on after the last
 * chunk that was added.
 */
export async function loadThroughParts(
  load: TableLoad,
  chunks: ChunkPlan,
  source: SqlDatabase,
): Promise<LoadFigures> {
  const { plan, database, context } = load;
  const pace = new ChunkPace(chunks.pace);
  try {
    await prepareParts(database);
    const progress =
      (await resumed(load)) ?? (await readPersistently(source, pace, context, () => started(load, source)));
    const run: PartsRun = { load, chunks, source, pace, progress };
    while (!run.progress.isComplete)
      await readPersistently(
        source,
        pace,
        context,
        () => readAhead(run),
        () => run.progress.parts,
      );
    const { watermark, parts } = run.progress;
    return await publishStage(load, run.progress, {
      isLast: true,
      chunks: parts,
      ...(watermark ? { watermark: { ...watermark } } : {}),
      seal: (session) => forgetParts(database, session, plan.identity),
    });
  } catch (error) {
    const goesOn = error instanceof TransientError || error instanceof CancelledError;
    if (!goesOn) await dropQuietly(database, plan, context);
    throw error;
  }
}

/** What an earlier attempt or a stopped run has gathered, if it is of the same definition and not too old. */
async function resumed(load: TableLoad): Promise<PartsProgress | undefined> {
  const { task, plan, database, context } = load;
  const stored = await readParts(database, plan.identity);
  if (!stored || stored.definition !== plan.definition) return undefined;
  const ageHours = (Date.now() - stored.savedAtMs) / 3_600_000;
  const isOurs = stored.idempotencyKey === task.idempotencyKey;
  if (!isOurs && !(ageHours < task.stream.resumeHours)) return undefined;
  const stage = await database.describe(plan.stage);
  const names = plan.columns.map((column) => column.name).join('\0');
  if (stage?.columns.map((column) => column.name).join('\0') !== names) return undefined;
  await prepareTarget(load, [plan.stage.name, misfitsAside(plan.stage).name]);
  const { parts, rows } = stored.progress;
  const whose = isOurs ? '' : ` of a run that stopped ${ageHours.toFixed(1)} hours ago`;
  context.log(`${plan.stream}: going on after chunk ${parts}${whose}, ${rows} rows`);
  return stored.progress;
}

/** The old position goes before the new stage comes, so that the two never meet. */
async function started(load: TableLoad, source: SqlDatabase): Promise<PartsProgress> {
  const { task, plan, database, context } = load;
  await forgetParts(database, database, plan.identity);
  await prepareTarget(load);
  const watermark = plan.read.along
    ? await findEnd(windowRequest(task, plan), source, context.signal)
    : undefined;
  await database.execute(createTable(database.dialect, plan.stage, stageSchema(plan).columns).sql);
  const progress: PartsProgress = {
    parts: 0,
    position: [],
    isComplete: false,
    rows: 0,
    bytes: 0,
    ...(watermark ? { watermark: { updateKey: watermark.updateKey, value: watermark.value } } : {}),
  };
  await save(load, progress, database);
  return progress;
}

async function save(
  { task, plan, database }: TableLoad,
  progress: PartsProgress,
  session: Parameters<typeof writeParts>[1],
): Promise<void> {
  const { definition, identity } = plan;
  await writeParts(database, session, identity, {
    definition,
    idempotencyKey: task.idempotencyKey,
    progress,
  });
}

interface PartReading {
  readonly table: TableName;
  readonly part: Part;
  readonly filled: Promise<FilledStage>;
}

/** Reads to the end, some parts ahead of the one that is added. What was read ahead of a failure is dropped. */
async function readAhead(run: PartsRun): Promise<void> {
  const { load, chunks, source, pace } = run;
  const { plan, task, database, context } = load;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const ahead: PartReading[] = [];
  const staged = new Map<string, { readonly rows: number; readonly bytes: number }>();
  const place = { stream: plan.stream, dialect: sourceDialect(task.source), from: plan.read.from, chunks };
  let planned = run.progress;
  try {
    while (ahead.length > 0 || !planned.isComplete) {
      while (ahead.length < chunks.sideBySide && !planned.isComplete) {
        const part = await partOf(place, planned, pace.rows, source, signal);
        const parts = planned.parts + 1;
        const table = stagePart(task.object, database.dialect, plan.stageKey, parts);
        ahead.push({ table, part, filled: readPart(table, part) });
        planned = { ...planned, parts, position: part.end ?? [], isComplete: part.isLast };
      }
      const [next] = ahead;
      if (next) await add(next, await next.filled);
      ahead.shift();
    }
  } catch (error) {
    stop.abort();
    await Promise.allSettled(ahead.map((one) => one.filled));
    throw error;
  }

  function readPart(table: TableName, part: Part): Promise<FilledStage> {
    const own = plan.read.where === undefined ? [] : [`(${plan.read.where})`];
    const where = [...own, ...part.conditions].join(' and ');
    const filled = fillStage(
      task,
      plan,
      { ...(where === '' ? {} : { where }), stage: table, signal, onProgress },
      context,
    );
    // It is awaited in its turn.
    filled.catch(() => undefined);
    return filled;

    function onProgress(rows: number, bytes: number): void {
      staged.set(table.name, { rows, bytes });
      let total = { rows: run.progress.rows, bytes: run.progress.bytes };
      for (const one of staged.values())
        total = { rows: total.rows + one.rows, bytes: total.bytes + one.bytes };
      context.progress({ ...total, ...ofExpected(plan), phase: 'loading' });
    }
  }

  async function add({ table, part }: PartReading, filled: FilledStage): Promise<void> {
    const progress: PartsProgress = {
      ...run.progress,
      parts: run.progress.parts + 1,
      position: part.end ?? [],
      isComplete: part.isLast,
      rows: run.progress.rows + filled.rows,
      bytes: run.progress.bytes + filled.bytes,
    };
    await addPart(database, plan.stage, table, stageSchema(plan), (session) => save(load, progress, session));
    staged.delete(table.name);
    run.progress = progress;
    pace.succeeded(filled.seconds);
    await context.saveCheckpoint({ chunks: progress.parts });
    context.log(`${plan.stream}: chunk ${progress.parts} is staged, ${progress.rows} rows so far`);
  }
}
