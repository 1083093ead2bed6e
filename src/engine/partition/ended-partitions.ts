import type { NodeKey } from '../../core/node.ts';
import type { PartitionSet } from '../../core/partition/partition-set.ts';
import { fromRanges, type PartitionSpace } from '../../core/partition/partition-space.ts';
import type { RunStore } from '../../core/ports.ts';

/** Partitions by how the latest step about them has ended. */
export interface EndedPartitions {
  readonly succeeded: PartitionSet;
  readonly failed: PartitionSet;
  /** They succeeded; then something that they read was made. */
  readonly stale: PartitionSet;
}

export async function endedPartitions(
  store: Pick<RunStore, 'partitionStates'>,
  key: NodeKey,
  space: PartitionSpace,
): Promise<EndedPartitions> {
  const states = await store.partitionStates(key);
  const inState = (wanted: string): PartitionSet =>
    fromRanges(
      space,
      states.filter(({ state }) => state === wanted),
    );
  return { succeeded: inState('succeeded'), failed: inState('failed'), stale: inState('stale') };
}
