import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { zoneOffsetMs } from '../../core/partition/zone-offset.ts';
import type { Graph } from '../../core/graph.ts';
import type { RunStore } from '../../core/ports.ts';

/** What partitions have to know about the world: the time, time zones, and the lists of keys in the ledger. */
export async function readPartitionWorld(
  store: Pick<RunStore, 'partitionKeys'>,
  graph: Pick<Graph, 'nodes'>,
  nowMs: number,
): Promise<PartitionWorld> {
  const keys = new Map<string, readonly string[]>();
  for (const set of dynamicSets(graph)) keys.set(set, await store.partitionKeys(set));
  return worldAt(nowMs, keys);
}

/** A world whose lists hold `keys`; those that are not in it are empty. */
export function worldAt(
  nowMs: number,
  keys: ReadonlyMap<string, readonly string[]> = new Map(),
): PartitionWorld {
  return { nowMs, zoneOffsetMs, dynamicKeys: (set) => keys.get(set) ?? [] };
}

function dynamicSets({ nodes }: Pick<Graph, 'nodes'>): ReadonlySet<string> {
  const dimensions = nodes.flatMap(({ partitions }) => partitions?.dimensions ?? []);
  return new Set(dimensions.flatMap((dimension) => (dimension.kind === 'dynamic' ? [dimension.set] : [])));
}
