import type { JsonValue } from '../core/json.ts';
import type { RunRecord, StepRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import type { PlanStep } from '../core/plan.ts';
import type { StepMove } from '../core/ports.ts';
import { isStepFinished, type StepState } from '../core/run-state.ts';

/** Keeps account of a run's steps: who is ready, who has to be skipped. Knows nothing of the ledger. */
export interface StepBook {
  /** Pending steps that may start (see `PlanStep.dependsOn`), each handed out once. In plan order. */
  takeReady(): readonly PlanStep[];
  /** Pending steps that can never run because of what is recorded so far; recorded as skipped by this call. */
  takeSkips(atMs: number): readonly StepMove[];
  record(key: NodeKey, state: StepState, attempt: number): void;
  /** The last attempt at a step, 0 before the first. */
  attemptOf(key: NodeKey): number;
  /** What a step saved before this owner took the run. */
  checkpointOf(key: NodeKey): JsonValue | undefined;
  /** Attempts in a row that ended with their process, before this owner took the run. */
  interruptionsOf(key: NodeKey): number;
  keysIn(state: StepState): readonly NodeKey[];
}

export function openStepBook(run: RunRecord): StepBook {
  const steps = new Map(run.plan.steps.map((step) => [step.key, step]));
  const states = new Map<NodeKey, StepState>();
  const attempts = new Map<NodeKey, number>();
  const checkpoints = new Map(run.steps.map((step) => [step.key, step.checkpoint]));
  const interruptions = new Map(run.steps.map((step) => [step.key, step.interruptions ?? 0]));
  const waitingFor = new Map<NodeKey, number>();
  const dependents = indexDependents(run.plan.steps);
  const ready: PlanStep[] = [];
  const doomed: { readonly key: NodeKey; readonly cause: NodeKey }[] = [];

  const settle = (key: NodeKey, state: StepState): void => {
    for (const dependent of dependents.get(key) ?? []) {
      const isDoomed = (state === 'failed' || state === 'skipped') && !dependent.always;
      if (isDoomed) doomed.push({ key: dependent.key, cause: key });
      const left = (waitingFor.get(dependent.key) ?? 0) - 1;
      waitingFor.set(dependent.key, left);
      const mayStart = state === 'succeeded' || dependent.always === true;
      if (left === 0 && mayStart && states.get(dependent.key) === 'pending') ready.push(dependent);
    }
  };
  const record = (key: NodeKey, state: StepState, attempt: number): void => {
    states.set(key, state);
    attempts.set(key, attempt);
    if (isStepFinished(state)) settle(key, state);
  };
  const recordStored = (stored: StepRecord): void => {
    states.set(stored.key, stored.state);
    attempts.set(stored.key, stored.attempt);
  };

  run.steps.forEach(recordStored);
  for (const step of run.plan.steps) {
    waitingFor.set(step.key, step.dependsOn.length);
    if (step.dependsOn.length === 0 && states.get(step.key) === 'pending') ready.push(step);
  }
  for (const stored of run.steps) if (isStepFinished(stored.state)) settle(stored.key, stored.state);

  return {
    takeReady: () => ready.splice(0),
    takeSkips: (atMs) => {
      const moves: StepMove[] = [];
      for (let next = doomed.shift(); next; next = doomed.shift()) {
        if (states.get(next.key) !== 'pending') continue;
        const attempt = attempts.get(next.key) ?? 0;
        const reason = skipReason(steps.get(next.cause), states.get(next.cause));
        moves.push({ step: next.key, to: 'skipped', attempt, atMs, reason });
        record(next.key, 'skipped', attempt);
      }
      return moves;
    },
    record,
    attemptOf: (key) => attempts.get(key) ?? 0,
    checkpointOf: (key) => checkpoints.get(key),
    interruptionsOf: (key) => interruptions.get(key) ?? 0,
    keysIn: (state) => [...states].filter(([, current]) => current === state).map(([key]) => key),
  };
}

function indexDependents(steps: readonly PlanStep[]): ReadonlyMap<NodeKey, readonly PlanStep[]> {
  const dependents = new Map<NodeKey, PlanStep[]>();
  for (const step of steps) {
    for (const dependency of step.dependsOn) {
      const list = dependents.get(dependency);
      if (list) list.push(step);
      else dependents.set(dependency, [step]);
    }
  }
  return dependents;
}

function skipReason(cause: PlanStep | undefined, state: StepState | undefined): string {
  if (!cause) return 'What it needs did not succeed';
  if (cause.check && state === 'failed') return `The check ${cause.key} of ${cause.check.asset} did not pass`;
  return `${cause.key}, which it needs, was ${state === 'failed' ? 'not successful' : state}`;
}
