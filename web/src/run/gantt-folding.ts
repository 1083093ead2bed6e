import type { RunStep } from '../../../src/server/contract.ts';

/** Checks that there is nothing to say about: most of the steps of a run, and the least of its time. */
export function isQuietCheck(step: RunStep): boolean {
  if (step.kind !== 'check') return false;
  const isWaiting = step.state === 'pending';
  const isPassed = step.state === 'succeeded' && step.outcome?.check?.passed !== false;
  return isWaiting || isPassed;
}
