import { type Backfill, isBackfillOpen } from '../../core/backfill.ts';
import { ConfigError, formatError } from '../../core/errors.ts';
import type { RunRecord, StepRecord } from '../../core/ledger.ts';
import { isRunFinished } from '../../core/run-state.ts';
import { type StreamFigures, streamFigures } from '../../core/stream-figures.ts';
import { cancelBackfill, holdBackfill } from '../../engine/index.ts';
import { findRun, findRunOrBackfill, interruptedRuns, withLedgers } from './ledger-run.ts';
import type { Place } from './open-project.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTable,
  printJson,
  printLine,
} from '../terminal/output.ts';

interface RunsOptions extends Place {
  readonly json: boolean;
}

export async function listRuns(options: RunsOptions & { readonly limit: number }): Promise<void> {
  await withLedgers(options, async (stores) => {
    const found = await Promise.all(stores.map((store) => store.listRuns({ limit: options.limit })));
    const runs = found
      .flat()
      .sort((a, b) => b.createdAtMs - a.createdAtMs)
      .slice(0, options.limit);
    const interrupted = await interruptedRuns(stores);
    if (options.json)
      return printJson({ runs: runs.map((run) => ({ ...run, interrupted: interrupted.has(run.id) })) });
    if (runs.length === 0) return printLine('No runs yet. Next: millrace run');
    const rows = runs.map((run) => [
      run.id,
      run.heldAtMs === undefined ? (interrupted.has(run.id) ? 'interrupted' : run.state) : 'paused',
      [run.trigger.kind, run.trigger.schedule ?? run.trigger.name].filter(Boolean).join(' '),
      run.selection || 'everything',
      new Date(run.createdAtMs).toISOString(),
      run.startedAtMs && run.finishedAtMs ? formatDuration(run.finishedAtMs - run.startedAtMs) : '',
      `${run.stepCounts.succeeded} ok, ${run.stepCounts.failed} failed, ${run.stepCounts.skipped} skipped`,
    ]);
    printLine(formatTable(['run', 'state', 'by', 'selection', 'created', 'took', 'steps'], rows));
  });
}

export async function showRun(
  options: RunsOptions & { readonly id: string; readonly logs: boolean },
): Promise<void> {
  await withLedgers(options, async (stores) => {
    const { store, run } = await findRun(stores, options.id);
    const logs = options.logs
      ? await store.events({ runId: run.id, types: ['step_log'], afterSequence: 0, limit: 100_000 })
      : [];
    const isInterrupted = (await interruptedRuns([store])).has(run.id);
    if (options.json)
      return printJson({
        run: { ...run, steps: run.steps.map(withStreams), interrupted: isInterrupted },
        ...(options.logs ? { logs } : {}),
      });
    const isHeld = run.heldAtMs !== undefined;
    const held = `paused; to go on: millrace runs resume ${run.id}`;
    const state = isHeld
      ? held
      : isInterrupted
        ? 'interrupted; the next millrace run continues it'
        : run.state;
    printLine(`Run ${run.id}: ${state}, ${run.selection || 'everything'}`);
    printLine(
      formatTable(
        ['step', 'state', 'attempt', 'rows', 'took', 'note'],
        run.steps.map((step) => [
          step.key,
          step.state,
          String(step.attempt),
          formatCount(step.outcome?.rows),
          step.startedAtMs && step.finishedAtMs ? formatDuration(step.finishedAtMs - step.startedAtMs) : '',
          step.reason ?? step.outcome?.check?.message ?? '',
        ]),
      ),
    );
    if (run.state === 'failed' || run.state === 'cancelled')
      printLine(`\nTo do what it has left undone: millrace runs retry ${run.id}`);
    for (const figures of run.steps.flatMap((step) => streamFigures(step)))
      printLine(`\n${aboutStream(figures)}`);
    for (const step of run.steps) {
      if (step.failure) printLine(`\n${step.key}\n${formatError(step.failure)}`);
    }
    if (run.failure) printLine(`\n${formatError(run.failure)}`);
    if (logs.length > 0) printLine();
    for (const line of logs) {
      if (line.type !== 'step_log') continue;
      printLine(`${new Date(line.atMs).toISOString()} ${line.level.padEnd(5)} ${line.step}: ${line.message}`);
    }
  });
}

