import { FatalError, type Failure } from '../core/errors.ts';
import type { RunLease, RunRecord } from '../core/ledger.ts';
import type { PlanStep } from '../core/plan.ts';
import { LeaseLostError, type StepMove } from '../core/ports.ts';
import { createExecution, guard, moveSteps, stop, type Execution, type StopMode } from './execution.ts';
import { runFailure, timedOutFailure } from './run-failure.ts';
import { openStepBook, type StepBook } from './step-book.ts';
import { cancelReason, runStep } from './step-execution.ts';
import { createStepNews } from './step-news.ts';
import type { Workplace } from './workplace.ts';

export interface RunExecution {
  readonly lease: RunLease;
  /** A stronger mode replaces a weaker one. */
  stop(mode: StopMode): void;
  /** Gives the run back, to be continued when it is let go on. */
  hold(): void;
  /** Resolves when nothing of the run is going on here any more. Rejects when the ledger could not be written. */
  readonly done: Promise<void>;
}

/** Executes a claimed run from where the ledger says it is. */
export function executeRun(place: Workplace, lease: RunLease, priority = 0): RunExecution {
  const execution = createExecution(place, lease, priority);
  return {
    lease,
    stop: (mode) => stop(execution, mode),
    hold: () => {
      execution.isHeld ||= execution.stopMode === undefined;
      stop(execution, 'abort');
    },
    done: work(execution),
  };
}

async function work(execution: Execution): Promise<void> {
  const { place, lease } = execution;
  let stopTimer = (): void => undefined;
  try {
    if (place.crew)
      execution.news = createStepNews(execution, await guard(execution, place.store.lastSequence()));
    const run = await guard(execution, place.store.findRun(lease.runId));
    if (!run) return;
    const atMs = place.clock.nowMs();
    if (run.state === 'queued') await guard(execution, place.store.moveRun(lease, { to: 'running', atMs }));
    if (run.state === 'cancelling') stop(execution, 'cancel');
    place.written.notify();
    const started = { ...run, startedAtMs: run.startedAtMs ?? atMs };
    stopTimer = limitTime(execution, started, started.startedAtMs);
    const book = openStepBook(started);
    // A worker may have ended a step while nobody executed the run.
    await moveSteps(execution, book.takeSkips(atMs));
    await runReady(execution, started, book, stepsAtWorkers(started));
    await conclude(execution, started, book);
  } catch (error) {
    if (error instanceof LeaseLostError) return;
    throw execution.ledgerError ?? error;
  } finally {
    stopTimer();
    place.written.notify();
  }
}

/** Stops the run when its time is over. Returns how to forget that. */
function limitTime(execution: Execution, run: RunRecord, startedAtMs: number): () => void {
  const { timeoutSeconds } = run.plan.options;
  if (timeoutSeconds === undefined) return () => undefined;
  const { clock } = execution.place;
  const leftMs = startedAtMs + timeoutSeconds * 1000 - clock.nowMs();
  return clock.after(Math.max(leftMs, 0), () => {
    execution.isTimedOut = execution.stopMode !== 'cancel';
    stop(execution, 'cancel');
  });
}

/** Runs what is ready, and after each step what became ready by it. Rejects only after all of them have ended. */
async function runReady(
  execution: Execution,
  run: RunRecord,
  book: StepBook,
  atWorkers: readonly PlanStep[] = [],
): Promise<void> {
  if (execution.stopMode && atWorkers.length === 0) return;
  const ready = execution.stopMode ? [] : book.takeReady();
  const results = await Promise.allSettled(
    [...atWorkers, ...ready].map(async (step) => {
      await runStep(execution, run, book, step, atWorkers.includes(step));
      await runReady(execution, run, book);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** What is going on after the run was claimed is done by workers. */
function stepsAtWorkers({ plan, steps }: RunRecord): readonly PlanStep[] {
  const running = new Set(steps.filter(({ state }) => state === 'running').map(({ key }) => key));
  return plan.steps.filter(({ key }) => running.has(key));
}

/** Says in the ledger how the run ended, or gives it back for the next owner. */
async function conclude(execution: Execution, run: RunRecord, book: StepBook): Promise<void> {
  const { place, lease, stopMode } = execution;
  if (stopMode === 'lost') return throwLedgerError(execution);
  const atMs = place.clock.nowMs();
  const isUnfinished = book.keysIn('pending').length + book.keysIn('running').length > 0;
  if (isUnfinished && (stopMode === 'finish' || stopMode === 'abort')) {
    const reason = execution.isHeld ? 'The run was paused' : 'The process that executed it was shut down';
    return guard(execution, place.store.releaseRun(lease, atMs, reason));
  }
  if (stopMode === 'cancel') await cancelPending(execution, book, atMs);
  await guard(execution, place.store.moveRun(lease, { ...endState(execution, run, book), atMs }));
}

function throwLedgerError(execution: Execution): void {
  if (execution.ledgerError !== undefined) throw execution.ledgerError;
}

async function cancelPending(execution: Execution, book: StepBook, atMs: number): Promise<void> {
  const reason = cancelReason(execution);
  const moves = book.keysIn('pending').map((step): StepMove => {
    return { step, to: 'cancelled', attempt: book.attemptOf(step), atMs, reason };
  });
  for (const move of moves) book.record(move.step, move.to, move.attempt);
  await moveSteps(execution, moves);
}

interface EndState {
  readonly to: 'succeeded' | 'failed' | 'cancelled';
  readonly failure?: Failure;
}

function endState(execution: Execution, run: RunRecord, book: StepBook): EndState {
  const left = [...book.keysIn('pending'), ...book.keysIn('running')];
  if (left.length > 0) {
    throw new FatalError(`The run ${run.id} came to an end without ${left.join(', ')}`, {
      code: 'steps_left',
    });
  }
  const cancelled = book.keysIn('cancelled');
  if (cancelled.length > 0 && execution.isTimedOut)
    return { to: 'failed', failure: timedOutFailure(run, cancelled) };
  if (cancelled.length > 0) return { to: 'cancelled' };
  const failed = book.keysIn('failed');
  if (failed.length === 0) return { to: 'succeeded' };
  const ends = [book.keysIn('succeeded'), cancelled, failed, book.keysIn('skipped')];
  const stepCount = ends.reduce((total, keys) => total + keys.length, 0);
  return { to: 'failed', failure: runFailure(run.id, stepCount, failed, book.keysIn('skipped')) };
}
