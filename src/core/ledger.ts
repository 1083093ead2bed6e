import type { Failure } from './errors.ts';
import type { StepOutcome } from './executor.ts';
import type { StepItem } from './fan-out.ts';
import type { JsonValue } from './json.ts';
import type { CheckTarget, NodeKey, NodeKind } from './node.ts';
import type { StepPartitions } from './partitions.ts';
import type { Plan } from './plan.ts';
import type { RunState, StepState } from './run-state.ts';

/** Who asked for a run. */
export interface RunTrigger {
  readonly kind: 'command' | 'page' | 'schedule' | 'code' | 'sensor' | 'webhook' | 'condition' | 'trigger';
  /** Of the sensor, webhook or trigger. */
  readonly name?: string;
  /** The schedule's name, for `schedule`. */
  readonly schedule?: string;
  /** The time the schedule meant, which may be earlier than the run. Milliseconds since 1970, UTC. */
  readonly nominalAtMs?: number;
  /** The caller's place in a trace, as W3C Trace Context writes `traceparent`. */
  readonly traceParent?: string;
  /** The backfill that it is a part of. */
  readonly backfill?: string;
}

/** A run without its steps. Times are milliseconds since 1970, UTC. */
export interface RunSummary {
  readonly id: string;
  readonly state: RunState;
  readonly selection: string;
  readonly trigger: RunTrigger;
  readonly createdAtMs: number;
  readonly startedAtMs?: number | undefined;
  readonly finishedAtMs?: number | undefined;
  readonly failure?: Failure | undefined;
  /** Steps per state. */
  readonly stepCounts: Readonly<Record<StepState, number>>;
  /** Since when it is held, which is until somebody lets it go on. */
  readonly heldAtMs?: number | undefined;
  /** Who executes it; absent while nobody does. */
  readonly lease?: RunLease | undefined;
}

/** A run as the ledger holds it. */
export interface RunRecord extends RunSummary {
  /** With a step for each item that was found so far. */
  readonly plan: Plan;
  /** In the plan's order. */
  readonly steps: readonly StepRecord[];
}

export interface StepRecord {
  readonly key: NodeKey;
  /** The node, when `key` is not it (see `PlanStep`). */
  readonly node?: NodeKey;
  readonly partitions?: StepPartitions;
  readonly item?: StepItem;
  readonly kind: NodeKind;
  readonly type: string;
  readonly check?: CheckTarget | undefined;
  readonly state: StepState;
  /** 0 before the first attempt. */
  readonly attempt: number;
  /** Attempts in a row that ended with their process, without a checkpoint in between. */
  readonly interruptions?: number | undefined;
  /** Start of the latest attempt. */
  readonly startedAtMs?: number | undefined;
  readonly finishedAtMs?: number | undefined;
  readonly outcome?: StepOutcome | undefined;
  readonly failure?: Failure | undefined;
  /** Why it was skipped, retried or reset. */
  readonly reason?: string | undefined;
  readonly checkpoint?: JsonValue | undefined;
}

/**
 * The right to write about a run. Each holder has a higher epoch than the one before; a write
 * with an old epoch is refused with a `LeaseLostError`.
 */
export interface RunLease {
  readonly runId: string;
  /** `host:pid:random...`; see `engine/owner.ts`. */
  readonly owner: string;
  readonly epoch: number;
  readonly expiresAtMs: number;
}

/** Which process executes the project's runs. One at a time; the warehouse file is open there. */
export interface Ownership {
  readonly owner: string;
  readonly epoch: number;
  readonly acquiredAtMs: number;
  readonly expiresAtMs: number;
  /** URL of the owner's local API, when it serves one. */
  readonly address?: string | undefined;
}

/** One nominal time of a schedule, and what came of it. */
export interface ScheduleTick {
  readonly schedule: string;
  readonly nominalAtMs: number;
  readonly atMs: number;
  /** The run it started; absent when it was skipped. */
  readonly runId?: string | undefined;
  /** Why it was skipped, or a note about times that were missed. */
  readonly reason?: string | undefined;
}

/** A lock that stands in a step's way. */
export interface LockHolder {
  readonly lock: NodeKey;
  readonly runId: string;
  readonly step: NodeKey;
}
