import type { NodeKey } from '../../core/node.ts';
import type { Plan } from '../../core/plan.ts';
import type { Clock, RunStore } from '../../core/ports.ts';
import type { ConditionGraph } from './condition-graph.ts';

/** What conditions need of the engine. */
export interface ConditionPlace {
  readonly store: Pick<
    RunStore,
    | 'readNote'
    | 'commitTriggers'
    | 'latestCompletions'
    | 'openRuns'
    | 'findRun'
    | 'events'
    | 'lastSequence'
    | 'triggerTicks'
  >;
  readonly clock: Clock;
  /** The same as long as the definitions are. */
  readonly graph: () => ConditionGraph;
  /** The last time of a cron up to `atMs`; 0 when it had none. And the next one after it. */
  readonly cron: (
    cron: string,
    timeZone: string,
  ) => { readonly latest: (atMs: number) => number; readonly next: (atMs: number) => number | undefined };
  /** Print of a node's definition. */
  readonly print: (key: NodeKey) => string;
  /** The newest partitions of a node that are missing and can be made, as text; undefined for one without partitions. */
  readonly missingPartitions: (key: NodeKey) => Promise<string | undefined>;
  /** Exactly these nodes with their checks. Of those in `partitions` these; of others the newest. */
  readonly plan: (keys: readonly NodeKey[], partitions: ReadonlyMap<NodeKey, string>) => Promise<Plan>;
  readonly createRunId: (atMs: number) => string;
  /** Called when a run was written. */
  readonly onRuns: () => void;
}

export function conditionNoteName(key: NodeKey): string {
  return `condition ${key}`;
}
