import type { NodeKey } from './node.ts';

/** How an asset or task is cut into parts that are made one by one. Plain data: nothing here is counted or listed. */
export interface PartitionsDefinition {
  /** One or more, with different names; a partition has one key of each, in this order. */
  readonly dimensions: readonly DimensionDefinition[];
  /** Most partitions that one step makes; `all` for as many as lie side by side. Default 1. */
  readonly partitionsPerStep?: number | 'all';
  /** Each partition reads the one before it, so they are made in order. Default false. */
  readonly sequential?: boolean;
  /** Its steps write one table and stand in each other's way there, so they are made one after another, in any order. Default false. */
  readonly oneAtATime?: boolean;
}

export type DimensionDefinition = TimeDimension | StaticDimension | DynamicDimension;

/** How long the windows of a time dimension are. A cron's windows go from each of its times to the next. */
export type WindowLength = 'hour' | 'day' | 'week' | 'month' | { readonly cron: string };

/** Windows of time. A partition exists once its window is over. */
export interface TimeDimension {
  readonly kind: 'time';
  readonly name: string;
  readonly every: WindowLength;
  /** IANA name, such as `Europe/Berlin`. */
  readonly zone: string;
  /** Local time of the first window, such as `2024-01-01` or `2024-01-01T05:00`. */
  readonly start: string;
  /** Local time at which the last window ends. Default: there is no last one. */
  readonly end?: string;
  /** Windows that exist before they are over; negative: those that exist only later. Default 0. */
  readonly endOffset?: number;
}

/** Keys that are written down. */
export interface StaticDimension {
  readonly kind: 'static';
  readonly name: string;
  readonly keys: readonly string[];
}

/** Keys that are added while the project lives, and kept in the ledger. */
export interface DynamicDimension {
  readonly kind: 'dynamic';
  readonly name: string;
  /** Names the keys' list in the ledger; assets that name the same one share it. */
  readonly set: string;
}

/** Which partitions of what is upstream a partition reads. Default: see `core/partition/mapping.ts`. */
export type PartitionMapping =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'dimensions';
      /** By the name of an upstream dimension; one that is not here is read whole. */
      readonly by: Readonly<Record<string, DimensionMapping>>;
    };

/** How one upstream dimension follows from one of the reader's. */
export type DimensionMapping =
  | { readonly kind: 'identity'; readonly from: string }
  /** Windows that overlap the reader's, whose first and last are moved by so many upstream windows. */
  | {
      readonly kind: 'window';
      readonly from: string;
      readonly startOffset: number;
      readonly endOffset: number;
    }
  | { readonly kind: 'all' }
  | { readonly kind: 'latest' }
  /** Upstream keys by the reader's key; a key that is not here reads nothing. */
  | {
      readonly kind: 'table';
      readonly from: string;
      readonly keys: Readonly<Record<string, readonly string[]>>;
    };

/**
 * Partitions that lie side by side, as the ledger keeps them: a stretch of a time or dynamic dimension within a slice,
 * which is the text of everything else that tells them apart. Stays the same when a definition's start or list of keys changes.
 */
export interface PartitionRange {
  readonly slice: string;
  readonly from: number;
  /** The first one that does not belong to it. */
  readonly to: number;
}

/** The partitions that a step is about. */
export interface StepPartitions {
  /** A key, or a set such as `2024-01-01..2024-01-31|us`. */
  readonly text: string;
  readonly count: number;
  /** Together exactly the partitions of `text`. */
  readonly ranges: readonly PartitionRange[];
}

/** How a stretch of an asset's partitions is. `stale`: something that they read was made after them. */
export interface PartitionStateRange extends PartitionRange {
  readonly state: 'succeeded' | 'failed' | 'stale';
}

/** Partitions that read what was just made. */
export interface OutdatedPartitions {
  readonly node: NodeKey;
  /** Default: all of them. */
  readonly ranges?: readonly PartitionRange[];
}

/** What a partition of time is about: from its start up to, not including, its end. Milliseconds since 1970, UTC. */
export interface TimeWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** One partition, as who makes it is told. */
export interface PartitionValue {
  /** `2024-01-31|us` */
  readonly key: string;
  /** By the dimension's name; those of time with their window. */
  readonly dimensions: Readonly<Record<string, { readonly key: string } & Partial<TimeWindow>>>;
}

/** The partitions that a step is about, in order. */
export interface PartitionBatch extends StepPartitions {
  values(): Iterable<PartitionValue>;
}
