import type { StepDispatch } from './dispatch.ts';
import { FatalError, type Failure } from './errors.ts';
import type { Completion, LogLevel, StepOutcome } from './executor.ts';
import type { StepItem } from './fan-out.ts';
import type { JsonValue } from './json.ts';
import type {
  LockHolder,
  Ownership,
  RunLease,
  RunRecord,
  RunSummary,
  RunTrigger,
  ScheduleTick,
} from './ledger.ts';
import type { Backfill } from './backfill.ts';
import type { NodeKey } from './node.ts';
import type { OutdatedPartitions, PartitionStateRange, StepPartitions } from './partitions.ts';
import type { Plan } from './plan.ts';
import type { RunEvent } from './run-event.ts';
import type { RunState, StepState } from './run-state.ts';
import type { KeptTriggerTick, TriggerCommit, TriggerResult } from './trigger.ts';

/** Time and timers, so that tests can hold them in their hands. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
  /** Calls back once after `delayMs`, unless the returned function was called before. */
  after(delayMs: number, callback: () => void): () => void;
}

/**
 * The run ledger. Every transition is one transaction that writes the event and the new state
 * together, and only if the state machine (`run-state.ts`) allows it and the lease is the newest
 * one: otherwise it throws a `LeaseLostError` and writes nothing. All times are milliseconds since 1970, UTC.
 *
 * Errors: `LeaseLostError`; `TransientError` with code `ledger_busy` (nothing was written) or
 * `ledger_unreachable` (nothing is known of the last write); `FatalError` with code
 * `ledger_full`, `ledger_unreadable`, `ledger_corrupt`, `ledger_gone`, `ledger_newer`, `ledger_closed` or `transition_refused`.
 */
export interface RunStore {
  /**
   * Writes a queued run with pending steps, and in the same transaction the tick that caused it.
   * False, with nothing written, when the tick's schedule and nominal time are there already.
   */
  createRun(run: NewRun, tick?: ScheduleTick): Promise<boolean>;
  /** Writes a tick that started no run. False when it is there already. */
  recordTick(tick: ScheduleTick): Promise<boolean>;
  /**
   * Asks for an end: a queued run is cancelled at once, a running one becomes `cancelling` and its
   * owner does the rest; a run whose owner is gone is cancelled at once too. Returns the state after that,
   * or undefined for an unknown run.
   */
  requestCancel(runId: string, atMs: number): Promise<RunState | undefined>;
  /**
   * Holds a run that is not finished, or lets it go on: nobody takes one that is held, and who executes it gives it back. Returns
   * its state, or undefined for an unknown run; nothing happens to one that is finished or is so already.
   */
  holdRun(runId: string, isHeld: boolean, atMs: number): Promise<RunState | undefined>;

  /** Writes a new backfill, whose version is 1. */
  createBackfill(backfill: Backfill): Promise<void>;
  /** Writes it, with a run of its own if one is given, if its version is still one less than the given one; false, with nothing written, otherwise. */
  updateBackfill(backfill: Backfill, run?: NewRun): Promise<boolean>;
  findBackfill(id: string): Promise<Backfill | undefined>;
  /** Newest first. */
  listBackfills(filter: { readonly isOpen?: boolean; readonly limit: number }): Promise<readonly Backfill[]>;

  /**
   * Takes a run, if its epoch is still `expectedEpoch` (0 for one that nobody had yet). Steps that the
   * last owner left running become pending with `resetReason`; its locks are dropped. Undefined when
   * somebody else was faster or the run is finished.
   */
  claimRun(claim: RunClaim): Promise<RunLease | undefined>;
  /** Extends everything that `owner` holds and says what that is. */
  renewLeases(owner: string, expiresAtMs: number): Promise<HeldLeases>;
  /** Gives a run back for others to continue; running steps become pending with `reason`. */
  releaseRun(lease: RunLease, atMs: number, reason: string): Promise<void>;
  moveRun(lease: RunLease, move: RunMove): Promise<void>;

