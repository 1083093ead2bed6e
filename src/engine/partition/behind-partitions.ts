import type { Graph } from '../../core/graph.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { correspond } from '../../core/partition/mapping.ts';
import { emptySet, intersection, union, type PartitionSet } from '../../core/partition/partition-set.ts';
import { openSpace, type PartitionSpace } from '../../core/partition/partition-space.ts';
import type { RunStore } from '../../core/ports.ts';
import { endedPartitions } from './ended-partitions.ts';

/** Partitions of a node that read, directly or through others, some that are stale: once those are made again, they are stale too. */
export async function behindPartitions(
  graph: Graph,
  store: Pick<RunStore, 'partitionStates'>,
  key: NodeKey,
  world: PartitionWorld,
): Promise<PartitionSet> {
  const found = new Map<NodeKey, Promise<PartitionSet>>();
  /** Those that are stale, or read such. */
  const outdated = (node: GraphNode, space: PartitionSpace): Promise<PartitionSet> => {
    const known = found.get(node.key) ?? outdatedNow(node, space);
    found.set(node.key, known);
    return known;
  };
  const outdatedNow = async (node: GraphNode, space: PartitionSpace): Promise<PartitionSet> => {
    const ended = await endedPartitions(store, node.key, space);
    return union(ended.stale, intersection(ended.succeeded, await behind(node, space)));
  };
  const behind = async (node: GraphNode, space: PartitionSpace): Promise<PartitionSet> => {
    let all = emptySet(space.axes.length);
    for (const { kind, from, partitions } of node.edges) {
      const upstream = kind === 'reads' ? graph.byKey.get(from) : undefined;
      if (!upstream?.partitions) continue;
      const read = openSpace(upstream.partitions, world);
      const sources = await outdated(upstream, read);
      all = union(all, correspond(space, read, partitions).readersOf(sources));
    }
    return all;
  };
  const node = graph.byKey.get(key);
  if (!node?.partitions) return emptySet(1);
  const space = openSpace(node.partitions, world);
  const { succeeded } = await endedPartitions(store, key, space);
  return intersection(succeeded, await behind(node, space));
}
