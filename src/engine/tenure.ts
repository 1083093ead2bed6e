import { MillraceError } from '../core/errors.ts';
import type { ConditionBoard } from './automation/condition-board.ts';
import { advanceBackfills } from './backfill-loop.ts';
import { conditionBoard } from './condition-loop.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import type { OwnershipAttempt } from './engine.ts';
import { retireOwner } from './owner.ts';
import { claimProject } from './ownership.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { sensorBoard } from './sensor-place.ts';
import type { SensorBoard } from './sensors/sensor-board.ts';
import { pause } from './wake.ts';
import type { Workplace } from './workplace.ts';

/** An engine's time as the project's owner: it begins with a claim, is renewed, and ends by leaving, by loss or by failure. */
export interface Tenure {
  /** Claims the project; from then on runs are executed. */
  claim(): Promise<OwnershipAttempt>;
  /** The same, and tries again whenever the project has no living owner. */
  contend(runsSchedules: boolean): Promise<OwnershipAttempt>;
  announceAddress(address: string): Promise<void>;
  /** Aborted at the end. */
  readonly ended: AbortSignal;
  /** Throws what made the ledger unusable, as long as it is. */
  requireHealth(): void;
  /** See `Engine.shutdown`. */
  end(mode: 'finish' | 'abort', beforeLeaving?: () => Promise<void>): Promise<void>;
}

export interface TenureOptions {
  readonly owner: string;
  readonly leaseMilliseconds: number;
  readonly shutdownGraceMilliseconds: number;
  readonly retentionMilliseconds: number;
}

const forgetEveryMilliseconds = 3_600_000;
/** How long a ledger without room is left alone. */
const fullMilliseconds = 5000;
/** Within this time sensors that are new in the project are seen. */
const sensorPollMilliseconds = 5000;
/** The same for conditions, and for what another process has written without telling. */
const conditionPollMilliseconds = 5000;
/** Many lines of a log are one look at the ledger. */
const gatherMilliseconds = 20;

export function createTenure(place: Workplace, options: TenureOptions): Tenure {
  const { owner, leaseMilliseconds } = options;
  const closing = new AbortController();
  const state: State = {
    place,
    options,
    dispatcher: createDispatcher({
      place,
      owner,
      leaseMilliseconds,
      onError: (error) => onLedgerError(state, error),
    }),
    scheduler: createScheduler(place),
    sensors: sensorBoard(place, (error) => onLedgerError(state, error)),
    sensing: undefined,
    conditions: conditionBoard(place),
    watching: undefined,
    closing,
    isOwner: false,
    isContending: false,
    isFull: false,
    runsSchedules: false,
    forgetAtMs: 0,
    address: undefined,
    failure: undefined,
    serving: undefined,
    stopHeartbeat: () => undefined,
  };
  return {
    claim: async () => {
      const attempt = await claim(state);
      if (attempt.acquired) state.serving ??= serve(state);
      return attempt;
    },
    contend: async (runsSchedules) => {
      state.runsSchedules = runsSchedules;
      const attempt = await claim(state);
      state.isContending = true;
      state.serving ??= serve(state);
      if (runsSchedules) {
        state.sensing ??= sense(state);
        state.watching ??= watchConditions(state);
      }
      return attempt;
    },
    announceAddress: async (address) => {
      state.address = address;
      await place.store.announceAddress(owner, address);
    },
    ended: closing.signal,
    requireHealth: () => {
      if (state.failure) throw state.failure.error;
    },
    end: (mode, beforeLeaving) => end(state, mode, beforeLeaving),
  };
}

interface State {
  readonly place: Workplace;
  readonly options: TenureOptions;
  readonly dispatcher: Dispatcher;
  readonly scheduler: Scheduler;
  readonly sensors: SensorBoard;
  sensing: Promise<void> | undefined;
  readonly conditions: ConditionBoard;
  watching: Promise<void> | undefined;
  readonly closing: AbortController;
  isOwner: boolean;
  isContending: boolean;
  /** There was no room for the ledger a moment ago. */
  isFull: boolean;
  runsSchedules: boolean;
  forgetAtMs: number;
  address: string | undefined;
  failure: { readonly error: unknown } | undefined;
  serving: Promise<void> | undefined;
  stopHeartbeat: () => void;
}

async function claim(state: State): Promise<OwnershipAttempt> {
  const { place, options, address } = state;
  const attempt = await claimProject(place, { ...options, address });
  if (attempt.acquired && !state.isOwner) {
    state.isOwner = true;
    state.failure = undefined;
    armHeartbeat(state);
    place.sensed.notify();
    place.written.notify();
  }
  return attempt;
}

/** Works while the project is owned, and waits for it while it is contended for. */
async function serve(state: State): Promise<void> {
  const { place, dispatcher, scheduler, closing } = state;
  while (!closing.signal.aborted && (state.isOwner || state.isContending)) {
    const mark = place.queued.mark();
    try {
      if (!state.isOwner && !state.isFull) await claim(state);
      if (state.isOwner) await place.crew?.look();
      if (state.isOwner) await advanceBackfills(place);
      if (state.isOwner) await dispatcher.pump();
      if (state.isOwner && state.runsSchedules) await scheduler.check();
      if (state.isOwner) await forget(state);
    } catch (error) {
      onLedgerError(state, error);
    }
    await place.queued.wait(mark, place.pollMilliseconds, closing.signal);
  }
  state.serving = undefined;
}

