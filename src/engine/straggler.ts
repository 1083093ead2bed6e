import { FatalError } from '../core/errors.ts';
import { locksOverlap } from '../core/lock.ts';
import type { NodeKey } from '../core/node.ts';
import type { PlanStep } from '../core/plan.ts';
import type { Workplace } from './workplace.ts';
import type { Writer } from './writer.ts';

/** How an attempt ended, or that it goes on although it was told to stop. */
export type Ending<Result> = { readonly result: Result } | 'straggling';

/**
 * Makes an attempt and waits for it; once `signal` has aborted, for no longer than the engine's grace. Until it has really
 * ended, it is one of the `writers`: the ledger's locks may be gone before, with the lease of its run.
 */
export async function endOrStraggle<Result>(
  place: Workplace,
  step: PlanStep,
  runId: string,
  signal: AbortSignal,
  makeAttempt: () => Promise<Result>,
): Promise<Ending<Result>> {
  const writer: Writer = { runId, isStraggling: false };
  const free = step.locks.filter((lock) => !place.writers.has(lock));
  for (const lock of free) place.writers.set(lock, writer);
  const attempt = makeAttempt().finally(() => {
    for (const lock of free) place.writers.delete(lock);
    place.unlocked.notify();
  });
  const grace = Promise.withResolvers<'straggling'>();
  let stopTimer = (): void => undefined;
  const onAbort = (): void => {
    stopTimer = place.clock.after(place.stopGraceMilliseconds, () => grace.resolve('straggling'));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    const ending = await Promise.race([attempt.then((result) => ({ result })), grace.promise]);
    writer.isStraggling = ending === 'straggling';
    return ending;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stopTimer();
  }
}

/** Why a step has to wait for another attempt of this process; undefined when it need not. */
export function writerInTheWay(place: Workplace, locks: readonly NodeKey[]): string | undefined {
  for (const [lock, writer] of place.writers) {
    if (!locks.some((wanted) => locksOverlap(wanted, lock))) continue;
    return writer.isStraggling
      ? `Waits for an attempt of the run ${writer.runId} at ${lock}, which was stopped but goes on`
      : `Waits for the run ${writer.runId}, which is writing ${lock}`;
  }
  return undefined;
}

export function ignoresStop(step: PlanStep, graceMilliseconds: number): FatalError {
  return new FatalError(`${step.key} did not stop within ${graceMilliseconds / 1000} s of being told to`, {
    code: 'step_ignores_stop',
    state: 'It may still be at work; another attempt at it in this process waits until it has ended.',
    next: 'Let its code obey the signal that it is given.',
  });
}
