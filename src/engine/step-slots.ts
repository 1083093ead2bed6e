import type { PlanStep } from '../core/plan.ts';
import type { SlotClaim } from './slots.ts';
import type { Workplace } from './workplace.ts';

/**
 * Waits for a place in the step's pool, then for one of the engine's. Resolves with how to give both back, or with
 * undefined when `signal` aborts first.
 */
export async function takeSlots(
  place: Workplace,
  step: PlanStep,
  signal: AbortSignal,
  claim: SlotClaim,
): Promise<(() => void) | undefined> {
  const leavePool = await takePool(place, step, signal, claim);
  if (!leavePool) return undefined;
  const giveBack = await place.slots.take(signal, claim);
  if (!giveBack) {
    leavePool();
    return undefined;
  }
  return () => {
    giveBack();
    leavePool();
  };
}

/** The same without one of the engine's: a worker has its own. */
export async function takePool(
  place: Workplace,
  step: PlanStep,
  signal: AbortSignal,
  claim: SlotClaim,
): Promise<(() => void) | undefined> {
  const pool = step.pool === undefined ? undefined : place.pools.get(step.pool);
  return pool ? pool.take(signal, { priority: claim.priority }) : () => undefined;
}