  /**
   * Takes the locks and moves the step to `running`, both or neither. A lock whose holder's run is
   * finished or whose lease has expired at `atMs` is taken over. Empty when it went through.
   */
  startStep(lease: RunLease, start: StepStart): Promise<readonly LockHolder[]>;
  /**
   * Moves steps, all or none. A finished step gives up its locks; a succeeded step and every check
   * outcome become completions, those for items do not; what a succeeded or failed step says of partitions is kept;
   * for each item that one found, a pending step is added.
   */
  moveSteps(lease: RunLease, moves: readonly StepMove[]): Promise<void>;
  /** One line of a step's log. An embedded store has written it when the call returns, others when it resolves. */
  appendLog(lease: RunLease, line: StepLogLine): Promise<void>;
  /** Also forgets the step's interruptions: it gets on. */
  saveCheckpoint(lease: RunLease, step: NodeKey, value: JsonValue): Promise<void>;

  /** Runs that are not finished, by priority, then oldest first. */
  openRuns(): Promise<readonly OpenRun[]>;
  runState(runId: string): Promise<RunState | undefined>;
  findRun(runId: string): Promise<RunRecord | undefined>;
  /** Newest first. */
  listRuns(filter: RunFilter): Promise<readonly RunSummary[]>;
  /** In order of `sequence`. */
  events(query: EventQuery): Promise<readonly RunEvent[]>;
  /** Of the newest event; 0 when there is none. */
  lastSequence(): Promise<number>;
  /** The latest completion of each key that has one; of all nodes when `keys` is absent. */
  latestCompletions(keys?: readonly NodeKey[]): Promise<readonly Completion[]>;
  /**
   * How a node's partitions are, as far as steps about them have ended; without those for which none has. Stretches in the same
   * state that touch are one, so this is short for what is wholly done.
   */
  partitionStates(node: NodeKey): Promise<readonly PartitionStateRange[]>;
  /** Adds keys to a list of a dynamic dimension, behind those that are there; returns how many were new. */
  addPartitionKeys(set: string, keys: readonly string[], atMs: number): Promise<number>;
  /** In the order in which they were added. */
  partitionKeys(set: string): Promise<readonly string[]>;
  /** Newest first. */
  completionHistory(key: NodeKey, limit: number): Promise<readonly Completion[]>;
  /** Newest first. */
  ticks(schedule: string, limit: number): Promise<readonly ScheduleTick[]>;

  /** A value that processes of this project share, such as how far events were sent on; undefined when nobody wrote it. */
  readNote(name: string): Promise<Note | undefined>;
  /** Writes it if nobody else has since `expectedVersion` was read; false, with nothing written, when somebody has. */
  writeNote(note: NoteWrite): Promise<boolean>;
  /** Writes the cursors, runs and ticks of triggers in one transaction. */
  commitTriggers(commit: TriggerCommit): Promise<TriggerResult>;
  /** Newest first. */
  triggerTicks(trigger: string, limit: number): Promise<readonly KeptTriggerTick[]>;

  readOwnership(): Promise<OwnershipState>;
  /** Takes the project, if its epoch is still `expectedEpoch` (0 when nobody had it yet). */
  claimOwnership(claim: OwnershipClaim): Promise<Ownership | undefined>;
  /** Tells other processes where the owner's API is. Nothing happens if `owner` is not the owner. */
  announceAddress(owner: string, address: string): Promise<void>;
  releaseOwnership(owner: string): Promise<void>;

  /** Deletes finished runs with their events, backfills that are over, and completions but the latest of each key. Returns the number of runs. */
  deleteRunsFinishedBefore(beforeMs: number): Promise<number>;
  /**
   * Calls back when another process has written, and after times in which that may have been missed. Absent
   * when the ledger cannot tell: it has to be polled then. Returns how to stop that.
   */
  onChange?(listener: (change: LedgerChange) => void): () => void;
  /** How workers share the steps of runs; absent in a ledger that only one machine has. */
  readonly dispatch?: StepDispatch;
  close(): Promise<void>;
}

/** What another process has written: `runs` when a run was added, cancelled, given back or ended, or the project's owner has left; `steps` for all else. */
export type LedgerChange = 'runs' | 'steps';

