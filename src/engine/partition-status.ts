import { ConfigError } from '../core/errors.ts';
import { findNode, type Graph } from '../core/graph.ts';
import type { NodeKey } from '../core/node.ts';
import type { PartitionWorld } from '../core/partition/calendar.ts';
import { count, difference, emptySet, union, type PartitionSet } from '../core/partition/partition-set.ts';
import { formatSet, fromRanges, openSpace } from '../core/partition/partition-space.ts';
import type { PartitionRange, PartitionsDefinition } from '../core/partitions.ts';
import { nodeOf } from '../core/plan.ts';
import type { RunStore } from '../core/ports.ts';
import { behindPartitions } from './partition/behind-partitions.ts';
import { endedPartitions, type EndedPartitions } from './partition/ended-partitions.ts';

/** How the partitions of a node are. Each partition is in one of the groups. */
export interface PartitionStatus {
  readonly key: NodeKey;
  /** Partitions that exist now. */
  readonly count: number;
  readonly succeeded: PartitionGroup;
  /** They succeeded, and then something that they read was made. */
  readonly stale: PartitionGroup;
  /** They succeeded after what they read, some of which is stale itself, or behind. */
  readonly behind: PartitionGroup;
  /** Their latest step failed. */
  readonly failed: PartitionGroup;
  /** Being made now. */
  readonly running: PartitionGroup;
  /** In a run that is not over. */
  readonly waiting: PartitionGroup;
  readonly missing: PartitionGroup;
}

export interface PartitionGroup {
  readonly count: number;
  /** Such as `2024-01-01..2024-01-31`; see `parseSet`. */
  readonly text: string;
}

/** Throws a `ConfigError` with code `node_missing` or `partitions_missing`. */
export async function partitionStatus(
  graph: Graph,
  store: RunStore,
  name: string,
  world: PartitionWorld,
): Promise<PartitionStatus> {
  const node = findNode(graph, name);
  if (!node?.partitions) throw withoutPartitions(name, node !== undefined);
  const { key, partitions } = node;
  const space = openSpace(partitions, world);
  const ended = await endedPartitions(store, key, space);
  const behind = await behindPartitions(graph, store, key, world);
  const open = await openPartitions(store, key, partitions, world);
  const atWork = union(open.running, open.waiting);
  const group = (set: PartitionSet): PartitionGroup => ({ count: count(set), text: formatSet(space, set) });
  return {
    key,
    count: count(space.everything),
    succeeded: group(difference(ended.succeeded, union(behind, atWork))),
    stale: group(difference(ended.stale, atWork)),
    behind: group(difference(behind, atWork)),
    failed: group(difference(ended.failed, atWork)),
    running: group(open.running),
    waiting: group(difference(open.waiting, open.running)),
    missing: group(difference(space.everything, union(atWork, knownOf(ended)))),
  };
}

/** Partitions that exist now, whose latest step failed, and about which none has ended. */
export interface PartitionCounts {
  readonly count: number;
  readonly failed: number;
  readonly missing: number;
  readonly stale: number;
}

/** Of all nodes with partitions, or of those in `keys`. */
export async function partitionCounts(
  graph: Graph,
  store: RunStore,
  world: PartitionWorld,
  keys?: ReadonlySet<NodeKey>,
): Promise<ReadonlyMap<NodeKey, PartitionCounts>> {
  const counts = new Map<NodeKey, PartitionCounts>();
  for (const { key, partitions } of graph.nodes) {
    if (!partitions || (keys && !keys.has(key))) continue;
    const space = openSpace(partitions, world);
    const ended = await endedPartitions(store, key, space);
    const missing = difference(space.everything, knownOf(ended));
    counts.set(key, {
      count: count(space.everything),
      failed: count(ended.failed),
      missing: count(missing),
      stale: count(ended.stale),
    });
  }
  return counts;
}

/** Those about which some step has ended. */
function knownOf({ succeeded, failed, stale }: EndedPartitions): PartitionSet {
  return union(union(succeeded, stale), failed);
}

async function openPartitions(
  store: RunStore,
  key: NodeKey,
  definition: PartitionsDefinition,
  world: PartitionWorld,
): Promise<{ readonly running: PartitionSet; readonly waiting: PartitionSet }> {
  const space = openSpace(definition, world);
  const running: PartitionRange[] = [];
  const waiting: PartitionRange[] = [];
  for (const { id } of await store.openRuns()) {
    const run = await store.findRun(id);
    for (const step of run?.steps ?? []) {
      if (nodeOf(step) !== key || !step.partitions) continue;
      if (step.state === 'running') running.push(...step.partitions.ranges);
      if (step.state === 'pending') waiting.push(...step.partitions.ranges);
    }
  }
  const set = (ranges: readonly PartitionRange[]): PartitionSet =>
    ranges.length === 0 ? emptySet(space.axes.length) : fromRanges(space, ranges);
  return { running: set(running), waiting: set(waiting) };
}

function withoutPartitions(name: string, isThere: boolean): ConfigError {
  return new ConfigError(isThere ? `${name} has no partitions` : `The project has no ${name}`, {
    code: isThere ? 'partitions_missing' : 'node_missing',
    next: 'To see what there is, run: millrace plan',
  });
}
