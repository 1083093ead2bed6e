import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { readPartitionWorld, worldAt } from '../../engine/index.ts';
import type { Project } from '../reading/project.ts';
import { openLedger } from './session.ts';

/** What partitions of a project are, now. The ledger is read only when keys of partitions are kept there. */
export async function partitionWorld({ folder, graph }: Project): Promise<PartitionWorld> {
  const hasLists = graph.nodes.some(({ partitions }) =>
    partitions?.dimensions.some(({ kind }) => kind === 'dynamic'),
  );
  if (!hasLists) return worldAt(Date.now());
  const ledger = await openLedger(folder);
  try {
    return await readPartitionWorld(ledger, graph, Date.now());
  } finally {
    await ledger.close();
  }
}