export interface NewRun {
  readonly id: string;
  readonly plan: Plan;
  readonly trigger: RunTrigger;
  readonly createdAtMs: number;
  /** Higher ones are taken first. Default 0. */
  readonly priority?: number | undefined;
  /** The engine that wrote it. */
  readonly enqueuedBy?: string | undefined;
}

export interface RunClaim {
  readonly runId: string;
  readonly owner: string;
  readonly expectedEpoch: number;
  readonly atMs: number;
  readonly expiresAtMs: number;
  readonly resetReason: string;
  /** False when the last owner still lives: its running steps were not interrupted by their own doing. Default true. */
  readonly countsInterruptions?: boolean | undefined;
}

export interface Note {
  /** Counts the writes, from 1. */
  readonly version: number;
  readonly value: JsonValue;
}

export interface NoteWrite {
  readonly name: string;
  /** 0 when it should not be there yet. */
  readonly expectedVersion: number;
  readonly value: JsonValue;
}

export interface OwnershipState {
  /** 0 when nobody had the project yet. */
  readonly epoch: number;
  /** Absent when nobody holds it. It may be dead: see `expiresAtMs`. */
  readonly holder?: Ownership | undefined;
}

export interface OwnershipClaim {
  readonly owner: string;
  readonly expectedEpoch: number;
  readonly atMs: number;
  readonly expiresAtMs: number;
  readonly address?: string | undefined;
}

export interface HeldLeases {
  readonly ownsProject: boolean;
  readonly runIds: readonly string[];
}

export interface OpenRun {
  readonly id: string;
  readonly state: RunState;
  /** 0 for one that nobody had yet. */
  readonly epoch: number;
  /** Nobody may take it, and who has it gives it back. */
  readonly isHeld?: boolean | undefined;
  readonly priority?: number | undefined;
  readonly enqueuedBy?: string | undefined;
  /** Absent when nobody holds it. */
  readonly lease?: RunLease | undefined;
}

export interface RunMove {
  readonly to: RunState;
  readonly atMs: number;
  readonly failure?: Failure | undefined;
}

export interface StepStart {
  readonly step: NodeKey;
  readonly attempt: number;
  readonly atMs: number;
  /** Nodes, or stretches of their partitions: see `lock.ts`. */
  readonly locks: readonly NodeKey[];
}

export interface StepMove {
  readonly step: NodeKey;
  readonly to: StepState;
  readonly attempt: number;
  readonly atMs: number;
  readonly outcome?: StepOutcome | undefined;
  readonly failure?: Failure | undefined;
  readonly reason?: string | undefined;
  /** When the next attempt follows. */
  readonly retryInSeconds?: number | undefined;
  /** Who makes the attempt, when that is not the owner of the run. */
  readonly worker?: string | undefined;
  /** The node, when the step's key is not it. */
  readonly node?: NodeKey | undefined;
  /** The step is made for an item, and its node is not made by it alone. */
  readonly isForItem?: boolean | undefined;
  /** What it found: for each of them a step is added. */
  readonly items?: readonly StepItem[] | undefined;
  /** Partitions of others that read what was made: those that had succeeded are stale from now on. */
  readonly outdates?: readonly OutdatedPartitions[] | undefined;
  /** What was made, or was not: kept with the node's partitions when the step has succeeded or failed. */
  readonly partitions?: StepPartitions | undefined;
}

export interface StepLogLine {
  readonly step: NodeKey;
  readonly attempt: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly atMs: number;
}

export interface RunFilter {
  readonly states?: readonly RunState[];
  readonly schedule?: string;
  /** Runs created before this time, for paging. */
  readonly beforeMs?: number;
  readonly limit: number;
}

export interface EventQuery {
  /** All runs when absent. */
  readonly runId?: string | undefined;
  readonly step?: NodeKey | undefined;
  readonly types?: readonly RunEvent['type'][] | undefined;
  readonly afterSequence: number;
  readonly limit: number;
}

/** Somebody else holds the run now: stop writing, undo nothing. */
export class LeaseLostError extends FatalError {}
