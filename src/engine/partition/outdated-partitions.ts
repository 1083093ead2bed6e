import type { Graph } from '../../core/graph.ts';
import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { correspond } from '../../core/partition/mapping.ts';
import { openSpace, readRanges, toRanges } from '../../core/partition/partition-space.ts';
import type { OutdatedPartitions } from '../../core/partitions.ts';
import { nodeOf, type PlanStep } from '../../core/plan.ts';

/** The partitions that read what a step has made: those of them that were made before are stale from now on. */
export function outdatedBy(
  graph: Graph,
  step: Pick<PlanStep, 'key' | 'node' | 'partitions'>,
  world: PartitionWorld,
): readonly OutdatedPartitions[] {
  const key = nodeOf(step);
  const made = graph.byKey.get(key)?.partitions;
  return (graph.readers.get(key) ?? []).flatMap((reader): readonly OutdatedPartitions[] => {
    const node = graph.byKey.get(reader);
    const edge = node?.edges.find(({ from, kind }) => from === key && kind === 'reads');
    if (!node?.partitions || !edge) return [];
    if (!made || !step.partitions) return [{ node: reader }];
    const space = openSpace(node.partitions, world);
    const read = openSpace(made, world);
    const set = readRanges(read, step.partitions.ranges);
    const ranges = toRanges(space, correspond(space, read, edge.partitions).readersOf(set));
    return ranges.length === 0 ? [] : [{ node: reader, ranges }];
  });
}

/** True when a step of the node may make partitions of others stale. */
export function hasPartitionedReaders(graph: Graph, step: Pick<PlanStep, 'key' | 'node'>): boolean {
  return (graph.readers.get(nodeOf(step)) ?? []).some((reader) => graph.byKey.get(reader)?.partitions);
}
