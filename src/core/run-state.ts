/**
 * A run's life:
 *
 *   queued -> running -> succeeded | failed | cancelled
 *                     -> cancelling -> cancelled | failed
 *
 * A run whose owner died stays `running` with an expired lease until somebody takes it over.
 */
export type RunState = 'queued' | 'running' | 'cancelling' | 'succeeded' | 'failed' | 'cancelled';

/**
 * A step's life:
 *
 *   pending -> running -> succeeded | failed | cancelled
 *   running -> pending      (another attempt, or its owner died)
 *   pending -> skipped      (something upstream failed, or a check blocked it)
 *   pending -> cancelled
 */
export type StepState = 'pending' | 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

export const runTransitions: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['running', 'cancelled', 'failed'],
  running: ['succeeded', 'failed', 'cancelling', 'cancelled'],
  cancelling: ['cancelled', 'failed', 'succeeded'],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export const stepTransitions: Readonly<Record<StepState, readonly StepState[]>> = {
  pending: ['running', 'skipped', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled', 'pending'],
  succeeded: [],
  failed: [],
  skipped: [],
  cancelled: [],
};

export function canMoveRun(from: RunState, to: RunState): boolean {
  return runTransitions[from].includes(to);
}

export function canMoveStep(from: StepState, to: StepState): boolean {
  return stepTransitions[from].includes(to);
}

export function isRunFinished(state: RunState): boolean {
  return runTransitions[state].length === 0;
}

export function isStepFinished(state: StepState): boolean {
  return stepTransitions[state].length === 0;
}

/** Of several steps of a node in one run, the one with the highest urgency says most about how the node is. */
export function stepUrgency(state: StepState): number {
  const states: readonly StepState[] = ['succeeded', 'cancelled', 'skipped', 'failed', 'pending', 'running'];
  return states.indexOf(state);
}
