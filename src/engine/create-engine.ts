import { ConfigError } from '../core/errors.ts';
import type { StepProgressEvent } from '../core/run-event.ts';
import type { RunState } from '../core/run-state.ts';
import { createCrew } from './crew.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { tailEvents, unknownRun, waitForRun, type TailSource } from './ledger-tail.ts';
import { createOwner } from './owner.ts';
import { patientStore } from './patient-store.ts';
import { createRunId } from './run-id.ts';
import { createSlots } from './slots.ts';
import { systemClock } from './system-clock.ts';
import { createTenure } from './tenure.ts';
import { createWake } from './wake.ts';
import type { Workplace } from './workplace.ts';

/** Makes an engine. It does nothing by itself until `start` or `acquireOwnership`. */
export function createEngine(options: EngineOptions): Engine {
  const owner = createOwner();
  const listeners = new Set<(event: StepProgressEvent) => void>();
  const place = createWorkplace(options, (event) => {
    for (const listener of listeners) listener(event);
  });
  const { store, clock } = place;
  const tenure = createTenure(place, {
    owner,
    leaseMilliseconds: (options.leaseSeconds ?? 30) * 1000,
    shutdownGraceMilliseconds: (options.shutdownGraceSeconds ?? 10) * 1000,
    retentionMilliseconds: (options.retentionDays ?? 30) * 86_400_000,
  });
  const tailSource: TailSource = { place, closed: tenure.ended, requireHealth: () => tenure.requireHealth() };
  const requireOpen = (): void => {
    tenure.requireHealth();
    if (tenure.ended.aborted)
      throw new ConfigError('This engine was shut down', { code: 'engine_shut_down' });
  };
  const stopNews = hearOthers(place);
  const stopFarProgress = store.dispatch?.onProgress((event) => {
    for (const listener of listeners) listener(event);
  });
  tenure.ended.addEventListener('abort', () => {
    stopNews();
    stopFarProgress?.();
  });
  const notify = (): void => {
    place.written.notify();
    place.queued.notify();
  };
  const holdRun = async (runId: string, isHeld: boolean): Promise<RunState> => {
    const state = await store.holdRun(runId, isHeld, clock.nowMs());
    if (!state) throw unknownRun(runId);
    notify();
    return state;
  };

  return {
    owner,
    enqueue: async (plan, trigger, { priority } = {}) => {
      requireOpen();
      const createdAtMs = clock.nowMs();
      const id = createRunId(createdAtMs);
      await store.createRun({ id, plan, trigger, createdAtMs, enqueuedBy: owner, priority });
      notify();
      return id;
    },
    enqueueOnce: async (plan, trigger, cause) => {
      requireOpen();
      const createdAtMs = clock.nowMs();
      const id = createRunId(createdAtMs);
      const key = cause.key === undefined ? undefined : { trigger: cause.trigger, text: cause.key };
      const result = await store.commitTriggers({
        notes: [],
        runs: [{ run: { id, plan, trigger, createdAtMs, enqueuedBy: owner }, key }],
        ticks: [{ trigger: cause.trigger, atMs: createdAtMs, outcome: 'started', runIds: [id] }],
      });
      notify();
      const runId = (result.isWritten ? result.runIds[0] : undefined) ?? id;
      return { runId, isNew: runId === id };
    },
    cancel: async (runId) => {
      const state = await store.requestCancel(runId, clock.nowMs());
      if (!state) throw unknownRun(runId);
      notify();
      return state;
    },
    hold: (runId) => holdRun(runId, true),
    resume: (runId) => holdRun(runId, false),
    waitForRun: (runId, signal) => waitForRun(tailSource, runId, signal),
    tailEvents: (query) => tailEvents(tailSource, query),
    onProgress: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    acquireOwnership: async (address) => {
      requireOpen();
      if (address !== undefined) await tenure.announceAddress(address);
      return tenure.claim();
    },
    start: async ({ address, schedules } = {}) => {
      requireOpen();
      if (address !== undefined) await tenure.announceAddress(address);
      return tenure.contend(schedules ?? false);
    },
    announceAddress: (address) => tenure.announceAddress(address),
    shutdown: (mode, beforeLeaving) => tenure.end(mode, beforeLeaving),
  };
}

/** Wakes what waits here when another process has written. Returns how to stop that. */
function hearOthers({ store, written, heard, queued, unlocked }: Workplace): () => void {
  const stop = store.onChange?.((change) => {
    heard.notify();
    written.notify();
    unlocked.notify();
    if (change === 'runs') queued.notify();
  });
  return stop ?? (() => undefined);
}

/** See `Workplace`. */
export function createWorkplace(
  options: EngineOptions,
  publishProgress: (event: StepProgressEvent) => void,
): Workplace {
  const clock = options.clock ?? systemClock;
  const store = patientStore(options.store, clock);
  return {
    store,
    clock,
    crew: store.dispatch && createCrew(store.dispatch, clock, options),
    executors: new Map(options.executors.map((executor) => [executor.name, executor])),
    definitions: options.definitions,
    slots: createSlots(options.concurrency ?? 4),
    pools: new Map(Object.entries(options.pools ?? {}).map(([name, limit]) => [name, createSlots(limit)])),
    writers: new Map(),
    maxInterruptions: options.maxInterruptions ?? 3,
    stopGraceMilliseconds: (options.stopGraceSeconds ?? 30) * 1000,
    redact: options.redact ?? ((text) => text),
    written: createWake(clock),
    heard: createWake(clock),
    queued: createWake(clock),
    unlocked: createWake(clock),
    sensed: createWake(clock),
    pollMilliseconds: options.pollMilliseconds ?? (options.store.onChange ? 1000 : 250),
    publishProgress,
  };
}
