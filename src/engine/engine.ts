import type { Condition } from '../core/condition.ts';
import type { Executor } from '../core/executor.ts';
import type { Graph } from '../core/graph.ts';
import type { Ownership, RunRecord, RunTrigger } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import type { Plan } from '../core/plan.ts';
import type { Clock, RunStore } from '../core/ports.ts';
import type { RunEvent, StepProgressEvent } from '../core/run-event.ts';
import type { RunState } from '../core/run-state.ts';
import type { ScheduleDefinition } from '../core/schedule.ts';
import type { Sensor } from '../core/sensor.ts';

/**
 * Runs plans. Many processes may have an engine on the same ledger; one of them at a time is the
 * project's owner and executes what any of them enqueues. Reading (`listRuns`, completions, ticks) is
 * done on the `RunStore` itself.
 */
export interface Engine {
  /** `host:pid:random...`: who this engine is in the ledger. */
  readonly owner: string;

  /**
   * Writes a queued run and returns its id. Executed at once if this engine owns the project, else by
   * the owner within its poll interval, or as soon as the ledger tells it.
   */
  enqueue(plan: Plan, trigger: RunTrigger, options?: EnqueueOptions): Promise<string>;

  /**
   * The same, for a cause that may be told more than once: of all calls with one `trigger` and `key` the first one writes
   * a run, the others get its id.
   */
  enqueueOnce(plan: Plan, trigger: RunTrigger, once: Cause): Promise<OnceEnqueued>;

  /** Asks for the end of a run of any process. Throws a `ConfigError` for an unknown run; a finished one stays as it is. */
  cancel(runId: string): Promise<RunState>;

  /** Holds a run of any process, whose steps at work go on at their checkpoints later; `resume` lets it go on. Throws a `ConfigError` for an unknown run. */
  hold(runId: string): Promise<RunState>;
  resume(runId: string): Promise<RunState>;

  /**
   * Resolves when the run is finished, whoever executes it. Rejects when this engine executes it and
   * cannot write the ledger any more, when `signal` aborts, and for an unknown run (`ConfigError`).
   */
  waitForRun(runId: string, signal?: AbortSignal): Promise<RunRecord>;

  /**
   * Events in order of `sequence`, past ones first. With a `runId` it ends after the run's last event;
   * without one it goes on until `signal` aborts or the engine is shut down (it then returns, without an error).
   */
  tailEvents(query: TailQuery): AsyncIterable<RunEvent>;

  /** Calls back with the progress of steps that this engine executes. Returns how to stop that. */
  onProgress(listener: (event: StepProgressEvent) => void): () => void;

  /**
   * Tries once to become the project's owner, and if it worked executes queued runs and continues
   * interrupted ones until `shutdown`.
   */
  acquireOwnership(address?: string): Promise<OwnershipAttempt>;

  /**
   * Like `acquireOwnership`, but keeps trying in the background whenever the project has no living
   * owner. Returns what came of the first attempt.
   */
  start(options?: StartOptions): Promise<OwnershipAttempt>;

  /** Tells other processes where this owner's local API is, such as `http://127.0.0.1:4400`. */
  announceAddress(address: string): Promise<void>;

  /**
   * Stops taking work, gives up leases and ownership, and resolves when nothing of the engine runs.
   * `finish` lets running steps end; `abort` aborts them. Either way unfinished runs stay in the ledger and
   * the next owner continues them. The store stays open. `beforeLeaving` is called when nothing runs any more and
   * before the next owner may start: what only one process may have open is closed there.
   */
  shutdown(mode: 'finish' | 'abort', beforeLeaving?: () => Promise<void>): Promise<void>;
}

export interface Cause {
  /** Whose tick is written, such as `webhook refresh`. */
  readonly trigger: string;
  /** Absent: every call writes a run. */
  readonly key?: string | undefined;
}

export interface OnceEnqueued {
  readonly runId: string;
  /** False when an earlier call has written it. */
  readonly isNew: boolean;
}

export interface EnqueueOptions {
  /** Runs and steps with a higher one go first. Default 0. */
  readonly priority?: number | undefined;
}

export interface TailQuery {
  readonly runId?: string;
  readonly step?: NodeKey;
  /** Default all types. */
  readonly types?: readonly RunEvent['type'][];
  /** Events after this one; default 0, which is from the beginning. */
  readonly afterSequence?: number;
  readonly signal?: AbortSignal;
}

export type OwnershipAttempt =
  | { readonly acquired: true; readonly ownership: Ownership }
  /** `holder` is the living owner. */
  | { readonly acquired: false; readonly holder: Ownership };

export interface StartOptions {
  /** URL of this process's local API, when it serves one. */
  readonly address?: string;
  /** Run the project's schedules and sensors while being the owner. Default false. */
  readonly schedules?: boolean;
}

export interface EngineOptions {
  readonly store: RunStore;
  readonly executors: readonly Executor[];
  /** The definitions as they are now; asked anew for every run and tick. */
  readonly definitions: () => Definitions;
  /** Most steps at a time over all runs. Default 4. */
  readonly concurrency?: number;
  /** Most steps at a time of the nodes with that `pool`, over all runs, by its name. A pool that is not here has no limit. */
  readonly pools?: Readonly<Record<string, number>>;
  /** Those of `pools` whose steps are left to workers that were started for them. */
  readonly workerPools?: readonly string[];
  /** False: steps are left to workers, but those that only the project's owner can run. Default true: done here while there is no worker for them. */
  readonly executesSteps?: boolean;
  /** Takes secrets out of texts before they are written. */
  readonly redact?: (text: string) => string;
  readonly clock?: Clock;
  /** How long a silent owner keeps its runs. Renewed at a third of it. Default 30. */
  readonly leaseSeconds?: number;
  /** How often the ledger is read for what other processes wrote. Default 250, and 1000 for a ledger that tells (`RunStore.onChange`). */
  readonly pollMilliseconds?: number;
  /** How long a step that was cancelled or has timed out may take to stop, before it counts as failed. Default 30. */
  readonly stopGraceSeconds?: number;
  /** A step whose process ended so often in a row while it ran fails without being tried again. Default 3. */
  readonly maxInterruptions?: number;
  /** How long `shutdown` waits for steps that do not obey their signal. Default 10. */
  readonly shutdownGraceSeconds?: number;
  /** Finished runs older than this are deleted by the owner; the latest completions stay. Default 30. */
  readonly retentionDays?: number;
}

export interface Definitions {
  readonly graph: Graph;
  readonly manifestHash: string;
  readonly schedules: readonly ScheduleDefinition[];
  /** The same list as long as nothing has changed. */
  readonly sensors?: readonly Sensor[];
  /** When nodes are made by themselves; the same map as long as nothing has changed. */
  readonly conditions?: ReadonlyMap<NodeKey, Condition>;
}
