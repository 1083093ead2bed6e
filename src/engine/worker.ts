import type { HeldStep, StepDispatch, StepJob, StepLease, StepQueue, TakenStep } from '../core/dispatch.ts';
import { ConfigError } from '../core/errors.ts';
import { LeaseLostError } from '../core/ports.ts';
import { createWorkplace } from './create-engine.ts';
import type { EngineOptions } from './engine.ts';
import { stop } from './execution.ts';
import { createFarProgress } from './far-progress.ts';
import { createOwner, retireOwner } from './owner.ts';
import { systemClock } from './system-clock.ts';
import { pause } from './wake.ts';
import { beginWorkerStep, obeyStop, workOnStep, type WorkerStep } from './worker-step.ts';
import type { Workplace } from './workplace.ts';

export interface WorkerOptions extends EngineOptions {
  /** Takes steps of these pools only; empty: those of no pool, and of pools that are not left to workers. */
  readonly takes: readonly string[];
  /** Told what keeps it from working for a while, such as a ledger that cannot be reached. */
  readonly onTrouble: (message: string) => void;
}

/** Makes attempts at steps that the owner of the project offers, until it is drained. */
export interface Worker {
  /** `host:pid:random...`: who it is in the ledger. */
  readonly owner: string;
  /** Steps at work. */
  steps(): readonly { readonly runId: string; readonly step: string }[];
  /**
   * Takes nothing more, lets steps at work end for `graceSeconds`, then stops them at their checkpoints and gives them back.
   * Resolves when nothing runs any more. May be called again with a shorter grace.
   */
  drain(graceSeconds: number): Promise<void>;
}

/** Throws a `ConfigError` with code `ledger_not_shared` for a ledger that only one machine has. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { dispatch } = options.store;
  if (!dispatch) throw notShared();
  const place = createWorkplace(options, createFarProgress(dispatch, options.clock ?? systemClock));
  const owner = createOwner();
  const state: State = {
    options,
    place,
    dispatch,
    owner,
    leaseMilliseconds: (options.leaseSeconds ?? 30) * 1000,
    steps: new Map(),
    joined: Promise.withResolvers(),
    givingUp: new AbortController(),
    ended: new AbortController(),
    drained: undefined,
    queue: undefined,
    stopExpiry: () => undefined,
    beats: new Set(),
  };
  const { manifestHash } = options.definitions();
  const needs =
    options.takes.length === 0 ? [{ manifestHash }] : options.takes.map((pool) => ({ pool, manifestHash }));
  state.queue = await dispatch.openQueue(
    { needs, concurrency: options.concurrency ?? 4, onTrouble: options.onTrouble },
    (job) => perform(state, job),
  );
  await join(state);
  state.joined.resolve();
  const stopHearing = options.store.onChange?.((change) => {
    if (change === 'runs') void keptBeat(state);
  });
  void keepLease(state);
  state.ended.signal.addEventListener('abort', () => stopHearing?.());
  return {
    owner,
    steps: () => [...state.steps.keys()].map(({ lease }) => ({ runId: lease.runId, step: lease.step })),
    drain: (graceSeconds) => drain(state, graceSeconds),
  };
}

interface State {
  readonly options: WorkerOptions;
  readonly place: Workplace;
  readonly dispatch: StepDispatch;
  readonly owner: string;
  readonly leaseMilliseconds: number;
  /** Whether the ledger has said that they are this worker's. */
  readonly steps: Map<WorkerStep, boolean>;
  /** Resolved once the ledger knows the worker. */
  readonly joined: PromiseWithResolvers<void>;
  /** Aborted when steps at work are to stop and be given back. */
  readonly givingUp: AbortController;
  readonly ended: AbortController;
  drained: Promise<void> | undefined;
  queue: StepQueue | undefined;
  stopExpiry: () => void;
  /** Renewals that are going on. */
  readonly beats: Set<Promise<void>>;
}

/** One job of the queue. */
async function perform(state: State, job: StepJob): Promise<void> {
  const { place, dispatch, owner, steps } = state;
  await state.joined.promise;
  const isAlone = job.interruptions >= place.maxInterruptions - 1;
  const giveBack = await place.slots.take(state.ended.signal, { isAlone });
  if (!giveBack) return;
  const work = beginWorkerStep(place, owner, job);
  steps.set(work, false);
  let isOver = true;
  try {
    const taken = await take(state, work);
    if (typeof taken === 'string') return;
    steps.set(work, true);
    if (state.givingUp.signal.aborted) stop(work.execution, 'abort');
    isOver = (await workOnStep(work, dispatch, job, taken)) === 'over';
  } catch (error) {
    // The queue tries a job again that was not begun. Of one that was, the ledger says what is to become of it.
    if (!steps.get(work)) throw error;
    // What goes on although it was stopped finds the ledger closed.
    if (!(error instanceof LeaseLostError) && !state.ended.signal.aborted) tellTrouble(state, error);
  } finally {
    if (isOver) steps.delete(work);
    giveBack();
  }
}

