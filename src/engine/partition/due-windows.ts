import type { Freshness } from '../../core/freshness.ts';
import type { Graph } from '../../core/graph.ts';
import type { NodeKey } from '../../core/node.ts';
import { boxesOf, boxSet, difference, type PartitionSet, union } from '../../core/partition/partition-set.ts';
import { openSpace, type PartitionSpace } from '../../core/partition/partition-space.ts';
import type { RunStore } from '../../core/ports.ts';
import { endedPartitions } from './ended-partitions.ts';
import { readPartitionWorld } from './partition-world.ts';

/** Of each node whose windows are expected to be made some time after their end: when the first one that is not made has to be. */
export async function dueWindows(
  graph: Graph,
  store: Pick<RunStore, 'partitionKeys' | 'partitionStates'>,
  expected: ReadonlyMap<NodeKey, Freshness>,
  nowMs: number,
): Promise<ReadonlyMap<NodeKey, number>> {
  const due = new Map<NodeKey, number>();
  const wanted = [...expected].filter(([, { windowLagSeconds }]) => windowLagSeconds !== undefined);
  if (wanted.length === 0) return due;
  const world = await readPartitionWorld(store, graph, nowMs);
  for (const [key, { windowLagSeconds = 0 }] of wanted) {
    const partitions = graph.byKey.get(key)?.partitions;
    if (!partitions) continue;
    const space = openSpace(partitions, world);
    const { succeeded, stale } = await endedPartitions(store, key, space);
    const endMs = endOfFirstUnmade(space, union(succeeded, stale));
    if (endMs !== undefined) due.set(key, endMs + windowLagSeconds * 1000);
  }
  return due;
}

/** Of the windows from the first one that was made on, or of the newest ones when none was; undefined without a dimension of time. */
function endOfFirstUnmade({ axes }: PartitionSpace, made: PartitionSet): number | undefined {
  const at = axes.findIndex(({ grid }) => grid !== undefined);
  const axis = axes[at];
  if (!axis?.grid) return undefined;
  const firstOf = (set: PartitionSet): number =>
    boxesOf(set).reduce((least, box) => Math.min(least, box[at]?.from ?? least), Infinity);
  const begin = Math.max(Math.min(firstOf(made), axis.to - 1), axis.from);
  const expected = boxSet(
    axes.map(({ from, to }, index) => (index === at ? { from: begin, to } : { from, to })),
  );
  return axis.grid.startMs(Math.min(firstOf(difference(expected, made)), axis.to) + 1);
}
