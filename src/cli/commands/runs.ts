import { ConfigError, formatError } from '../../core/errors.ts';
import type { StepRecord } from '../../core/ledger.ts';
import { isRunFinished } from '../../core/run-state.ts';
import { type StreamFigures, streamFigures } from '../../core/stream-figures.ts';
import { findRun, interruptedRuns, withLedgers } from './ledger-run.ts';
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
      interrupted.has(run.id) ? 'interrupted' : run.state,
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
    const state = isInterrupted ? 'interrupted; the next millrace run continues it' : run.state;
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
    const { store, run } = await findRun(stores, options.id);
    if (isRunFinished(run.state)) {
      throw new ConfigError(`run ${run.id} is ${run.state} already`, { code: 'run_finished' });
    }
    const state = await store.requestCancel(run.id, Date.now());
    if (options.json) printJson({ runId: run.id, state });
    else printLine(`Run ${run.id} is ${state}. Next: millrace runs show ${run.id}`);
  });
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
