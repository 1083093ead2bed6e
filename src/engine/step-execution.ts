import { FatalError, toFailure } from '../core/errors.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { OutdatedPartitions } from '../core/partitions.ts';
import type { PlanStep } from '../core/plan.ts';
import type { StepMove } from '../core/ports.ts';
import { guard, moveSteps, type Execution } from './execution.ts';
import { findItems } from './found-items.ts';
import { hasPartitionedReaders, outdatedBy } from './partition/outdated-partitions.ts';
import { readPartitionWorld } from './partition/partition-world.ts';
import { redactFailure, redactOutcome } from './redaction.ts';
import { retryDelaySeconds } from './retry.ts';
import { followAttempt, offerAttempt, type OfferedStep } from './offered-step.ts';
import { attemptStep, checkFailure, type AttemptResult } from './step-attempt.ts';
import type { StepBook } from './step-book.ts';
import { logWait, type Next, type StepProgress } from './step-progress.ts';
import { takePool, takeSlots } from './step-slots.ts';
import { writerInTheWay } from './straggler.ts';
import { pause } from './wake.ts';
import type { Workplace } from './workplace.ts';

const never = new AbortController().signal;

/** Attempts a step until it is finished, or the run is stopped. `isAtWorker`: a worker has begun before this owner took the run. */
export async function runStep(
  execution: Execution,
  run: RunRecord,
  book: StepBook,
  step: PlanStep,
  isAtWorker: boolean = false,
): Promise<void> {
  const { place } = execution;
  const progress: StepProgress = {
    failedAttempts: 0,
    checkpoint: book.checkpointOf(step.key),
    interruptions: book.interruptionsOf(step.key),
    waitsFor: '',
  };
  for (let isTaken = isAtWorker; isTaken || !execution.stopMode; isTaken = false) {
    const offered = offeredStep(execution, run, book, step, progress, isTaken);
    // A step that was there when its process died twice is tried alone, so that no other is blamed for it.
    const isAlone = progress.interruptions >= place.maxInterruptions - 1;
    const claim = { priority: execution.priority, isAlone };
    const take = offered ? takePool : takeSlots;
    const giveBack = await take(place, step, isTaken ? never : execution.stopping.signal, claim);
    if (!giveBack) return;
    const mark = place.unlocked.mark();
    let next: Next;
    try {
      if (!offered) next = await tryStep(execution, run, book, step, progress);
      else if (isTaken) next = await followAttempt(offered, book.attemptOf(step.key));
      else next = await offerAttempt(offered);
    } finally {
      giveBack();
    }
    if (next === 'over') return;
    if (next === 'locked') {
      await place.unlocked.wait(mark, place.pollMilliseconds, execution.stopping.signal);
    } else await pause(place.clock, next.retryInSeconds * 1000, execution.stopping.signal);
  }
}

/** The step as one for workers; undefined when it is to be done here. */
function offeredStep(
  execution: Execution,
  run: RunRecord,
  book: StepBook,
  step: PlanStep,
  progress: StepProgress,
  isTaken: boolean,
): OfferedStep | undefined {
  const { crew, maxInterruptions, definitions } = execution.place;
  const { news } = execution;
  if (!crew || !news) return undefined;
  const isGivenUp = progress.interruptions >= maxInterruptions;
  const anyNeed = { manifestHash: definitions().manifestHash };
  const need = isTaken ? anyNeed : isGivenUp ? undefined : crew.needOf(step);
  return need && { execution, crew, news, run, book, step, progress, need };
}

async function tryStep(
  execution: Execution,
  run: RunRecord,
  book: StepBook,
  step: PlanStep,
  progress: StepProgress,
): Promise<Next> {
  const { place, lease } = execution;
  const attempt = book.attemptOf(step.key) + 1;
  const inTheWay = writerInTheWay(place, step.locks);
  if (inTheWay !== undefined) {
    await logWait(execution, step, attempt, inTheWay, progress);
    return 'locked';
  }
  const start = { step: step.key, attempt, atMs: place.clock.nowMs(), locks: step.locks };
  const [holder] = await guard(execution, place.store.startStep(lease, start));
  if (holder) {
    const message = `Waits for the run ${holder.runId}, which is writing ${holder.lock}`;
    await logWait(execution, step, attempt, message, progress);
    return 'locked';
  }
  book.record(step.key, 'running', attempt);
  place.written.notify();
  const result = await attempted(execution, run, step, attempt, progress);
  progress.checkpoint = result.checkpoint;
  const next = await settle(execution, book, step, attempt, progress, result);
  if (next === 'over') place.unlocked.notify();
  return next;
}

