import { FatalError, toFailure, type Failure } from '../core/errors.ts';
import type { LockHolder, RunLease, RunRecord } from '../core/ledger.ts';
import type { PlanStep } from '../core/plan.ts';
import { LeaseLostError, type StepMove } from '../core/ports.ts';
import { redactFailure, redactOutcome } from './redaction.ts';
import { retryDelaySeconds } from './retry.ts';
import { runFailure } from './run-failure.ts';
import { attemptStep, checkFailure, type AttemptResult } from './step-attempt.ts';
import { openStepBook, type StepBook } from './step-book.ts';
import { pause } from './wake.ts';
import type { Workplace } from './workplace.ts';

/**
 * Why a run is left before its end, weakest first. `finish`: running steps may end, the rest is for the next
 * owner. `abort`: the same, without waiting. `cancel`: somebody asked for the end of the run. `lost`: the ledger
 * refuses our writes, so nothing more is written.
 */
export type StopMode = 'finish' | 'abort' | 'cancel' | 'lost';

const stopModes: readonly StopMode[] = ['finish', 'abort', 'cancel', 'lost'];

export interface RunExecution {
  readonly lease: RunLease;
  /** A stronger mode replaces a weaker one. */
  stop(mode: StopMode): void;
  /** Resolves when nothing of the run is going on here any more. Rejects when the ledger could not be written. */
  readonly done: Promise<void>;
}

/** Executes a claimed run from where the ledger says it is. */
export function executeRun(place: Workplace, lease: RunLease): RunExecution {
  const execution: Execution = {
    place,
    lease,
    stopMode: undefined,
    ledgerError: undefined,
    stopping: new AbortController(),
    aborting: new AbortController(),
  };
  return { lease, stop: (mode) => stop(execution, mode), done: work(execution) };
}

interface Execution {
  readonly place: Workplace;
  readonly lease: RunLease;
  stopMode: StopMode | undefined;
  ledgerError: unknown;
  /** No further steps. */
  readonly stopping: AbortController;
  /** What steps get as their signal. */
  readonly aborting: AbortController;
}

function stop(execution: Execution, mode: StopMode): void {
  const strength = execution.stopMode ? stopModes.indexOf(execution.stopMode) : -1;
  if (stopModes.indexOf(mode) <= strength) return;
  execution.stopMode = mode;
  execution.stopping.abort();
  if (mode !== 'finish') execution.aborting.abort();
}

/** Stops the run when a write is refused or fails. */
async function guard<Result>(execution: Execution, write: Promise<Result>): Promise<Result> {
  try {
    return await write;
  } catch (error) {
    if (!(error instanceof LeaseLostError)) execution.ledgerError ??= error;
    stop(execution, 'lost');
    throw error;
  }
}

async function work(execution: Execution): Promise<void> {
  const { place, lease } = execution;
  try {
    const run = await guard(execution, place.store.findRun(lease.runId));
    if (!run) return;
    if (run.state === 'queued') {
      await guard(execution, place.store.moveRun(lease, { to: 'running', atMs: place.clock.nowMs() }));
    }
    if (run.state === 'cancelling') stop(execution, 'cancel');
    place.written.notify();
    const book = openStepBook(run);
    await runReady(execution, run, book);
    await conclude(execution, run, book);
  } catch (error) {
    if (error instanceof LeaseLostError) return;
    throw execution.ledgerError ?? error;
  } finally {
    place.written.notify();
  }
}

