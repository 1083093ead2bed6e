import type { RunLease } from '../core/ledger.ts';
import { LeaseLostError, type StepMove } from '../core/ports.ts';
import type { StepNews } from './step-news.ts';
import type { Workplace } from './workplace.ts';

/**
 * Why a run is left before its end, weakest first. `finish`: running steps may end, the rest is for the next
 * owner. `abort`: the same, without waiting. `cancel`: somebody asked for the end of the run, or its time is over.
 * `lost`: the ledger refuses our writes, so nothing more is written.
 */
export type StopMode = 'finish' | 'abort' | 'cancel' | 'lost';

const stopModes: readonly StopMode[] = ['finish', 'abort', 'cancel', 'lost'];

/** A run while it is executed here. */
export interface Execution {
  readonly place: Workplace;
  readonly lease: RunLease;
  readonly priority: number;
  stopMode: StopMode | undefined;
  /** True when `abort` is because somebody holds the run. */
  isHeld: boolean;
  /** True when `cancel` is because of the run's time limit. */
  isTimedOut: boolean;
  ledgerError: unknown;
  /** What workers write about its steps; absent where there are none. */
  news: StepNews | undefined;
  /** No further steps. */
  readonly stopping: AbortController;
  /** What steps get as their signal. */
  readonly aborting: AbortController;
}

export function createExecution(place: Workplace, lease: RunLease, priority: number): Execution {
  return {
    place,
    lease,
    priority,
    stopMode: undefined,
    isHeld: false,
    isTimedOut: false,
    ledgerError: undefined,
    news: undefined,
    stopping: new AbortController(),
    aborting: new AbortController(),
  };
}

/** A stronger mode replaces a weaker one. */
export function stop(execution: Execution, mode: StopMode): void {
  const strength = execution.stopMode ? stopModes.indexOf(execution.stopMode) : -1;
  if (stopModes.indexOf(mode) <= strength) return;
  execution.stopMode = mode;
  execution.stopping.abort();
  if (mode !== 'finish') execution.aborting.abort();
}

/** Stops the run when a write is refused or fails. */
export async function guard<Result>(execution: Execution, write: Promise<Result>): Promise<Result> {
  try {
    return await write;
  } catch (error) {
    if (!(error instanceof LeaseLostError)) execution.ledgerError ??= error;
    stop(execution, 'lost');
    throw error;
  }
}

export async function moveSteps(execution: Execution, moves: readonly StepMove[]): Promise<void> {
  if (moves.length === 0) return;
  await guard(execution, execution.place.store.moveSteps(execution.lease, moves));
  execution.place.written.notify();
}
