import { isBackfillOpen, type Backfill } from '../../core/backfill.ts';
import { ConfigError } from '../../core/errors.ts';
import {
  type BackfillPlan,
  type BackfillRequest,
  explainBackfill,
  holdBackfill,
  startBackfill,
} from '../../engine/index.ts';
import { openLedger, openSession, type Session } from '../../project/session/session.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { formatCount, formatDuration, formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import { RunProgressView } from '../terminal/run-progress.ts';
import { openProject, type Place } from './open-project.ts';

export interface BackfillOptions extends Place {
  readonly selection: string;
  readonly exclude?: string;
  readonly partition?: string;
  readonly includeEffects?: boolean;
  readonly missing?: boolean;
  readonly stale?: boolean;
  readonly perRun?: number;
  readonly fullRefresh?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** How often the ledger is asked whether a backfill is over. */
const pollMilliseconds = 100;

/** Says what a backfill costs, and does it; without a selection, lists those that there are. */
export async function backfill(options: BackfillOptions): Promise<number> {
  const project = await openProject(options);
  if (options.selection === '' && options.partition === undefined) {
    return listBackfills(project.folder, options.json ?? false);
  }
  const request = requestOf(options);
  if (options.dryRun) {
    const ledger = await openLedger(project.folder);
    try {
      const plan = await explainBackfill(project, ledger, request, Date.now());
      if (options.json) printJson(plan);
      else printPlan(plan);
      return exitCodes.success;
    } finally {
      await ledger.close();
    }
  }
  const session = await openSession(project);
  try {
    const plan = await explainBackfill(project, session.store, request, Date.now());
    if (!options.json) printPlan(plan);
    const id = await startBackfill(session.store, plan, request, Date.now());
    return await follow(session, id, plan.stepCount, options.json ?? false);
  } finally {
    await session.close();
  }
}

function requestOf(options: BackfillOptions): BackfillRequest {
  if (options.partition === undefined) {
    throw new ConfigError('A backfill needs to know which partitions to make', {
      code: 'flag_missing',
      next: 'Add --partition <from>..<to>, or --partition all with --missing for what is not there yet.',
    });
  }
  return {
    select: options.selection,
    exclude: options.exclude,
    partitions: options.partition,
    includeEffects: options.includeEffects,
    onlyMissing: options.missing,
    onlyStale: options.stale,
    stepsPerRun: options.perRun,
    options: { fullRefresh: options.fullRefresh ?? false },
  };
}

function printPlan(plan: BackfillPlan): void {
  const rows = plan.nodes.map((node) => [
    node.key,
    shorten(node.partitions),
    formatCount(node.partitionCount),
    formatCount(node.stepCount),
    node.stepSeconds === undefined ? 'unknown' : formatDuration(node.stepSeconds * 1000),
  ]);
  printLine(formatTable(['node', 'partitions', 'count', 'steps', 'time of a step'], rows));
  const time =
    plan.unknownTimes.length === plan.nodes.length
      ? 'their time is unknown, because nothing of it has run before'
      : `${formatDuration(plan.expectedSeconds * 1000)} of work by what has run before${plan.unknownTimes.length > 0 ? `, without ${plan.unknownTimes.join(', ')}` : ''}`;
  printLine(
    `${formatCount(plan.partitionCount)} partitions in ${formatCount(plan.stepCount)} steps and ${formatCount(plan.runCount)} ${plan.runCount === 1 ? 'run' : 'runs'}; ${time}.`,
  );
  if (plan.leftOut.length > 0) {
    printLine(`Left out, because they have effects outside: ${plan.leftOut.join(', ')} (--include-effects)`);
  }
}

/** Shows the backfill's runs until it is over or paused. Ctrl-C pauses it. */
async function follow(session: Session, id: string, stepCount: number, json: boolean): Promise<number> {
  const { engine, store } = session;
  const note = (line: string): void => {
    if (!json) process.stderr.write(`${paint('dim', line, process.stderr)}\n`);
  };
  const onInterrupt = (): void => {
    note(`Pausing; to go on: millrace runs resume ${id}`);
    void holdBackfill(store, id, true, Date.now());
  };
  const attempt = await engine.start();
  if (!attempt.acquired)
    note(`Another millrace (${attempt.holder.owner}) is at work in this project and does it`);
  const view = json ? undefined : new RunProgressView(stepCount, 'warn');
  const stopProgress = engine.onProgress((event) => view?.show(event));
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    const ended = await watch(session, id, view);
    view?.end();
    if (json) printJson(ended);
    else printEnd(ended);
    return ended.state === 'succeeded' || ended.state === 'paused'
      ? exitCodes.success
      : ended.state === 'cancelled'
        ? exitCodes.cancelled
        : exitCodes.failed;
  } finally {
    view?.end();
    stopProgress();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** Resolves when the backfill is over or paused, and what was said up to then has been shown. */
async function watch(
  { engine, store }: Session,
  id: string,
  view: RunProgressView | undefined,
): Promise<Backfill> {
  const over = new AbortController();
  let seen = await store.lastSequence();
  const show = async (): Promise<void> => {
    const isOurs = new Map<string, boolean>();
    for await (const event of engine.tailEvents({ afterSequence: seen, signal: over.signal })) {
      const { runId } = event;
      const known = isOurs.get(runId) ?? (await store.findRun(runId))?.trigger.backfill === id;
      isOurs.set(runId, known);
      if (known) view?.show(event);
      seen = event.sequence;
    }
  };
  let trouble: { readonly error: unknown } | undefined;
  const showing = show().catch((error: unknown) => {
    trouble = { error };
  });
  try {
    for (;;) {
      if (trouble) throw trouble.error;
      const found = await store.findBackfill(id);
      if (!found) throw new ConfigError(`The backfill ${id} is gone`, { code: 'backfill_missing' });
      const last = await store.lastSequence();
      if (found.state !== 'running' && seen >= last) return found;
      await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    }
  } finally {
    over.abort();
    await showing;
  }
}

function printEnd({ id, state, reason, unmade, runCount }: Backfill): void {
  const color = state === 'succeeded' ? 'green' : state === 'paused' ? 'yellow' : 'red';
  printLine(
    `${paint(color, `Backfill ${id} ${state}`)} after ${runCount} ${runCount === 1 ? 'run' : 'runs'}`,
  );
  if (reason !== undefined) printLine(reason);
  for (const key of Object.keys(unmade)) printLine(`  ${key}: millrace partitions ${key}`);
  if (state === 'failed') printLine('Next: mend it, then the same command with --missing');
  if (state === 'paused') printLine(`Next: millrace runs resume ${id}`);
}

async function listBackfills(folder: string, json: boolean): Promise<number> {
  const ledger = await openLedger(folder);
  try {
    const found = await ledger.listBackfills({ limit: 20 });
    if (json) printJson({ backfills: found });
    else if (found.length === 0) {
      printLine('No backfills yet. Next: millrace backfill <selection> --partition <from>..<to> --dry-run');
    } else {
      const rows = found.map((entry) => [
        entry.id,
        isBackfillOpen(entry) ? paint('blue', entry.state) : entry.state,
        entry.selection || 'everything',
        shorten(entry.partitions),
        formatCount(entry.stepCount),
        String(entry.runCount),
        new Date(entry.createdAtMs).toISOString(),
      ]);
      printLine(
        formatTable(['backfill', 'state', 'selection', 'partitions', 'steps', 'runs', 'created'], rows),
      );
    }
    return exitCodes.success;
  } finally {
    await ledger.close();
  }
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
