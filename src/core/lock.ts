import type { NodeKey } from './node.ts';
import type { PartitionRange } from './partitions.ts';
import { nodeOfKey } from './plan.ts';

/** The name under which a stretch of a node's partitions is locked. A node without partitions is locked by its key. */
export function partitionLock(node: NodeKey, { slice, from, to }: PartitionRange): string {
  return `${node}@${slice}#${from}-${to}`;
}

/** The node that a lock is about. */
export function lockedNode(lock: string): NodeKey {
  return nodeOfKey(lock);
}

/** True when two locks cannot be held by two steps at the same time. A whole node overlaps all of its partitions. */
export function locksOverlap(a: string, b: string): boolean {
  if (a === b) return true;
  if (lockedNode(a) !== lockedNode(b)) return false;
  const first = stretchOf(a);
  const second = stretchOf(b);
  if (!first || !second) return true;
  return first.slice === second.slice && first.from < second.to && second.from < first.to;
}

function stretchOf(lock: string): PartitionRange | undefined {
  const found = /^[^@]*@(.*)#(-?\d+)-(-?\d+)$/s.exec(lock);
  return found ? { slice: found[1] ?? '', from: Number(found[2]), to: Number(found[3]) } : undefined;
}
