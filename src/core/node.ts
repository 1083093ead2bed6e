import type { JsonObject } from './json.ts';
import type { Origin } from './origin.ts';
import type { PartitionMapping, PartitionsDefinition } from './partitions.ts';

/**
 * Name of a node, unique in its project: segments joined by `/`, such as `shop/orders`.
 * Assets are named for what they are; the other kinds carry their kind as first segment:
 * `task/generate_orders`, `check/unique_orders_order_id`, `sync/crm_customers`, `report/revenue`.
 */
export type NodeKey = string;

/**
 * - `asset`: anything in the world that is kept up to date: a table, a model, a file.
 * - `task`: work that leaves no asset behind.
 * - `check`: a test of an asset; a blocking check stops what is downstream.
 * - `sync`: rows of a model delivered to a destination.
 * - `report`: a page that reads models.
 */
export type NodeKind = 'asset' | 'task' | 'check' | 'sync' | 'report';

/** `reads`: data flows, so staleness and lineage follow. `after`: order only. */
export type EdgeKind = 'reads' | 'after';

export interface Edge {
  readonly kind: EdgeKind;
  /** Upstream node: its key, or a reference that the graph resolves to one (see `graph.ts`). */
  readonly from: NodeKey;
  readonly origin?: Origin;
  /** Which of its partitions belong to which of the reader's, when both have some. Default: see `partition/mapping.ts`. */
  readonly partitions?: PartitionMapping;
}

/** A table or view in a connection. Two assets with the same relation are one node. */
export interface RelationRef {
  /** Connection name as in `connections.yaml`. Compared without regard to case. */
  readonly connection: string;
  readonly schema: string;
  readonly name: string;
}

/** A column as people read about it. `dataType` is the system's own spelling. */
export interface ColumnDoc {
  readonly name: string;
  readonly dataType?: string;
  readonly description?: string;
}

export interface RetryPolicy {
  /** Tries in all, the first one included. */
  readonly maxAttempts: number;
  /** Wait before the second try; doubles with each further one. */
  readonly delaySeconds: number;
  readonly maxDelaySeconds: number;
}

/** Of nodes that have none of their own. Only `transient` failures are tried again. */
export const defaultRetryPolicy: RetryPolicy = Object.freeze({
  maxAttempts: 3,
  delaySeconds: 1,
  maxDelaySeconds: 30,
});

/** One thing in the graph, as plain data. Rooms produce it, the engine reads it. */
export interface GraphNode {
  readonly key: NodeKey;
  readonly kind: NodeKind;
  /** What it is within its kind, in field terms: `table`, `model`, `seed`, `source`, `file`, `test`. */
  readonly type: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Heading under which the page draws it. */
  readonly group: string;
  readonly origin: Origin;
  /** What is directly upstream. */
  readonly edges: readonly Edge[];
  /** Where it is kept, for assets that are tables. */
  readonly relation?: RelationRef;
  /**
   * For assets that are known to be tables only when they run, such as all those of a schema: what their names fit.
   * In `schema` and `name`, `*` stands for any letters and `?` for one.
   */
  readonly relationPattern?: RelationRef;
  readonly columns: readonly ColumnDoc[];
  /** The executor that knows how to run it; absent for what others keep up to date. */
  readonly executor?: string;
  /** What the executor needs to know; opaque to everybody else. */
  readonly spec: JsonObject;
  readonly check?: CheckTarget;
  readonly retry?: RetryPolicy;
  /** An attempt that takes longer is stopped. Default: no limit. */
  readonly timeoutSeconds?: number;
  /** Steps with the same pool share its limit, which the project sets. Default: only the project's `concurrency` counts. */
  readonly pool?: string;
  /** `owner`: no worker can run it, only the process that owns the project. */
  readonly runsOn?: 'owner';
  /** Made partition by partition. */
  readonly partitions?: PartitionsDefinition;
  /** `external`: it does something to the world that cannot be done twice without harm, so backfills leave it out unless asked. */
  readonly effects?: 'external';
  /** Runs once for each item that this node upstream of it finds. */
  readonly forEach?: NodeKey;
  /** For so many items at a time. Default: only the limits of other steps count. */
  readonly itemsAtOnce?: number;
  /** Is told what came of every item of this node upstream of it, so that it is never run without it. */
  readonly collect?: NodeKey;
  /** Runs once everything upstream of it in the run has ended, in whatever way; not when the run is cancelled. */
  readonly always?: boolean;
  /** Is part of every run that has a step of one of these nodes, unless it is excluded by name. */
  readonly accompanies?: readonly NodeKey[];
}

export interface CheckTarget {
  /** The asset under test; must be among the check's `reads` edges. */
  readonly asset: NodeKey;
  /** A failed `error` check stops what is downstream; a failed `warn` check is only shown. */
  readonly severity: 'error' | 'warn';
  /** Whether it stops only what is downstream of everything that it reads, as dbt's tests do; else whatever reads the asset. */
  readonly stopsOnlyCommon?: boolean;
}

const segment = /^[\p{L}\p{N}_.$ -]+$/u;

/** True if `text` can be a node key: non-empty segments of letters, digits, `_ . $ -` and spaces. */
export function isNodeKey(text: string): boolean {
  return text.split('/').every((part) => segment.test(part) && part.trim() === part);
}
