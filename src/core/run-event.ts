import type { Failure } from './errors.ts';
import type { LogLevel, Progress, StepOutcome } from './executor.ts';
import type { NodeKey } from './node.ts';
import type { RunState, StepState } from './run-state.ts';

/** A fact about a run. Append-only; `sequence` grows by order of writing within the ledger. */
export type RunEvent = RunStateEvent | StepStateEvent | StepLogEvent | LeaseEvent;

interface EventBase {
  readonly sequence: number;
  readonly runId: string;
  /** Milliseconds since 1970, UTC. */
  readonly atMs: number;
}

export interface RunStateEvent extends EventBase {
  readonly type: 'run_state';
  readonly state: RunState;
  /** The run was held, or let go on: its state is as it was. */
  readonly isHeld?: boolean;
  readonly failure?: Failure;
}

export interface StepStateEvent extends EventBase {
  readonly type: 'step_state';
  readonly step: NodeKey;
  readonly state: StepState;
  readonly attempt: number;
  readonly outcome?: StepOutcome;
  readonly failure?: Failure;
  /** Why it was skipped, retried or reset. */
  readonly reason?: string;
  /** When the next attempt follows, counted from `atMs`. */
  readonly retryInSeconds?: number;
  /** Who makes the attempt, when that is not the owner of the run. */
  readonly worker?: string;
}

export interface StepLogEvent extends EventBase {
  readonly type: 'step_log';
  readonly step: NodeKey;
  readonly attempt: number;
  readonly level: LogLevel;
  readonly message: string;
}

export interface LeaseEvent extends EventBase {
  readonly type: 'lease_taken';
  /** Who owns the run from here on. */
  readonly owner: string;
  readonly epoch: number;
}

/** Progress is shown, not kept: it reaches live listeners only. */
export interface StepProgressEvent {
  readonly type: 'step_progress';
  readonly runId: string;
  readonly step: NodeKey;
  readonly progress: Progress;
  readonly atMs: number;
}
