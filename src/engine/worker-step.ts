import type { StepDispatch, StepJob, StepLease, TakenStep, WorkerStop } from '../core/dispatch.ts';
import type { RunRecord } from '../core/ledger.ts';
import { createExecution, guard, stop, type Execution } from './execution.ts';
import type { StepBook } from './step-book.ts';
import { attempted, settle } from './step-execution.ts';
import type { Workplace } from './workplace.ts';

/** A step while a worker is at it. */
export interface WorkerStep {
  readonly lease: StepLease;
  readonly execution: Execution;
}

export function beginWorkerStep(place: Workplace, owner: string, job: StepJob): WorkerStep {
  const { runId, step, attempt } = job;
  const lease: StepLease = { runId, owner, epoch: 0, expiresAtMs: 0, step: step.key, attempt };
  return { lease, execution: createExecution(place, lease, 0) };
}

/**
 * Makes the attempt and writes how it ended; gives the step back when it was stopped for that. `straggling`: it was to be given back
 * and goes on nevertheless, so nobody else may begin.
 */
export async function workOnStep(
  { lease, execution }: WorkerStep,
  dispatch: StepDispatch,
  job: StepJob,
  { checkpoint }: TakenStep,
): Promise<'over' | 'straggling'> {
  const { place } = execution;
  const { step, attempt, failedAttempts, interruptions } = job;
  const run: Pick<RunRecord, 'plan' | 'startedAtMs'> = {
    plan: { selection: '', manifestHash: '', steps: [step], options: job.options },
    startedAtMs: job.runStartedAtMs,
  };
  const progress = { failedAttempts, interruptions, checkpoint, waitsFor: '' };
  const book = bookOfOne(job);
  const result = await attempted(execution, run, step, attempt, progress);
  progress.checkpoint = result.checkpoint;
  await settle(execution, book, step, attempt, progress, result);
  if (execution.stopMode !== 'abort' || book.keysIn('running').length === 0) return 'over';
  if (result.isStraggling) return 'straggling';
  const reason = execution.isHeld ? 'The run was paused' : 'Its worker was shut down';
  await guard(execution, dispatch.releaseStep(lease, place.clock.nowMs(), reason));
  return 'over';
}

/** Cancels or gives back, as the owner of the run asks. */
export function obeyStop({ execution }: WorkerStep, asked: WorkerStop): void {
  if (execution.stopMode) return;
  execution.isHeld = asked === 'release';
  execution.isTimedOut = asked === 'timeout';
  stop(execution, asked === 'release' ? 'abort' : 'cancel');
}

/** What comes after the step is the business of the run's owner. */
function bookOfOne({ step, templates, attempt }: StepJob): StepBook {
  let state: string = 'running';
  return {
    takeReady: () => [],
    takeSkips: () => [],
    record: (_, next) => {
      state = next;
    },
    templatesFor: () => templates,
    addItems: () => undefined,
    attemptOf: () => attempt,
    checkpointOf: () => undefined,
    interruptionsOf: () => 0,
    keysIn: (wanted) => (wanted === state ? [step.key] : []),
  };
}