/** Sleeps until the next sensor is due, however many there are. */
async function sense(state: State): Promise<void> {
  const { place, sensors, closing } = state;
  while (!closing.signal.aborted && (state.isOwner || state.isContending)) {
    const mark = place.sensed.mark();
    const isAtWork = state.isOwner && state.runsSchedules;
    if (isAtWork) sensors.startDue();
    const idle = isAtWork ? sensors.idleMilliseconds(sensorPollMilliseconds) : sensorPollMilliseconds;
    await place.sensed.wait(mark, idle, closing.signal);
  }
}

/** Looks at conditions as soon as something was written here, and when a cron's time has come. */
async function watchConditions(state: State): Promise<void> {
  const { place, conditions, closing } = state;
  while (!closing.signal.aborted && (state.isOwner || state.isContending)) {
    const mark = place.written.mark();
    let idleMs = place.pollMilliseconds;
    try {
      if (state.isOwner && state.runsSchedules)
        idleMs = Math.min(await conditions.check(), conditionPollMilliseconds);
    } catch (error) {
      onLedgerError(state, error);
    }
    await place.written.wait(mark, idleMs, closing.signal);
    await pause(place.clock, gatherMilliseconds, closing.signal);
  }
}

/** Deletes what is older than the retention, once in a while. */
async function forget(state: State): Promise<void> {
  const { place, options } = state;
  const nowMs = place.clock.nowMs();
  if (nowMs < state.forgetAtMs) return;
  state.forgetAtMs = nowMs + forgetEveryMilliseconds;
  await place.store.deleteRunsFinishedBefore(nowMs - options.retentionMilliseconds);
}

function armHeartbeat(state: State): void {
  const { place, options } = state;
  state.stopHeartbeat = place.clock.after(options.leaseMilliseconds / 3, () => void beat(state));
}

async function beat(state: State): Promise<void> {
  const { place, options, dispatcher } = state;
  const executed = dispatcher.runIds();
  try {
    const held = await place.store.renewLeases(
      options.owner,
      place.clock.nowMs() + options.leaseMilliseconds,
    );
    if (!held.ownsProject) return lose(state);
    dispatcher.abandon(executed.filter((runId) => !held.runIds.includes(runId)));
  } catch (error) {
    onLedgerError(state, error);
  }
  if (state.isOwner) armHeartbeat(state);
}

/** Somebody else has the project now: everything here stops without another write. */
function lose(state: State): void {
  state.isOwner = false;
  state.stopHeartbeat();
  state.dispatcher.abandon(state.dispatcher.runIds());
  void state.sensors.stop();
  state.conditions.reset();
}

/** A ledger that is away for a while is waited for; others may take over meanwhile. */
function onLedgerError(state: State, error: unknown): void {
  if (!isTransient(error)) fail(state, error);
}

/** Room on a disk may come back, so that an engine that contends goes on then. */
function fail(state: State, error: unknown): void {
  state.failure ??= { error };
  if (isFull(error)) waitForRoom(state);
  else state.isContending = false;
  lose(state);
  state.place.written.notify();
  state.place.queued.notify();
}

async function end(
  state: State,
  mode: 'finish' | 'abort',
  beforeLeaving: (() => Promise<void>) | undefined,
): Promise<void> {
  const { place, options, dispatcher } = state;
  dispatcher.close();
  state.isContending = false;
  state.runsSchedules = false;
  await state.sensors.stop();
  const haveStopped = await stopRuns(state, mode);
  state.closing.abort();
  await Promise.all([state.serving, state.sensing, state.watching]);
  try {
    await beforeLeaving?.();
  } finally {
    const wasOwner = state.isOwner;
    state.isOwner = false;
    state.stopHeartbeat();
    if (haveStopped) {
      retireOwner(options.owner);
      if (wasOwner) await place.store.releaseOwnership(options.owner);
    }
  }
}

/** False when steps ignored their signal for longer than the grace; their leases are left to expire. */
async function stopRuns(state: State, mode: 'finish' | 'abort'): Promise<boolean> {
  const { place, options, dispatcher } = state;
  const giveUp = new AbortController();
  const stopped = dispatcher.stopAll(mode).then(() => true);
  if (mode === 'finish') return stopped;
  const late = pause(place.clock, options.shutdownGraceMilliseconds, giveUp.signal).then(() => false);
  try {
    return await Promise.race([stopped, late]);
  } finally {
    giveUp.abort();
  }
}

function waitForRoom(state: State): void {
  const { clock, queued } = state.place;
  if (state.isFull) return;
  state.isFull = true;
  clock.after(fullMilliseconds, () => {
    state.isFull = false;
    queued.notify();
  });
}

function isFull(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'ledger_full';
}

function isTransient(error: unknown): boolean {
  return error instanceof MillraceError && error.kind === 'transient';
}
