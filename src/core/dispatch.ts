import type { LockHolder, RunLease } from './ledger.ts';
import type { JsonValue } from './json.ts';
import type { NodeKey } from './node.ts';
import type { PlanStep, RunOptions } from './plan.ts';
import type { StepStart } from './ports.ts';
import type { StepProgressEvent } from './run-event.ts';

/**
 * The right of a worker to write about one attempt at a step. Its `owner` is the worker; the attempt's number is what fences:
 * once the step is given to somebody else, a write with an older one is refused with a `LeaseLostError`.
 */
export interface StepLease extends RunLease {
  readonly step: NodeKey;
  /** Counts from 1. */
  readonly attempt: number;
}

export function isStepLease(lease: RunLease): lease is StepLease {
  return 'step' in lease;
}

/** All that a worker needs to know to make one attempt at a step. Plain data. */
export interface StepJob {
  readonly runId: string;
  readonly step: PlanStep;
  /** Steps that are made for each item which it finds. */
  readonly templates: readonly PlanStep[];
  /** Counts from 1. */
  readonly attempt: number;
  /** Attempts that failed since the run was taken by its owner; they count against the step's retry policy. */
  readonly failedAttempts: number;
  /** Attempts in a row that ended with the process which made them */
  readonly interruptions: number;
  readonly options: RunOptions;
  /** Milliseconds since 1970, UTC. */
  readonly runStartedAtMs?: number | undefined;
}

export interface StepOffer {
  /** Locks are taken with the offer, so that whoever takes the step can begin at once. */
  readonly start: StepStart;
  readonly job: StepJob;
  readonly need: WorkerNeed;
  /** Of the run; higher ones are taken first. */
  readonly priority: number;
}

/** Which workers may take a step. */
export interface WorkerNeed {
  /** Absent for a step that is in no pool. */
  readonly pool?: string | undefined;
  /** Only workers that have read the same definitions may. */
  readonly manifestHash: string;
}

/** `taken`: a worker has it already. */
export type OfferResult = 'offered' | 'taken' | { readonly locked: readonly LockHolder[] };

/** What the owner of a run wants of a worker. `release`: give the step back, to be continued later. */
export type WorkerStop = 'cancel' | 'timeout' | 'release';

/** Code of the failure of an attempt whose worker was retired. It does not count against the step's retry policy. */
export const workerLost = 'worker_lost';

export interface HeldStep {
  readonly runId: string;
  readonly step: NodeKey;
  readonly attempt: number;
  readonly stop?: WorkerStop | undefined;
}

export interface NewWorker {
  /** `host:pid:random...`; see `engine/owner.ts`. */
  readonly owner: string;
  /** Empty: it takes steps of no pool, and of those that only limit. */
  readonly pools: readonly string[];
  readonly manifestHash: string;
  /** Steps at a time. */
  readonly concurrency: number;
  readonly leaseSeconds: number;
  /** The worker's name in the queue, whose jobs are unlocked when it is lost. */
  readonly queueName: string;
}

export interface WorkerRecord {
  readonly owner: string;
  readonly pools: readonly string[];
  readonly manifestHash: string;
  readonly concurrency: number;
  /** Milliseconds since 1970, UTC. */
  readonly startedAtMs: number;
  /** False when it was silent for longer than its lease. */
  readonly isAlive: boolean;
  /** It ends its steps and takes no others. */
  readonly isDraining: boolean;
  readonly steps: readonly { readonly runId: string; readonly step: NodeKey }[];
}

export interface QueueOptions {
  readonly needs: readonly WorkerNeed[];
  /** Jobs at a time. */
  readonly concurrency: number;
  /** Called with what the queue cannot do for a while, such as reach its server. */
  readonly onTrouble: (message: string) => void;
}

/** A worker's end of the queue. */
export interface StepQueue {
  readonly name: string;
  /** Takes no further jobs; resolves when those at work have ended. */
  stop(): Promise<void>;
}

/**
 * The part of a ledger through which machines share the steps of its runs. Leases are held against the ledger's clock, so that
 * those of the machines may differ. Errors are those of `RunStore`.
 */
export interface StepDispatch {
  /** Puts a pending step on the queue, in one transaction with its locks. Offering the same attempt again changes nothing. */
  offerStep(lease: RunLease, offer: StepOffer): Promise<OfferResult>;
  /** Takes an offer back. False when a worker has the step already, or had it. */
  withdrawStep(lease: RunLease, step: NodeKey): Promise<boolean>;
  /** Tells the worker that has the step. Nothing happens when nobody has. */
  askToStop(lease: RunLease, step: NodeKey, stop: WorkerStop): Promise<void>;

  workers(): Promise<readonly WorkerRecord[]>;
  /**
   * Ends workers whose lease has expired, and those named in `dead`: their steps become pending with `reason`, and jobs that
   * they had fetched are unlocked. Returns the ended ones.
   */
  retireWorkers(dead: readonly string[], atMs: number, reason: string): Promise<readonly string[]>;

  joinWorkers(worker: NewWorker, atMs: number): Promise<void>;
  /** Extends the worker's lease; what it holds. Undefined when it was retired. */
  renewWorker(owner: string): Promise<readonly HeldStep[] | undefined>;
  drainWorker(owner: string): Promise<void>;
  leaveWorkers(owner: string): Promise<void>;
  /** Moves an offered step to `running`, as the worker's, unless the offer no longer holds or the worker was retired. */
  takeStep(lease: StepLease, atMs: number): Promise<TakenStep | 'outdated' | 'retired'>;
  /** Shows other processes how far a step is. Kept nowhere; lost when it cannot be sent. */
  tellProgress(event: StepProgressEvent): Promise<void>;
  /** Calls back with what others tell so. Returns how to stop that. */
  onProgress(listener: (event: StepProgressEvent) => void): () => void;
  /** Gives a running step back; it becomes pending with `reason`. */
  releaseStep(lease: StepLease, atMs: number, reason: string): Promise<void>;
  /** Calls `work` with offered steps that fit, until it is stopped. */
  openQueue(options: QueueOptions, work: (job: StepJob) => Promise<void>): Promise<StepQueue>;
}

export interface TakenStep {
  /** What earlier attempts have saved. */
  readonly checkpoint: JsonValue | undefined;
}
