import type { RunRecord } from '../../core/ledger.ts';
import type { Plan } from '../../core/plan.ts';
import { mayBeAlive, isOwnershipLive } from '../../engine/index.ts';
import { commandTrigger } from '../../project/session/command-trigger.ts';
import { loadLedger, openLedger, openSession, type Session } from '../../project/session/session.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { paint } from '../terminal/output.ts';
import { RunProgressView } from '../terminal/run-progress.ts';
import { tellLoadWarnings } from './reading-warnings.ts';
import { printExamples } from './run-examples.ts';
import { type RunCommandOptions, withTask } from './run-options.ts';
import { openPipes } from './run-pipes.ts';
import { plan as printPlan } from './plan.ts';
import { reportRun } from './run-report.ts';
import { planOf, type RunTarget, runTarget } from './run-target.ts';

export async function run(given: RunCommandOptions): Promise<number> {
  if (given.examples) return printExamples();
  const pipes = await openPipes(await withTask(given));
  try {
    if (pipes.isEmpty) return nothingPiped();
    const code = await runWith(pipes.options);
    if (code === exitCodes.success) await pipes.flush();
    return code;
  } finally {
    await pipes.remove();
  }
}

/** As Sling has it: nothing is made of nothing, and a pipe goes on. */
function nothingPiped(): number {
  process.stderr.write(
    `${paint('yellow', 'warning', process.stderr)} standard input is empty: nothing was loaded\n`,
  );
  return exitCodes.success;
}

async function runWith(options: RunCommandOptions): Promise<number> {
  const target = await runTarget(options);
  const { switches, project } = target;
  if (switches.dryRun) return await printPlan({ ...options, sql: true });
  if (options.json !== true) tellLoadWarnings(project);
  const plan = await planOf(target, options);
  const definition = { ...project.definition, ...(switches.concurrency === undefined ? {} : { concurrency: switches.concurrency }) }; // prettier-ignore
  const session = await openSession({ ...project, definition }, { ledger: target.ledger });
  try {
    return await executePlan(session, plan, target, {
      json: options.json ?? switches.json,
      stream: options.stdout ? process.stderr : process.stdout,
      verbose: options.trace || options.debug ? 'debug' : 'warn',
    });
  } finally {
    await session.close();
  }
}

interface Presentation {
  readonly json: boolean;
  /** Where the report goes. */
  readonly stream: NodeJS.WriteStream;
  /** The least log level that is shown. */
  readonly verbose: 'debug' | 'warn';
}

/** Makes a run of the plan, or continues one that was interrupted, and shows it to its end. Gives the exit code. */
export async function executePlan(
  session: Session,
  plan: Plan,
  { switches, ledger }: Pick<RunTarget, 'switches'> & Partial<Pick<RunTarget, 'ledger'>>,
  { json, stream, verbose }: Presentation,
): Promise<number> {
  const { engine } = session;
  const interrupted = await takeUpInterrupted(session, plan);
  const runId = interrupted ?? (await engine.enqueue(plan, commandTrigger(process.env)));
  const note = (line: string): void => {
    if (!json) process.stderr.write(`${paint('dim', line, process.stderr)}\n`);
  };
  if (interrupted) note(`Continuing run ${runId}, which was interrupted`);
  const afterSequence = interrupted ? await session.store.lastSequence() : 0;
  const attempt = await engine.start();
  if (!attempt.acquired) {
    note(
      `Another millrace (${attempt.holder.owner}) is at work in this project; run ${runId} waits for it or is done by it`,
    );
  }

  const view = json ? undefined : new RunProgressView(plan.steps.length, verbose);
  const stopProgress = engine.onProgress((event) => {
    if (event.runId === runId) view?.show(event);
  });
  let cancelling = false;
  const onInterrupt = (): void => {
    if (cancelling) process.exit(exitCodes.cancelled);
    cancelling = true;
    note('Cancelling; press Ctrl-C again to leave at once');
    void engine.cancel(runId);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    for await (const event of engine.tailEvents({ runId, afterSequence })) view?.show(event);
    const record = await engine.waitForRun(runId);
    view?.end();
    const code = reportRun(record, { json, stream, expectations: switches.expectations });
    if (ledger === loadLedger && isWarehouseInUse(record)) await adviseOnOwner(session, note);
    return code;
  } finally {
    view?.end();
    stopProgress();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

function isWarehouseInUse({ steps }: RunRecord): boolean {
  return steps.some(({ failure }) => failure?.code === 'warehouse_in_use');
}

/** A load by itself cannot be done by the process that holds the warehouse: its project does not know the load. */
async function adviseOnOwner({ project }: Session, note: (line: string) => void): Promise<void> {
  const ledger = await openLedger(project.folder);
  const { holder } = await ledger.readOwnership();
  await ledger.close();
  if (!holder || !isOwnershipLive(holder, Date.now())) return;
  note(
    `The millrace at work in this project (${holder.owner}) holds the warehouse. It does what its project defines: ` +
      'put the load into replications/, then: millrace run -r replications/<file>.yaml [--streams ...]. Or stop it first.',
  );
}

/**
 * An unfinished run of a dead process with the same plan, or undefined. Outdated ones are cancelled. One that was
 * handed back while the process that asked for it still waits is left to that process.
 */
async function takeUpInterrupted({ store, engine }: Session, plan: Plan): Promise<string | undefined> {
  const { holder } = await store.readOwnership();
  if (holder && isOwnershipLive(holder, Date.now())) return undefined;
  let found: string | undefined;
  for (const { id, state, enqueuedBy } of await store.openRuns()) {
    const isAwaited = enqueuedBy !== undefined && mayBeAlive(enqueuedBy);
    const run = state === 'queued' || isAwaited ? undefined : await store.findRun(id);
    // Backfills are continued by themselves, and what is paused waits for somebody to let it go on.
    if (!run || run.trigger.backfill !== undefined || run.heldAtMs !== undefined) continue;
    const same =
      run.plan.selection === plan.selection &&
      run.plan.manifestHash === plan.manifestHash &&
      JSON.stringify(run.plan.options) === JSON.stringify(plan.options);
    if (same && run.state !== 'cancelling' && found === undefined) found = id;
    else await engine.cancel(id);
  }
  return found;
}