/** Makes an attempt at a step that has been started, unless it has ended its process too often. */
export async function attempted(
  execution: Execution,
  run: Pick<RunRecord, 'plan' | 'startedAtMs'>,
  step: PlanStep,
  attempt: number,
  progress: StepProgress,
): Promise<AttemptResult> {
  const { place, lease } = execution;
  const { checkpoint, interruptions } = progress;
  if (interruptions >= place.maxInterruptions)
    return { error: endsItsProcess(step, interruptions), checkpoint };
  return attemptStep(place, {
    step,
    lease,
    options: run.plan.options,
    runStartedAtMs: run.startedAtMs,
    attempt,
    checkpoint,
    signal: execution.aborting.signal,
    guard: (write) => guard(execution, write),
  });
}

function endsItsProcess(step: PlanStep, interruptions: number): FatalError {
  return new FatalError(
    `${step.key} was interrupted ${interruptions} times in a row by the end of the process that ran it`,
    {
      code: 'step_interrupted',
      state: 'It was not tried again.',
      next: 'Look for what ended the process, such as a lack of memory; then start a new run: millrace run',
    },
  );
}

/** Says in the ledger how an attempt ended, and what follows. */
export async function settle(
  execution: Execution,
  book: StepBook,
  step: PlanStep,
  attempt: number,
  progress: StepProgress,
  result: AttemptResult,
): Promise<Next> {
  const { place } = execution;
  if (execution.stopMode === 'lost') return 'over';
  const atMs = place.clock.nowMs();
  const isForItem = step.item !== undefined;
  const base = { step: step.key, node: step.node, partitions: step.partitions, attempt, atMs, isForItem };
  if (result.outcome) {
    const found = findItems(place.redact, book.templatesFor(step.key), step, result.outcome);
    const outcome = redactOutcome(place.redact, found.outcome);
    const failure = checkFailure(step, outcome) ?? found.failure;
    const to = failure ? 'failed' : 'succeeded';
    const items = failure ? [] : found.items;
    const outdates = failure ? [] : await outdatedPartitions(place, step);
    return endStep(execution, book, { ...base, to, outcome, failure, items, outdates });
  }
  const failure = redactFailure(place.redact, toFailure(result.error));
  if (execution.aborting.signal.aborted) {
    if (execution.stopMode !== 'cancel') return 'over';
    const to = result.isStraggling ? 'failed' : 'cancelled';
    return endStep(execution, book, { ...base, to, failure, reason: cancelReason(execution) });
  }
  progress.failedAttempts += 1;
  const retryInSeconds = result.isStraggling
    ? undefined
    : retryDelaySeconds(step.retry, progress.failedAttempts, result.error);
  if (retryInSeconds === undefined) return endStep(execution, book, { ...base, to: 'failed', failure });
  const reason = `Attempt ${attempt} failed; the next one follows in ${retryInSeconds} s`;
  book.record(step.key, 'pending', attempt);
  await moveSteps(execution, [{ ...base, to: 'pending', failure, reason, retryInSeconds }]);
  return { retryInSeconds };
}

/** The ledger is asked for lists of keys only when there is something to make stale. */
async function outdatedPartitions(
  { store, clock, definitions }: Workplace,
  step: PlanStep,
): Promise<readonly OutdatedPartitions[]> {
  const { graph } = definitions();
  if (step.item || !hasPartitionedReaders(graph, step)) return [];
  return outdatedBy(graph, step, await readPartitionWorld(store, graph, clock.nowMs()));
}

/** Ends a step and skips what can no longer run, in one transaction. */
async function endStep(execution: Execution, book: StepBook, move: StepMove): Promise<'over'> {
  book.addItems(move.items ?? []);
  book.record(move.step, move.to, move.attempt, move.failure);
  await moveSteps(execution, [move, ...book.takeSkips(move.atMs)]);
  return 'over';
}

/** Why steps of a stopped run are cancelled. */
export function cancelReason(execution: Execution): string {
  return execution.isTimedOut ? 'The run took longer than it may' : 'The run was cancelled';
}
