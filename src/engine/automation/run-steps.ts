import type { NodeKey } from '../../core/node.ts';
import { nodeOf } from '../../core/plan.ts';
import { isStepFinished } from '../../core/run-state.ts';
import type { ConditionPlace } from './condition-place.ts';

/** Runs whose steps are remembered. */
const mostRuns = 500;

/** Which nodes runs are about. */
export interface RunSteps {
  /** The nodes of a run, whatever became of them; none for a run that is forgotten. */
  keysOf(runId: string): Promise<ReadonlySet<NodeKey>>;
  /** Nodes that some run has not finished. */
  inProgress(): Promise<ReadonlySet<NodeKey>>;
}

export function createRunSteps({ store }: Pick<ConditionPlace, 'store'>): RunSteps {
  const known = new Map<string, ReadonlySet<NodeKey>>();
  const remember = (runId: string, keys: ReadonlySet<NodeKey>): ReadonlySet<NodeKey> => {
    const [oldest] = known.keys();
    if (known.size >= mostRuns && oldest !== undefined) known.delete(oldest);
    known.set(runId, keys);
    return keys;
  };
  const keysOf = async (runId: string): Promise<ReadonlySet<NodeKey>> => {
    const found = known.get(runId);
    if (found) return found;
    const run = await store.findRun(runId);
    return remember(runId, new Set(run?.plan.steps.map((step) => nodeOf(step))));
  };
  return {
    keysOf,
    inProgress: async () => {
      const keys = new Set<NodeKey>();
      for (const { id, state } of await store.openRuns()) {
        if (state === 'queued') for (const key of await keysOf(id)) keys.add(key);
        else
          for (const step of (await store.findRun(id))?.steps ?? [])
            if (!isStepFinished(step.state)) keys.add(nodeOf(step));
      }
      return keys;
    },
  };
}
