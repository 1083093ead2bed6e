import type { Backfill } from '../../core/backfill.ts';
import type { Graph } from '../../core/graph.ts';
import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { count } from '../../core/partition/partition-set.ts';
import { openSpace, readRanges } from '../../core/partition/partition-space.ts';

/** How many of a backfill's `partitionCount` are in runs that were made so far. Nodes that the graph has no more do not count. */
export function requestedPartitions({ requested }: Backfill, graph: Graph, world: PartitionWorld): number {
  let total = 0;
  for (const [key, ranges] of Object.entries(requested)) {
    const partitions = graph.byKey.get(key)?.partitions;
    if (partitions) total += count(readRanges(openSpace(partitions, world), ranges));
  }
  return total;
}
