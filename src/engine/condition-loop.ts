import { createHash } from 'node:crypto';
import type { Condition } from '../core/condition.ts';
import { checksOf, type Graph } from '../core/graph.ts';
import { canonicalJson, type JsonValue } from '../core/json.ts';
import type { NodeKey } from '../core/node.ts';
import type { PartitionWorld } from '../core/partition/calendar.ts';
import { parseSet } from '../core/partition/partition-space.ts';
import { createConditionBoard, type ConditionBoard } from './automation/condition-board.ts';
import { conditionGraph, type ConditionGraph } from './automation/condition-graph.ts';
import type { ConditionPlace } from './automation/condition-place.ts';
import { createTimetable, type Timetable } from './cron.ts';
import { missingPartitions } from './automation/missing-partitions.ts';
import { partitionTargets, type PartitionTarget } from './partition/partition-targets.ts';
import { readPartitionWorld } from './partition/partition-world.ts';
import { makePlan } from './planner.ts';
import { createRunId } from './run-id.ts';
import type { Workplace } from './workplace.ts';

const noConditions: ReadonlyMap<NodeKey, Condition> = new Map();

/** The project's conditions, with what they need of this engine. */
export function conditionBoard(place: Workplace): ConditionBoard {
  const { store, clock } = place;
  const timetables = new Map<string, Timetable>();
  const prints = new WeakMap<object, string>();
  let known:
    | { readonly graph: Graph; readonly conditions: object; readonly value: ConditionGraph }
    | undefined;
  const timetable = (cron: string, timeZone: string): Timetable => {
    const name = `${cron} ${timeZone}`;
    const found = timetables.get(name) ?? createTimetable({ name, cron, timeZone, select: '' });
    timetables.set(name, found);
    return found;
  };
  const options: ConditionPlace = {
    store,
    clock,
    createRunId,
    graph: () => {
      const { graph, conditions = noConditions } = place.definitions();
      if (known?.graph !== graph || known.conditions !== conditions)
        known = { graph, conditions, value: conditionGraph(graph, conditions) };
      return known.value;
    },
    cron: (cron, timeZone) => ({
      latest: (atMs) => timetable(cron, timeZone).latest(atMs) ?? 0,
      next: (atMs) => timetable(cron, timeZone).next(atMs),
    }),
    print: (key) => {
      const node = place.definitions().graph.byKey.get(key);
      if (!node) return '';
      const found = prints.get(node) ?? printOf(node.spec, node.edges);
      prints.set(node, found);
      return found;
    },
    missingPartitions: async (key) => {
      const { graph } = place.definitions();
      if (!graph.byKey.get(key)?.partitions) return undefined;
      return missingPartitions(graph, store, key, await readPartitionWorld(store, graph, clock.nowMs()));
    },
    plan: async (keys, partitions) => {
      const { graph, manifestHash } = place.definitions();
      const checks = keys.flatMap((key) => checksOf(graph, key).map((check) => check.key));
      const world = await readPartitionWorld(store, graph, clock.nowMs());
      const targets = targetsOf(graph, keys, partitions, world);
      const request = { select: keys.join(' '), keys: [...keys, ...checks], manifestHash, world };
      return makePlan(graph, targets.size === 0 ? request : { ...request, targets });
    },
    onRuns: () => {
      place.written.notify();
      place.queued.notify();
    },
  };
  return createConditionBoard(options);
}

/** Of each node with partitions the newest ones, but of those in `given` these. */
function targetsOf(
  graph: Graph,
  keys: readonly NodeKey[],
  given: ReadonlyMap<NodeKey, string>,
  world: PartitionWorld,
): ReadonlyMap<NodeKey, PartitionTarget> {
  const wanted = new Set(keys);
  const nodes = graph.nodes.filter(({ key, partitions }) => partitions && wanted.has(key));
  const targets = new Map(partitionTargets(nodes, undefined, world));
  for (const [key, text] of given) {
    const space = targets.get(key)?.space;
    if (space) targets.set(key, { space, set: parseSet(space, text) });
  }
  return targets;
}

/** Where in its file a node is defined does not matter. */
function printOf(
  spec: JsonValue,
  edges: readonly { readonly kind: string; readonly from: string }[],
): string {
  const reads = edges.map(({ kind, from }) => [kind, from]);
  return createHash('sha256')
    .update(canonicalJson([spec, reads]))
    .digest('hex')
    .slice(0, 32);
}
