import type { Completion } from '../core/executor.ts';
import type { NodeKey } from '../core/node.ts';
import type { PartitionStateRange } from '../core/partitions.ts';
import type { RunStore } from '../core/ports.ts';
import { selectNodes } from '../core/selection.ts';
import {
  newBackfill,
  planBackfill,
  type BackfillPlan,
  type BackfillRequest,
} from './backfill/backfill-plan.ts';
import type { Definitions } from './engine.ts';
import { readPartitionWorld } from './partition/partition-world.ts';
import { createRunId } from './run-id.ts';

/** The completions from which the time of a step is told. */
const completionsLookedAt = 20;

/** What a backfill would do, from what the ledger knows. Throws a `ConfigError` (see `planBackfill`). */
export async function explainBackfill(
  { graph }: Pick<Definitions, 'graph'>,
  store: RunStore,
  request: BackfillRequest,
  nowMs: number,
): Promise<BackfillPlan> {
  const world = await readPartitionWorld(store, graph, nowMs);
  const completions = new Map<NodeKey, readonly Completion[]>();
  const states = new Map<NodeKey, readonly PartitionStateRange[]>();
  for (const key of selectNodes(graph, { select: request.select, exclude: request.exclude })) {
    completions.set(key, await store.completionHistory(key, completionsLookedAt));
    if (graph.byKey.get(key)?.partitions) states.set(key, await store.partitionStates(key));
  }
  return planBackfill(graph, request, world, { completions, states });
}

/** Writes the backfill; the project's owner makes its runs. Returns its id. */
export async function startBackfill(
  store: RunStore,
  plan: BackfillPlan,
  request: BackfillRequest,
  nowMs: number,
): Promise<string> {
  const id = `backfill-${createRunId(nowMs)}`;
  await store.createBackfill(newBackfill(id, plan, request, nowMs));
  return id;
}