export async function cancelRun(options: RunsOptions & { readonly id: string }): Promise<void> {
  await withLedgers(options, async (stores) => {
    const found = await findRunOrBackfill(stores, options.id);
    if ('backfill' in found) {
      requireOpenBackfill(found.backfill);
      const ended = await cancelBackfill(found.store, found.backfill.id, Date.now());
      return printBackfill(ended ?? found.backfill, options.json);
    }
    const { store, run } = found;
    requireOpenRun(run);
    const state = await store.requestCancel(run.id, Date.now());
    if (options.json) printJson({ runId: run.id, state });
    else printLine(`Run ${run.id} is ${state}. Next: millrace runs show ${run.id}`);
  });
}

/** Pauses a run or a backfill, or lets it go on. A run of a backfill is paused with its backfill. */
export async function holdRun(
  options: RunsOptions & { readonly id: string; readonly isHeld: boolean },
): Promise<void> {
  const { isHeld, json } = options;
  await withLedgers(options, async (stores) => {
    const found = await findRunOrBackfill(stores, options.id);
    const { store } = found;
    if ('run' in found) requireOpenRun(found.run);
    const backfillId = 'backfill' in found ? found.backfill.id : found.run.trigger.backfill;
    if (backfillId !== undefined) {
      const backfill = await holdBackfill(store, backfillId, isHeld, Date.now());
      if (backfill) {
        requireOpenBackfill(backfill);
        return printBackfill(backfill, json);
      }
    }
    if (!('run' in found)) return;
    const { id } = found.run;
    const state = await store.holdRun(id, isHeld, Date.now());
    if (json) return printJson({ runId: id, state, isHeld });
    printLine(
      isHeld
        ? `Run ${id} is paused. Next: millrace runs resume ${id}`
        : `Run ${id} may go on: millrace dev does it, or the same millrace run.`,
    );
  });
}

function requireOpenRun({ id, state }: RunRecord): void {
  if (!isRunFinished(state)) return;
  throw new ConfigError(`run ${id} is ${state} already`, { code: 'run_finished' });
}

function requireOpenBackfill(backfill: Backfill): void {
  if (isBackfillOpen(backfill)) return;
  throw new ConfigError(`the backfill ${backfill.id} is ${backfill.state} already`, { code: 'run_finished' });
}

function printBackfill({ id, state }: Backfill, json: boolean): void {
  if (json) printJson({ backfill: id, state });
  else if (state === 'running')
    printLine(`Backfill ${id} may go on: millrace dev does it, or any millrace run.`);
  else
    printLine(
      `Backfill ${id} is ${state}. Next: ${state === 'paused' ? `millrace runs resume ${id}` : 'millrace backfill'}`,
    );
}

function withStreams(step: StepRecord): StepRecord & { readonly streams?: readonly StreamFigures[] } {
  const streams = streamFigures(step);
  return streams.length === 0 ? step : { ...step, streams };
}

function aboutStream(figures: StreamFigures): string {
  const {
    stream,
    mode,
    lane,
    laneReason,
    bytes,
    rowsPerSecond,
    watermarkBefore,
    watermarkAfter,
    schemaChanges,
  } = figures;
  const rows = (['Read', 'Inserted', 'Updated', 'Deleted', 'Rejected'] as const).map(
    (change) => `${change.toLowerCase()} ${formatCount(figures[`rows${change}`])}`,
  );
  const rate = rowsPerSecond === undefined ? '' : `, ${formatCount(rowsPerSecond)} rows/s`;
  const isSame = watermarkBefore === watermarkAfter;
  const lines = [
    `${stream}: ${mode} by ${lane}${laneReason === '' ? '' : `, because ${laneReason}`}`,
    `  rows: ${rows.join(', ')}; ${formatBytes(bytes)}${rate}`,
    isSame ? '' : `  watermark: ${watermarkBefore} -> ${watermarkAfter}`,
    ...schemaChanges.map((change) => `  schema: ${change}`),
  ];
  return lines.filter((line) => line !== '').join('\n');
}
