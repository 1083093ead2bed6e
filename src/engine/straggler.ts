import { FatalError } from '../core/errors.ts';
import type { PlanStep } from '../core/plan.ts';
import type { Workplace } from './workplace.ts';

/** How an attempt ended, or that it goes on although it was told to stop. */
export type Ending<Result> = { readonly result: Result } | 'straggling';

/**
 * Waits for an attempt; once `signal` has aborted, for no longer than the engine's grace. A straggler keeps other
 * attempts at its step from starting here until it has ended after all.
 */
export async function endOrStraggle<Result>(
  place: Workplace,
  step: PlanStep,
  attempt: Promise<Result>,
  signal: AbortSignal,
): Promise<Ending<Result>> {
  const grace = Promise.withResolvers<'straggling'>();
  let stopTimer = (): void => undefined;
  const onAbort = (): void => {
    stopTimer = place.clock.after(place.stopGraceMilliseconds, () => grace.resolve('straggling'));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    const ending = await Promise.race([attempt.then((result) => ({ result })), grace.promise]);
    if (ending === 'straggling') watch(place, step, attempt);
    return ending;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stopTimer();
  }
}

function watch(place: Workplace, step: PlanStep, attempt: Promise<unknown>): void {
  place.stragglers.add(step.key);
  const end = (): void => {
    place.stragglers.delete(step.key);
    place.unlocked.notify();
  };
  attempt.then(end, end);
}

export function ignoresStop(step: PlanStep, graceMilliseconds: number): FatalError {
  return new FatalError(`${step.key} did not stop within ${graceMilliseconds / 1000} s of being told to`, {
    code: 'step_ignores_stop',
    state: 'It may still be at work; another attempt at it in this process waits until it has ended.',
    next: 'Let its code obey the signal that it is given.',
  });
}
