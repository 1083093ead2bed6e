import { ConfigError } from '../core/errors.ts';
import type { Graph } from '../core/graph.ts';
import type { RunRecord, StepRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';
import type { PartitionWorld } from '../core/partition/calendar.ts';
import { unionAll } from '../core/partition/partition-set.ts';
import { openSpace, parseSet } from '../core/partition/partition-space.ts';
import type { Plan } from '../core/plan.ts';
import { isRunFinished } from '../core/run-state.ts';
import type { PartitionTarget } from './partition/partition-targets.ts';
import { makePlan } from './planner.ts';

export interface RetryPlace {
  readonly graph: Graph;
  readonly manifestHash: string;
  readonly world: PartitionWorld;
}

/**
 * What a run has left undone (failed, skipped, cancelled), as a plan by today's definitions, with the run's options and the
 * partitions of its steps. What was done is not done again; of what is made for each item, all items are.
 * Throws a `ConfigError` for a run that goes on, that has left nothing, or whose nodes are no part of the project any more.
 */
export function makeRetryPlan({ graph, manifestHash, world }: RetryPlace, run: RunRecord): Plan {
  if (!isRunFinished(run.state))
    throw new ConfigError(`run ${run.id} is ${run.state}`, {
      code: 'run_open',
      next: `Wait for its end, or: millrace runs cancel ${run.id}`,
    });
  const undone = run.steps.filter(({ state }) => state !== 'succeeded');
  const keys = [...new Set(undone.map((step) => nodeOf(step)))];
  if (keys.length === 0)
    throw new ConfigError(`run ${run.id} has done everything`, {
      code: 'run_complete',
      next: 'To do all of it again, run the same selection: millrace run',
    });
  const missing = keys.filter((key) => !graph.byKey.has(key));
  if (missing.length > 0)
    throw new ConfigError(`the project does not define ${missing.slice(0, 5).join(', ')}`, {
      code: 'node_missing',
      next: 'Run the rest by name: millrace run <nodes>. A load from the command line is given again as it was.',
    });
  const { partitions, ...options } = run.plan.options;
  return makePlan(graph, {
    select: keys.join(' '),
    keys,
    manifestHash,
    world,
    options,
    ...(partitions === undefined ? {} : { partitions }),
    targets: targetsOf(graph, undone, world),
  });
}

function nodeOf({ node, key }: StepRecord): NodeKey {
  return node ?? key;
}

function targetsOf(
  graph: Graph,
  steps: readonly StepRecord[],
  world: PartitionWorld,
): ReadonlyMap<NodeKey, PartitionTarget> {
  const targets = new Map<NodeKey, PartitionTarget>();
  for (const [key, ofNode] of Map.groupBy(steps, nodeOf)) {
    const dimensions = graph.byKey.get(key)?.partitions;
    if (!dimensions) continue;
    const space = openSpace(dimensions, world);
    const sets = ofNode.flatMap(({ partitions }) => (partitions ? [parseSet(space, partitions.text)] : []));
    targets.set(key, { space, set: unionAll(dimensions.dimensions.length, sets) });
  }
  return targets;
}
