import type { Failure } from './errors.ts';
import type { FoundItem, StepItem } from './fan-out.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { ColumnDoc, GraphNode, NodeKey } from './node.ts';
import type { PartitionBatch } from './partitions.ts';
import type { RunOptions } from './plan.ts';
import type { StepState } from './run-state.ts';

/** Runs the steps of one room. The engine calls it; it never calls the engine. */
export interface Executor {
  /** The name that nodes carry in `executor`, such as `load`. */
  readonly name: string;

  /**
   * Does the work of one node and resolves when its effects are durable.
   * Throws a `MillraceError`; its kind decides about retries. May be called again for the same
   * run and node after a crash, with the same `context.idempotencyKey`: it must then end in the
   * same state as one uninterrupted call.
   */
  execute(node: GraphNode, context: StepContext): Promise<StepOutcome>;
}

export interface StepContext {
  readonly runId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** The same for every attempt at this step of this run; different for every other step. */
  readonly idempotencyKey: string;
  readonly options: RunOptions;
  /** The partitions that are to be made, for a node that has some. */
  readonly partitions?: PartitionBatch;
  /** What it is made for, for a node that is made for each item of another. */
  readonly item?: StepItem;
  /** When the run began, the same for every attempt. Milliseconds since 1970, UTC. */
  readonly runStartedAtMs?: number;
  /** Adds keys to a list of a dynamic dimension; returns how many were new. Durable when it resolves. */
  addPartitionKeys?(set: string, keys: readonly string[]): Promise<number>;
  /** The steps of this run that this one depends on, as they are now. */
  upstream?(): Promise<readonly UpstreamStep[]>;
  /** Aborted on cancel, on a lost lease and on shutdown. */
  readonly signal: AbortSignal;
  /** A line of the step's log. Durable when it returns. Must not hold secrets. */
  log(message: string, level?: LogLevel): void;
  /** How far the step is; may be called often. */
  progress(progress: Progress): void;
  /** What the last attempt at this step of this run saved, if anything. */
  readonly checkpoint: JsonValue | undefined;
  /** Keeps `value` for the next attempt. Durable when it resolves. */
  saveCheckpoint(value: JsonValue): Promise<void>;
}

/** A step as one that comes after it sees it. */
export interface UpstreamStep {
  readonly key: NodeKey;
  readonly item?: StepItem | undefined;
  readonly state: StepState;
  readonly outcome?: StepOutcome | undefined;
  readonly failure?: Failure | undefined;
  /** Of its last attempt. Milliseconds since 1970, UTC. */
  readonly startedAtMs?: number | undefined;
  readonly finishedAtMs?: number | undefined;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Progress {
  readonly rows?: number;
  readonly bytes?: number;
  /** Expected end value of `rows`, when known. */
  readonly totalRows?: number;
  /** What is being done, in a few words. */
  readonly phase?: string;
}

/** What a finished step leaves in the ledger. */
export interface StepOutcome {
  /** Rows that the asset holds or that were moved, when counted. */
  readonly rows?: number;
  readonly bytes?: number;
  /** Columns of the asset as they are now. */
  readonly columns?: readonly ColumnDoc[];
  /** For checks. A failed check is an outcome, not an error. */
  readonly check?: CheckOutcome;
  /** Found for those that are made for each of them. Kept with their steps, not here. */
  readonly items?: readonly FoundItem[];
  /** What those that come after it are told. */
  readonly value?: JsonValue;
  /** Room-specific figures, shown as they are: rows inserted, watermark, lane. */
  readonly metadata: JsonObject;
}

export interface CheckOutcome {
  readonly passed: boolean;
  /** Rows that broke the rule. */
  readonly failures: number;
  readonly message: string;
}

/** The latest materialization of an asset, or completion of another node. */
export interface Completion extends StepOutcome {
  readonly key: NodeKey;
  /** Which of its partitions were made. */
  readonly partitions?: string;
  readonly runId: string;
  /** Milliseconds since 1970, UTC. */
  readonly finishedAtMs: number;
  readonly durationMs: number;
}
