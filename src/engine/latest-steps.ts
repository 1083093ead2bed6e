import type { RunRecord, StepRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import { nodeOf } from '../core/plan.ts';
import type { RunStore } from '../core/ports.ts';
import { stepUrgency } from '../core/run-state.ts';

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
      const node = nodeOf(step);
      const isWanted = keys === undefined || keys.has(node);
      const known = latest.get(node);
      const isMoreTelling = known?.run.id === id && stepUrgency(step.state) > stepUrgency(known.step.state);
      if (run && isWanted && (!known || isMoreTelling)) latest.set(node, { step, run });
    }
    if (keys && latest.size === keys.size) break;
  }
  return latest;
}
