import { pointsOf } from '../core/partition/partition-set.ts';
import { openSpace, readSet, valueOf } from '../core/partition/partition-space.ts';
import type { PartitionWorld } from '../core/partition/calendar.ts';
import type { PartitionBatch, PartitionsDefinition, StepPartitions } from '../core/partitions.ts';
import { nodeOf, type PlanStep } from '../core/plan.ts';
import { readPartitionWorld } from './partition/partition-world.ts';
import type { Workplace } from './workplace.ts';

/** Partitions of a definition, as who makes them is given them. */
export function batchOf(
  definition: PartitionsDefinition,
  partitions: StepPartitions,
  world: PartitionWorld,
): PartitionBatch {
  const space = openSpace(definition, world);
  const set = readSet(space, partitions.text);
  return {
    ...partitions,
    values: function* () {
      for (const point of pointsOf(set)) yield valueOf(space, point);
    },
  };
}

/** The partitions that a step makes, as its executor is given them; undefined for a step that is not about partitions. */
export async function partitionBatch(
  { store, clock, definitions }: Workplace,
  step: PlanStep,
): Promise<PartitionBatch | undefined> {
  const node = definitions().graph.byKey.get(nodeOf(step));
  if (!step.partitions || !node?.partitions) return undefined;
  const world = await readPartitionWorld(store, { nodes: [node] }, clock.nowMs());
  return batchOf(node.partitions, step.partitions, world);
}
