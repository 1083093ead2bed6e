import { ConfigError, MillraceError } from '../core/errors.ts';
import type { RunTrigger } from '../core/ledger.ts';
import type { Plan } from '../core/plan.ts';
import type { StepProgressEvent } from '../core/run-event.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Engine, EngineOptions, OwnershipAttempt, StartOptions } from './engine.ts';
import { tailEvents, unknownRun, waitForRun, type TailSource } from './ledger-tail.ts';
import { createOwner, retireOwner } from './owner.ts';
import { claimProject } from './ownership.ts';
import { createRunId } from './run-id.ts';
import { createScheduler } from './scheduler.ts';
import { createSlots } from './slots.ts';
import { systemClock } from './system-clock.ts';
import { createWake, pause } from './wake.ts';
import type { Workplace } from './workplace.ts';

/** Makes an engine. It does nothing by itself until `start` or `acquireOwnership`. */
export function createEngine(options: EngineOptions): Engine {
  const { store } = options;
  const clock = options.clock ?? systemClock;
  const owner = createOwner();
  const leaseMilliseconds = (options.leaseSeconds ?? 30) * 1000;
  const pollMilliseconds = options.pollMilliseconds ?? 250;
  const listeners = new Set<(event: StepProgressEvent) => void>();
  const place: Workplace = {
    store,
    clock,
    executors: new Map(options.executors.map((executor) => [executor.name, executor])),
    definitions: options.definitions,
    slots: createSlots(options.concurrency ?? 4),
    redact: options.redact ?? ((text) => text),
    written: createWake(clock),
    queued: createWake(clock),
    unlocked: createWake(clock),
    pollMilliseconds,
    publishProgress: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
  const closed = new AbortController();
  const state: EngineState = {
    isOwner: false,
    isContending: false,
    runsSchedules: false,
    failure: undefined,
  };
  const dispatcher = createDispatcher({
    place,
    owner,
    leaseMilliseconds,
    onLedgerError: (error) => halt(error),
  });
  const scheduler = createScheduler(place);
  let address: string | undefined;
  let serving: Promise<void> | undefined;
  let stopHeartbeat = (): void => undefined;

  const halt = (error: unknown): void => {
    state.failure ??= { error };
    state.isOwner = false;
    state.isContending = false;
    dispatcher.keepOnly([]);
    stopHeartbeat();
    place.written.notify();
    place.queued.notify();
  };
  const lose = (): void => {
    state.isOwner = false;
    dispatcher.keepOnly([]);
    stopHeartbeat();
  };
  const beat = async (): Promise<void> => {
    try {
      const held = await store.renewLeases(owner, clock.nowMs() + leaseMilliseconds);
      if (!held.ownsProject) return lose();
      dispatcher.keepOnly(held.runIds);
    } catch (error) {
      if (!isTransient(error)) return halt(error);
    }
    if (state.isOwner) armHeartbeat();
  };
  const armHeartbeat = (): void => {
    stopHeartbeat = clock.after(leaseMilliseconds / 3, () => void beat());
  };
  const acquire = async (): Promise<OwnershipAttempt> => {
    const attempt = await claimProject(place, { owner, leaseMilliseconds, address });
    if (attempt.acquired && !state.isOwner) {
      state.isOwner = true;
      armHeartbeat();
    }
    return attempt;
  };
  const serve = async (): Promise<void> => {
    while (!closed.signal.aborted && (state.isOwner || state.isContending)) {
      try {
        if (!state.isOwner) await acquire();
        if (state.isOwner) await dispatcher.pump();
        if (state.isOwner && state.runsSchedules) await scheduler.check();
      } catch (error) {
        if (!isTransient(error)) halt(error);
      }
      await place.queued.wait(pollMilliseconds, closed.signal);
    }
    serving = undefined;
  };
  const tailSource: TailSource = {
    store,
    written: place.written,
    pollMilliseconds,
    closed: closed.signal,
    requireHealth: () => {
      if (state.failure) throw state.failure.error;
    },
  };

  return {
    owner,
    enqueue: async (plan: Plan, trigger: RunTrigger) => {
      if (closed.signal.aborted) throw shutDown();
      tailSource.requireHealth();
      const createdAtMs = clock.nowMs();
      const id = createRunId(createdAtMs);
      await store.createRun({ id, plan, trigger, createdAtMs });
      place.written.notify();
      place.queued.notify();
      return id;
    },
    cancel: async (runId) => {
      const reached = await store.requestCancel(runId, clock.nowMs());
      if (!reached) throw unknownRun(runId);
      place.written.notify();
      place.queued.notify();
      return reached;
    },
    waitForRun: (runId, signal) => waitForRun(tailSource, runId, signal),
    tailEvents: (query) => tailEvents(tailSource, query),
    onProgress: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    acquireOwnership: async (ownAddress) => {
      if (closed.signal.aborted) throw shutDown();
      address = ownAddress ?? address;
      const attempt = await acquire();
      if (attempt.acquired) serving ??= serve();
      return attempt;
    },
    start: async (startOptions: StartOptions = {}) => {
      if (closed.signal.aborted) throw shutDown();
      address = startOptions.address ?? address;
      state.runsSchedules = startOptions.schedules ?? false;
      const attempt = await acquire();
      state.isContending = true;
      serving ??= serve();
      return attempt;
    },
    announceAddress: async (ownAddress) => {
      address = ownAddress;
      await store.announceAddress(owner, ownAddress);
    },
    shutdown: async (mode) => {
      dispatcher.close();
      state.isContending = false;
      state.runsSchedules = false;
      const giveUp = new AbortController();
      const graceMilliseconds = (options.shutdownGraceSeconds ?? 10) * 1000;
      const stopped = dispatcher.stopAll(mode).then(() => true);
      const late = pause(clock, graceMilliseconds, giveUp.signal).then(() => false);
      const isStopped = mode === 'finish' ? await stopped : await Promise.race([stopped, late]);
      giveUp.abort();
      stopHeartbeat();
      const wasOwner = state.isOwner;
      state.isOwner = false;
      closed.abort();
      await serving;
      if (!isStopped) return;
      retireOwner(owner);
      if (wasOwner) await store.releaseOwnership(owner);
    },
  };
}

interface EngineState {
  isOwner: boolean;
  /** Tries to become the owner again whenever it is not. */
  isContending: boolean;
  runsSchedules: boolean;
  failure: { readonly error: unknown } | undefined;
}

function isTransient(error: unknown): boolean {
  return error instanceof MillraceError && error.kind === 'transient';
}

function shutDown(): ConfigError {
  return new ConfigError('This engine was shut down', { code: 'engine_shut_down' });
}
