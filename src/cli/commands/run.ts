import type { Plan } from '../../core/plan.ts';
import { mayBeAlive, isOwnershipLive } from '../../engine/index.ts';
import { openSession, type Session } from '../../project/session.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { paint } from '../terminal/output.ts';
import { RunProgressView } from '../terminal/run-progress.ts';
import { reportRun } from './run-report.ts';
import { planOf, type RunCommandOptions, runTarget } from './run-target.ts';

export async function run(options: RunCommandOptions): Promise<number> {
  const target = await runTarget(options);
  const plan = planOf(target, options);
  const session = await openSession(target.project, { ledger: target.ledger });
  try {
    return await execute(session, plan, options.json ?? false);
  } finally {
    await session.close();
  }
}

async function execute(session: Session, plan: Plan, json: boolean): Promise<number> {
  const { engine } = session;
  const interrupted = await takeUpInterrupted(session, plan);
  const runId = interrupted ?? (await engine.enqueue(plan, { kind: 'command' }));
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

  const view = json ? undefined : new RunProgressView(plan.steps.length);
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
    return reportRun(record, json);
  } finally {
    view?.end();
    stopProgress();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
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
    if (!run) continue;
    const same =
      run.plan.selection === plan.selection &&
      run.plan.manifestHash === plan.manifestHash &&
      JSON.stringify(run.plan.options) === JSON.stringify(plan.options);
    if (same && run.state !== 'cancelling' && found === undefined) found = id;
    else await engine.cancel(id);
  }
  return found;
}
