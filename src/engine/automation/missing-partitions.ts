import type { Graph } from '../../core/graph.ts';
import type { NodeKey } from '../../core/node.ts';
import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { correspond } from '../../core/partition/mapping.ts';
import { difference, isEmpty, type PartitionSet, union } from '../../core/partition/partition-set.ts';
import { formatSet, openSpace } from '../../core/partition/partition-space.ts';
import type { RunStore } from '../../core/ports.ts';
import { endedPartitions } from '../partition/ended-partitions.ts';
import { latestOf } from '../partition/partition-targets.ts';

/**
 * The newest partitions of a node (of time the newest window, of lists all keys) about which no step has ended, and all of whose
 * partitions upstream were made. As text; empty when there are none, undefined for a node without partitions.
 */
export async function missingPartitions(
  graph: Graph,
  store: Pick<RunStore, 'partitionStates'>,
  key: NodeKey,
  world: PartitionWorld,
): Promise<string | undefined> {
  const node = graph.byKey.get(key);
  if (!node?.partitions) return undefined;
  const space = openSpace(node.partitions, world);
  const { succeeded, failed, stale } = await endedPartitions(store, key, space);
  let missing: PartitionSet = difference(latestOf(space), union(union(succeeded, stale), failed));
  for (const { kind, from, partitions: mapping } of node.edges) {
    const upstream = graph.byKey.get(from)?.partitions;
    if (kind !== 'reads' || !upstream || isEmpty(missing)) continue;
    const read = openSpace(upstream, world);
    const made = await endedPartitions(store, from, read);
    const unmade = difference(read.everything, union(made.succeeded, made.stale));
    missing = difference(missing, correspond(space, read, mapping).readersOf(unmade));
  }
  return isEmpty(missing) ? '' : formatSet(space, missing);
}
