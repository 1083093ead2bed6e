import type { NodeKey } from './node.ts';
import type { PartitionRange } from './partitions.ts';
import type { RunOptions } from './plan.ts';

/** Partitions by node: stretches of those that have some, nothing in the list of one that has none. */
export type PartitionSets = Readonly<Record<NodeKey, readonly PartitionRange[]>>;

/**
 * - `running`: it makes one run after another.
 * - `paused`: its run waits, and no other is made.
 * - `failed`: all runs are over, and some of what was asked for could not be made.
 */
export type BackfillState = 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled';

/** Many partitions that are made by one run after another. Sets, not lists: it is as short for a million partitions as for ten. */
export interface Backfill {
  readonly id: string;
  readonly state: BackfillState;
  /** Counts the writes, from 1. */
  readonly version: number;
  /** As they were written. */
  readonly selection: string;
  readonly partitions: string;
  /** What is to be made. */
  readonly targets: PartitionSets;
  /** What is in runs that were made so far, and what could not be because something that it reads was not. */
  readonly requested: PartitionSets;
  /** What of that was not made. */
  readonly unmade: PartitionSets;
  /** Partitions of all nodes, and steps that make them. */
  readonly partitionCount: number;
  readonly stepCount: number;
  /** Most steps of a run. */
  readonly stepsPerRun: number;
  readonly options: RunOptions;
  /** Its latest run. */
  readonly runId?: string;
  readonly runCount: number;
  /** Milliseconds since 1970, UTC. */
  readonly createdAtMs: number;
  readonly finishedAtMs?: number;
  /** Why it goes no further. */
  readonly reason?: string;
}

export function isBackfillOpen({ state }: Backfill): boolean {
  return state === 'running' || state === 'paused';
}
