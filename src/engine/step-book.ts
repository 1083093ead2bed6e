import type { Failure } from '../core/errors.ts';
import { itemStep, type StepItem } from '../core/fan-out.ts';
import type { JsonValue } from '../core/json.ts';
import type { RunRecord, StepRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import { nodeOf, type PlanStep } from '../core/plan.ts';
import type { StepMove } from '../core/ports.ts';
import { isStepFinished, type StepState } from '../core/run-state.ts';
import { isSpared } from './partly-failed.ts';

/** Keeps account of a run's steps: who is ready, who has to be skipped. Knows nothing of the ledger. */
export interface StepBook {
  /**
   * Pending steps that may start (see `PlanStep.dependsOn`), each handed out once. In plan order; of those for items no more at a
   * time than their template allows, of those about partitions that lock their whole node one.
   */
  takeReady(): readonly PlanStep[];
  /** Pending steps that can never run because of what is recorded so far; recorded as skipped by this call. */
  takeSkips(atMs: number): readonly StepMove[];
  record(key: NodeKey, state: StepState, attempt: number, failure?: Failure): void;
  /** Pending steps that are made for each item which `key` finds. */
  templatesFor(key: NodeKey): readonly PlanStep[];
  /** A pending step for each; call it before what has found them is recorded. */
  addItems(items: readonly StepItem[]): void;
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
  const failures = new Map<NodeKey, Failure>();
  const checkpoints = new Map(run.steps.map((step) => [step.key, step.checkpoint]));
  const interruptions = new Map(run.steps.map((step) => [step.key, step.interruptions ?? 0]));
  const waitingFor = new Map<NodeKey, number>();
  const dependents = indexDependents(run.plan.steps);
  const ready: PlanStep[] = [];
  const templates = Map.groupBy(run.plan.steps, ({ forEach }) => forEach);
  // Steps that take turns with others, were handed out and are not finished; how many of a turn.
  const handedOut = new Set<NodeKey>();
  const atWork = new Map<NodeKey, number>();
  const doomed: { readonly key: NodeKey; readonly cause: NodeKey }[] = [];

  const settle = (key: NodeKey, state: StepState, failure: Failure | undefined): void => {
    for (const dependent of dependents.get(key) ?? []) {
      const goesOn = dependent.always === true || (state === 'failed' && isSpared(dependent, key, failure));
      const isDoomed = (state === 'failed' || state === 'skipped') && !goesOn;
      if (isDoomed) doomed.push({ key: dependent.key, cause: key });
      const left = (waitingFor.get(dependent.key) ?? 0) - 1;
      waitingFor.set(dependent.key, left);
      const mayStart = state === 'succeeded' || goesOn;
      if (left === 0 && mayStart && states.get(dependent.key) === 'pending') ready.push(dependent);
    }
  };
  const record = (key: NodeKey, state: StepState, attempt: number, failure?: Failure): void => {
    if (failure) failures.set(key, failure);
    states.set(key, state);
    attempts.set(key, attempt);
    if (!isStepFinished(state)) return;
    const of = turnOf(steps.get(key));
    if (of !== undefined && handedOut.delete(key)) atWork.set(of, (atWork.get(of) ?? 0) - 1);
    settle(key, state, failure);
  };
  const mayBeHandedOut = (step: PlanStep): boolean => {
    const of = turnOf(step);
    if (of === undefined) return true;
    const busy = atWork.get(of) ?? 0;
    if (busy >= (step.item ? (steps.get(of)?.itemsAtOnce ?? Infinity) : 1)) return false;
    atWork.set(of, busy + 1);
    handedOut.add(step.key);
    return true;
  };
  const add = (template: PlanStep, item: StepItem): void => {
    const step = itemStep(template, item);
    steps.set(step.key, step);
    states.set(step.key, 'pending');
    attempts.set(step.key, 0);
    waitingFor.set(step.key, 0);
    for (const from of step.dependsOn) {
      const state = states.get(from);
      if (state === 'succeeded') continue;
      if (state === 'failed' && isSpared(step, from, failures.get(from))) continue;
      waitingFor.set(step.key, (waitingFor.get(step.key) ?? 0) + 1);
      addDependent(dependents, from, step);
    }
    addDependent(dependents, step.key, template);
    waitingFor.set(template.key, (waitingFor.get(template.key) ?? 0) + 1);
  };
  const recordStored = (stored: StepRecord): void => {
    if (stored.failure) failures.set(stored.key, stored.failure);
    states.set(stored.key, stored.state);
    attempts.set(stored.key, stored.attempt);
  };

  run.steps.forEach(recordStored);
  for (const step of run.plan.steps) {
    waitingFor.set(step.key, step.dependsOn.length);
    if (step.dependsOn.length === 0 && states.get(step.key) === 'pending') ready.push(step);
  }
  for (const stored of run.steps)
    if (isStepFinished(stored.state)) settle(stored.key, stored.state, stored.failure);

  return {
    takeReady: () => {
      const taken: PlanStep[] = [];
      for (const step of ready.splice(0)) (mayBeHandedOut(step) ? taken : ready).push(step);
      return taken;
    },
    templatesFor: (key) => (templates.get(key) ?? []).filter((step) => states.get(step.key) === 'pending'),
    addItems: (items) => {
      for (const item of items) {
        const template = steps.get(item.of);
        if (template) add(template, item);
      }
    },
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

/** What a step takes turns about: with others for the same template, or with others that write the same node. */
function turnOf(step: PlanStep | undefined): NodeKey | undefined {
  if (!step?.partitions) return step?.item?.of;
  const node = nodeOf(step);
  return step.locks.includes(node) ? node : undefined;
}

function indexDependents(steps: readonly PlanStep[]): Map<NodeKey, PlanStep[]> {
  const dependents = new Map<NodeKey, PlanStep[]>();
  for (const step of steps) for (const from of step.dependsOn) addDependent(dependents, from, step);
  return dependents;
}

function addDependent(dependents: Map<NodeKey, PlanStep[]>, from: NodeKey, step: PlanStep): void {
  const list = dependents.get(from);
  if (list) list.push(step);
  else dependents.set(from, [step]);
}

function skipReason(cause: PlanStep | undefined, state: StepState | undefined): string {
  if (!cause) return 'What it needs did not succeed';
  if (cause.check && state === 'failed') return `The check ${cause.key} of ${cause.check.asset} did not pass`;
  return `${cause.key}, which it needs, was ${state === 'failed' ? 'not successful' : state}`;
}
