import type { RunLease } from '../core/ledger.ts';
import { nodeOf } from '../core/plan.ts';
import type { OpenRun } from '../core/ports.ts';
import type { StopMode } from './execution.ts';
import { mayBeAlive } from './owner.ts';
import { executeRun, type RunExecution } from './run-execution.ts';
import type { Workplace } from './workplace.ts';

/** Runs at a time; further ones stay queued. Their steps share the engine's slots anyway. */
const maxRunsAtOnce = 16;

/** Claims runs that nobody executes and executes them. */
export interface Dispatcher {
  /** Looks at the ledger once: takes what may be taken, passes on what was cancelled elsewhere. */
  pump(): Promise<void>;
  /** From here on nothing new is taken. */
  close(): void;
  /** Stops all runs that are executed here and resolves when none is left. */
  stopAll(mode: StopMode): Promise<void>;
  /** Runs that are executed here. */
  runIds(): readonly string[];
  /** Stops these runs without another write about them. */
  abandon(runIds: readonly string[]): void;
}

export interface DispatcherOptions {
  readonly place: Workplace;
  readonly owner: string;
  readonly leaseMilliseconds: number;
  /** A run here could not go on, because the ledger could not be written. It is taken up again with the next look, if that is possible. */
  readonly onError: (error: unknown) => void;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { place, owner } = options;
  const executions = new Map<string, RunExecution>();
  let isClosed = false;

  const execute = (lease: RunLease, priority: number | undefined): void => {
    const execution = executeRun(place, lease, priority);
    const done = execution.done
      .catch((error: unknown) => options.onError(error))
      .finally(() => {
        executions.delete(lease.runId);
        place.queued.notify();
      });
    executions.set(lease.runId, { ...execution, done });
  };

  const consider = async (run: OpenRun): Promise<void> => {
    const here = executions.get(run.id);
    if (here) {
      if (run.state === 'cancelling') here.stop('cancel');
      else if (run.isHeld) here.hold();
      return;
    }
    const atMs = place.clock.nowMs();
    if (isClosed || run.isHeld) return;
    if (executions.size >= maxRunsAtOnce || isExecutedElsewhere(run, atMs, owner)) return;
    if (isLeftToItsWriter(run, owner) && !(await knowsSteps(place, run.id))) return;
    const lease = await place.store.claimRun({
      runId: run.id,
      owner,
      expectedEpoch: run.epoch,
      atMs,
      expiresAtMs: atMs + options.leaseMilliseconds,
      countsInterruptions: run.lease?.owner !== owner,
      resetReason: `The process that executed it (${run.lease?.owner ?? 'unknown'}) has ended`,
    });
    if (lease) execute(lease, run.priority);
  };

  return {
    pump: async () => {
      for (const run of await place.store.openRuns()) await consider(run);
    },
    close: () => {
      isClosed = true;
    },
    stopAll: async (mode) => {
      for (const execution of executions.values()) execution.stop(mode);
      await Promise.all([...executions.values()].map((execution) => execution.done));
    },
    runIds: () => [...executions.keys()],
    abandon: (runIds) => {
      for (const runId of runIds) executions.get(runId)?.stop('lost');
    },
  };
}

/** A lease of our own without an execution here is a remainder that nobody works on. */
function isExecutedElsewhere({ lease }: OpenRun, atMs: number, owner: string): boolean {
  if (!lease || lease.owner === owner) return false;
  return lease.expiresAtMs > atMs && mayBeAlive(lease.owner);
}

/** An engine with other definitions may have written it, and executes it itself once it owns the project. */
function isLeftToItsWriter({ enqueuedBy }: OpenRun, owner: string): boolean {
  return enqueuedBy !== undefined && enqueuedBy !== owner && mayBeAlive(enqueuedBy);
}

async function knowsSteps(place: Workplace, runId: string): Promise<boolean> {
  const run = await place.store.findRun(runId);
  const { byKey } = place.definitions().graph;
  return run?.plan.steps.every((step) => byKey.has(nodeOf(step))) ?? false;
}
