import { ConfigError, formatError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { OpenRun, RunStore } from '../../core/ports.ts';
import { isRunFinished } from '../../core/run-state.ts';
import { isOwnershipLive } from '../../engine/index.ts';
import { openLedgers } from '../../project/session.ts';
import { ledgerFolder, type Place } from './open-project.ts';
import { formatCount, formatDuration, formatTable, printJson, printLine } from '../terminal/output.ts';

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
      run.trigger.schedule ? `schedule ${run.trigger.schedule}` : run.trigger.kind,
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
      return printJson({ run: { ...run, interrupted: isInterrupted }, ...(options.logs ? { logs } : {}) });
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

async function withLedgers(
  place: Place,
  work: (stores: readonly RunStore[]) => Promise<void>,
): Promise<void> {
  const stores = await openLedgers(await ledgerFolder(place));
  try {
    await work(stores);
  } finally {
    for (const store of stores) await store.close();
  }
}

interface FoundRun {
  readonly store: RunStore;
  readonly run: RunRecord;
}

/** Runs that were begun and that no living process works on. */
async function interruptedRuns(stores: readonly RunStore[]): Promise<ReadonlySet<string>> {
  const open = (await Promise.all(stores.map((store) => store.openRuns()))).flat();
  const isWorkedOn = ({ lease }: OpenRun): boolean =>
    lease !== undefined && isOwnershipLive(lease, Date.now());
  return new Set(open.filter((run) => run.state !== 'queued' && !isWorkedOn(run)).map(({ id }) => id));
}

async function findRun(stores: readonly RunStore[], id: string): Promise<FoundRun> {
  const candidates = await Promise.all(
    stores.map(async (store) =>
      (await store.listRuns({ limit: 1000 })).map((summary) => ({ store, summary })),
    ),
  );
  const newestFirst = candidates.flat().sort((a, b) => b.summary.createdAtMs - a.summary.createdAtMs);
  const fitting =
    id === 'last' ? newestFirst.slice(0, 1) : newestFirst.filter(({ summary }) => summary.id.startsWith(id));
  const [only] = fitting;
  const run = only && fitting.length === 1 ? await only.store.findRun(only.summary.id) : undefined;
  if (only && run) return { store: only.store, run };
  throw new ConfigError(fitting.length > 1 ? `several runs begin with '${id}'` : `there is no run '${id}'`, {
    code: 'run_missing',
    next: 'To see the latest, run: millrace runs',
  });
}
