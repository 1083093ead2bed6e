import type { PlanStep } from '../core/plan.ts';
import { guard, type Execution } from './execution.ts';
import type { AttemptResult } from './step-attempt.ts';

/** Of a step in a run that this owner executes. */
export interface StepProgress {
  /** Since this owner took the run. */
  failedAttempts: number;
  checkpoint: AttemptResult['checkpoint'];
  /** Attempts in a row that ended with their process. */
  interruptions: number;
  /** What the log has named already as being in the way. */
  waitsFor: string;
}

/** What comes after an attempt at a step. */
export type Next = 'over' | 'locked' | { readonly retryInSeconds: number };

/** Says in the step's log what is in the way, once. */
export async function logWait(
  execution: Execution,
  step: PlanStep,
  attempt: number,
  message: string,
  progress: StepProgress,
): Promise<void> {
  if (progress.waitsFor === message) return;
  progress.waitsFor = message;
  const { place, lease } = execution;
  const line = { step: step.key, attempt, level: 'info', message, atMs: place.clock.nowMs() } as const;
  await guard(execution, place.store.appendLog(lease, line));
  place.written.notify();
}