async function take(state: State, { lease }: WorkerStep): Promise<TakenStep | 'outdated' | 'retired'> {
  const { dispatch, place } = state;
  const taken = await dispatch.takeStep(lease, place.clock.nowMs());
  if (taken !== 'retired') return taken;
  await join(state);
  return dispatch.takeStep(lease, place.clock.nowMs());
}

function tellTrouble({ options }: State, error: unknown): void {
  options.onTrouble(error instanceof Error ? error.message : String(error));
}

async function join(state: State): Promise<void> {
  const { options, place, dispatch, owner, queue } = state;
  const worker = {
    owner,
    pools: options.takes,
    manifestHash: options.definitions().manifestHash,
    concurrency: options.concurrency ?? 4,
    leaseSeconds: state.leaseMilliseconds / 1000,
    queueName: queue?.name ?? '',
  };
  await dispatch.joinWorkers(worker, place.clock.nowMs());
  trustLease(state);
}

async function keepLease(state: State): Promise<void> {
  while (!state.ended.signal.aborted) {
    await pause(state.place.clock, state.leaseMilliseconds / 3, state.ended.signal);
    if (!state.ended.signal.aborted) await keptBeat(state);
  }
}

/** The ledger may be closed once the worker is drained, so that is waited for. */
async function keptBeat(state: State): Promise<void> {
  const one = beat(state);
  state.beats.add(one);
  await one;
  state.beats.delete(one);
}

/** Renews the lease, and does what the owners of runs ask. */
async function beat(state: State): Promise<void> {
  const { dispatch, owner, steps } = state;
  const before = [...steps].flatMap(([work, isTaken]) => (isTaken ? [work] : []));
  try {
    const held = await dispatch.renewWorker(owner);
    if (held) trustLease(state);
    else await join(state);
    for (const work of before) follow(work, held ?? []);
    for (const one of held ?? []) await giveBackUnknown(state, one);
  } catch (error) {
    if (!(error instanceof LeaseLostError)) tellTrouble(state, error);
  }
}

/** A step that was stopped here because the lease could not be renewed, and that nobody has taken from this worker. */
async function giveBackUnknown({ steps, dispatch, owner, place }: State, held: HeldStep): Promise<void> {
  const isKnown = [...steps.keys()].some(({ lease }) => isSame(lease, held));
  if (isKnown) return;
  const { runId, step, attempt } = held;
  const lease = { runId, owner, epoch: 0, expiresAtMs: 0, step, attempt };
  await dispatch.releaseStep(lease, place.clock.nowMs(), 'Its worker had lost the ledger for a while');
}

function isSame(lease: StepLease, held: HeldStep): boolean {
  return lease.runId === held.runId && lease.step === held.step && lease.attempt === held.attempt;
}

/** Steps that were taken from this worker stop without another write. */
function follow(work: WorkerStep, held: readonly HeldStep[]): void {
  const mine = held.find((one) => isSame(work.lease, one));
  if (!mine) stop(work.execution, 'lost');
  else if (mine.stop) obeyStop(work, mine.stop);
}

/** When it was not renewed in time, others have the steps: they stop here. */
function trustLease(state: State): void {
  state.stopExpiry();
  state.stopExpiry = state.place.clock.after(state.leaseMilliseconds, () => {
    for (const { execution } of state.steps.keys()) stop(execution, 'lost');
  });
}

async function drain(state: State, graceSeconds: number): Promise<void> {
  const { place, dispatch, owner, steps, givingUp, ended } = state;
  state.drained ??= finish(state);
  const isDrained = new AbortController();
  void state.drained.finally(() => isDrained.abort());
  await pause(place.clock, graceSeconds * 1000, isDrained.signal);
  givingUp.abort();
  for (const { execution } of steps.keys()) stop(execution, 'abort');
  await state.drained;
  if (ended.signal.aborted) return;
  ended.abort();
  await Promise.all(state.beats);
  state.stopExpiry();
  // Without a word its lease just ends later.
  await dispatch.leaveWorkers(owner).catch((error: unknown) => tellTrouble(state, error));
  retireOwner(owner);
}

async function finish(state: State): Promise<void> {
  await state.dispatch.drainWorker(state.owner).catch((error: unknown) => tellTrouble(state, error));
  await state.queue?.stop();
}

function notShared(): ConfigError {
  return new ConfigError('Workers share the steps of a project through its ledger, and this one is a file', {
    code: 'ledger_not_shared',
    next: 'Name a PostgreSQL database: MILLRACE_LEDGER_URL=postgres://..., or ledger in millrace.config.ts.',
  });
}
