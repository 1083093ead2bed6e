import type { StepItem } from './fan-out.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { CheckTarget, NodeKey, NodeKind, RelationRef, RetryPolicy } from './node.ts';
import type { StepPartitions } from './partitions.ts';

/** What a run would do, as frozen data. `plan` prints it, `run` executes it. */
export interface Plan {
  /** The selection as the user wrote it; empty means everything. */
  readonly selection: string;
  /** Hash of the project's definitions that the plan was made from. */
  readonly manifestHash: string;
  /** In an order in which they may run one after another. */
  readonly steps: readonly PlanStep[];
  /** Options of this run that executors obey, such as a full refresh. */
  readonly options: RunOptions;
}

export interface PlanStep {
  /** The node's key, or for a step about partitions that with `@` and their text behind it: `shop/events@2024-01-31`. */
  readonly key: NodeKey;
  /** The node, when `key` is not it. */
  readonly node?: NodeKey;
  /** Which of the node's partitions it makes. */
  readonly partitions?: StepPartitions;
  readonly kind: NodeKind;
  readonly type: string;
  readonly executor: string;
  /** Steps of this plan that must have succeeded before (ended, for a step with `always`), blocking checks included. */
  readonly dependsOn: readonly NodeKey[];
  /** Of steps in `dependsOn` that write many tables, those that it reads: when others of them fail, it may start. */
  readonly tablesRead?: Readonly<Record<NodeKey, readonly RelationRef[]>>;
  /** Assets, or partitions of them (see `lock.ts`), that nobody else may write while this step runs. */
  readonly locks: readonly NodeKey[];
  readonly check?: CheckTarget;
  readonly retry: RetryPolicy;
  /** An attempt that takes longer is stopped. */
  readonly timeoutSeconds?: number;
  readonly pool?: string;
  /** `owner`: only the process that owns the project can do it, because it has the file of the warehouse open. */
  readonly runsOn?: 'owner';
  /** Starts when what it depends on has ended, even without success. */
  readonly always?: boolean;
  /** Is made for each item that this step of the plan finds: see `fan-out.ts`. */
  readonly forEach?: NodeKey;
  /** Of the steps for its items, so many may work at the same time. */
  readonly itemsAtOnce?: number;
  /** What this step is made for. */
  readonly item?: StepItem;
}

/** The node that a step is of. */
export function nodeOf(step: { readonly key: NodeKey; readonly node?: NodeKey }): NodeKey {
  return step.node ?? step.key;
}

/** The same by the step's key alone. */
export function nodeOfKey(stepKey: NodeKey): NodeKey {
  const at = stepKey.indexOf('@');
  return at < 0 ? stepKey : stepKey.slice(0, at);
}

export interface RunOptions {
  /** Rebuild from nothing what would otherwise be continued. */
  readonly fullRefresh: boolean;
  /** Most rows to load per stream, for trying things out. */
  readonly rowLimit?: number;
  /** The run is stopped when it takes longer, counted from its start, over all processes that execute it. */
  readonly timeoutSeconds?: number;
  /** What asked for the run handed to it: the body of a webhook, what a sensor found. Tasks get it. */
  readonly input?: JsonValue;
  /** The partitions that were asked for, as they were written; absent when it was left to the newest. */
  readonly partitions?: string;
  /** What the command that asked for the run tells its own room; opaque to everybody else. */
  readonly room?: JsonObject;
}
