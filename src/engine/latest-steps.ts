import type { RunRecord, StepRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';

/** How many runs back a node's latest step is looked for, unless told otherwise. */
const runsLookedAt = 25;

export interface LatestStep {
  readonly step: StepRecord;
  readonly run: RunRecord;
}

/** The latest step of each node (of those in `keys` when given) in the recent runs. */
export async function latestSteps(
  store: RunStore,
  keys?: ReadonlySet<NodeKey>,
  runLimit: number = runsLookedAt,
): Promise<ReadonlyMap<NodeKey, LatestStep>> {
  const latest = new Map<NodeKey, LatestStep>();
  for (const { id } of await store.listRuns({ limit: runLimit })) {
    const run = await store.findRun(id);
    for (const step of run?.steps ?? []) {
      const isWanted = keys === undefined || keys.has(step.key);
      if (run && isWanted && !latest.has(step.key)) latest.set(step.key, { step, run });
    }
    if (keys && latest.size === keys.size) break;
  }
  return latest;
}