/** Runs what is ready, and after each step what became ready by it. Rejects only after all of them have ended. */
async function runReady(execution: Execution, run: RunRecord, book: StepBook): Promise<void> {
  if (execution.stopMode) return;
  const results = await Promise.allSettled(
    book.takeReady().map(async (step) => {
      await runStep(execution, run, book, step);
      await runReady(execution, run, book);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function runStep(execution: Execution, run: RunRecord, book: StepBook, step: PlanStep): Promise<void> {
  const { place } = execution;
  const progress: StepProgress = {
    failedAttempts: 0,
    checkpoint: book.checkpointOf(step.key),
    waitsFor: '',
  };
  while (!execution.stopMode) {
    const giveBack = await place.slots.take(execution.stopping.signal);
    if (!giveBack) return;
    const mark = place.unlocked.mark();
    let next: Next;
    try {
      next = await tryStep(execution, run, book, step, progress);
    } finally {
      giveBack();
    }
    if (next === 'over') return;
    if (next === 'locked') {
      await place.unlocked.wait(mark, place.pollMilliseconds, execution.stopping.signal);
    } else await pause(place.clock, next.retryInSeconds * 1000, execution.stopping.signal);
  }
}

interface StepProgress {
  /** Since this owner took the run. */
  failedAttempts: number;
  checkpoint: AttemptResult['checkpoint'];
  /** The lock holder that the log has named already. */
  waitsFor: string;
}

type Next = 'over' | 'locked' | { readonly retryInSeconds: number };

async function tryStep(
  execution: Execution,
  run: RunRecord,
  book: StepBook,
  step: PlanStep,
  progress: StepProgress,
): Promise<Next> {
  const { place, lease } = execution;
  const attempt = book.attemptOf(step.key) + 1;
  const atMs = place.clock.nowMs();
  const start = { step: step.key, attempt, atMs, locks: step.locks };
  const [holder] = await guard(execution, place.store.startStep(lease, start));
  if (holder) {
    await logWait(execution, step, attempt, holder, progress);
    return 'locked';
  }
  book.record(step.key, 'running', attempt);
  place.written.notify();
  const result = await attemptStep(place, {
    step,
    lease,
    options: run.plan.options,
    attempt,
    checkpoint: progress.checkpoint,
    signal: execution.aborting.signal,
    guard: (write) => guard(execution, write),
  });
  progress.checkpoint = result.checkpoint;
  const next = await settle(execution, book, step, attempt, progress, result);
  if (next === 'over') place.unlocked.notify();
  return next;
}

async function logWait(
  execution: Execution,
  step: PlanStep,
  attempt: number,
  holder: LockHolder,
  progress: StepProgress,
): Promise<void> {
  if (progress.waitsFor === holder.runId) return;
  progress.waitsFor = holder.runId;
  const { place, lease } = execution;
  const message = `Waits for the run ${holder.runId}, which is writing ${holder.lock}`;
  const line = { step: step.key, attempt, level: 'info', message, atMs: place.clock.nowMs() } as const;
  await guard(execution, place.store.appendLog(lease, line));
  place.written.notify();
}

async function settle(
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
  const base = { step: step.key, attempt, atMs };
  if (result.outcome) {
    const outcome = redactOutcome(place.redact, result.outcome);
    const failure = checkFailure(step, outcome);
    return endStep(execution, book, { ...base, to: failure ? 'failed' : 'succeeded', outcome, failure });
  }
  const failure = redactFailure(place.redact, toFailure(result.error));
  if (execution.aborting.signal.aborted) {
    if (execution.stopMode !== 'cancel') return 'over';
    return endStep(execution, book, { ...base, to: 'cancelled', failure, reason: 'The run was cancelled' });
  }
  progress.failedAttempts += 1;
  const retryInSeconds = retryDelaySeconds(step.retry, progress.failedAttempts, result.error);
  if (retryInSeconds === undefined) return endStep(execution, book, { ...base, to: 'failed', failure });
  const reason = `Attempt ${attempt} failed; the next one follows in ${retryInSeconds} s`;
  book.record(step.key, 'pending', attempt);
  await moveSteps(execution, [{ ...base, to: 'pending', failure, reason }]);
  return { retryInSeconds };
}

/** Ends a step and skips what can no longer run, in one transaction. */
async function endStep(execution: Execution, book: StepBook, move: StepMove): Promise<'over'> {
  book.record(move.step, move.to, move.attempt);
  await moveSteps(execution, [move, ...book.takeSkips(move.atMs)]);
  return 'over';
}

async function moveSteps(execution: Execution, moves: readonly StepMove[]): Promise<void> {
  if (moves.length === 0) return;
  await guard(execution, execution.place.store.moveSteps(execution.lease, moves));
  execution.place.written.notify();
}

/** Says in the ledger how the run ended, or gives it back for the next owner. */
async function conclude(execution: Execution, run: RunRecord, book: StepBook): Promise<void> {
  const { place, lease, stopMode } = execution;
  if (stopMode === 'lost') return throwLedgerError(execution);
  const atMs = place.clock.nowMs();
  const isUnfinished = book.keysIn('pending').length + book.keysIn('running').length > 0;
  if (isUnfinished && (stopMode === 'finish' || stopMode === 'abort')) {
    const reason = 'The process that executed it was shut down';
    return guard(execution, place.store.releaseRun(lease, atMs, reason));
  }
  if (stopMode === 'cancel') await cancelPending(execution, book, atMs);
  await guard(execution, place.store.moveRun(lease, { ...endState(run, book), atMs }));
}

function throwLedgerError(execution: Execution): void {
  if (execution.ledgerError !== undefined) throw execution.ledgerError;
}

async function cancelPending(execution: Execution, book: StepBook, atMs: number): Promise<void> {
  const moves = book.keysIn('pending').map((step): StepMove => {
    const reason = 'The run was cancelled';
    return { step, to: 'cancelled', attempt: book.attemptOf(step), atMs, reason };
  });
  for (const move of moves) book.record(move.step, move.to, move.attempt);
  await moveSteps(execution, moves);
}

function endState(
  run: RunRecord,
  book: StepBook,
): { readonly to: 'succeeded' | 'failed' | 'cancelled'; readonly failure?: Failure } {
  const left = [...book.keysIn('pending'), ...book.keysIn('running')];
  if (left.length > 0) {
    throw new FatalError(`The run ${run.id} came to an end without ${left.join(', ')}`, {
      code: 'steps_left',
    });
  }
  if (book.keysIn('cancelled').length > 0) return { to: 'cancelled' };
  const failed = book.keysIn('failed');
  if (failed.length === 0) return { to: 'succeeded' };
  return { to: 'failed', failure: runFailure(run.id, run.plan.steps.length, failed, book.keysIn('skipped')) };
}
