import { ConfigError } from '../core/errors.ts';
import { ancestors, findNode, type Graph } from '../core/graph.ts';
import type { WorkerRecord } from '../core/dispatch.ts';
import type { Ownership, RunSummary, ScheduleTick } from '../core/ledger.ts';
import type { Freshness, FreshnessState } from '../core/freshness.ts';
import { didYouMean } from '../core/near-name.ts';
import type { KeptTriggerTick } from '../core/trigger.ts';
import type { NodeKey } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { selectNodes } from '../core/selection.ts';
import { createTimetable } from './cron.ts';
import type { Definitions } from './engine.ts';
import { freshnessStates } from './freshness-states.ts';
import { latestSteps } from './latest-steps.ts';
import { nodeStates, type NodeState, type StateFacts } from './node-state.ts';
import { partitionCounts } from './partition-status.ts';
import { dueWindows } from './partition/due-windows.ts';
import { readPartitionWorld } from './partition/partition-world.ts';
import { isOwnershipLive } from './ownership.ts';

/** How many runs back `why` looks for the node. */
const runsLookedAt = 100;

/** Looks at a condition that `why` tells of. */
const looksShown = 5;

/** What `millrace why` tells. */
export interface StateExplanation {
  readonly node: NodeState;
  /** Nodes upstream that are not `current` or `external`, farthest first: where to look for the cause. */
  readonly behind: readonly NodeState[];
  /** Schedules that run the node. */
  readonly schedules: readonly ScheduleOutlook[];
  /** The last looks at its condition, newest first, when it has one. */
  readonly condition?: readonly KeptTriggerTick[];
  /** When something is expected of its age. */
  readonly freshness?: FreshnessState;
}

export interface ScheduleOutlook {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  /** Its next nominal time. Milliseconds since 1970, UTC. */
  readonly nextAtMs?: number;
  /** What came of its last one; its `reason` says why there was no run. */
  readonly lastTick?: ScheduleTick;
}

/**
 * Why a node is as it is: what its latest step did, what it reads that is newer, and when it is to run next.
 * Throws a `ConfigError` with code `node_missing` for a key that the graph does not have.
 */
export async function explainState(
  definitions: Pick<Definitions, 'graph' | 'schedules' | 'conditions'> & {
    readonly freshness?: ReadonlyMap<NodeKey, Freshness>;
  },
  store: RunStore,
  key: NodeKey,
  nowMs: number,
): Promise<StateExplanation> {
  const { graph } = definitions;
  const found = findNode(graph, key);
  if (!found) throw unknownNode(graph, key);
  const upstream = ancestors(graph, found.key);
  const states = nodeStates(
    graph,
    await readFacts(graph, store, nowMs, new Set([found.key, ...upstream]), runsLookedAt),
  );
  const behind = graph.nodes.flatMap((node) => {
    const state = upstream.has(node.key) && node.key !== found.key ? states.get(node.key) : undefined;
    return state && state.condition !== 'current' && state.condition !== 'external' ? [state] : [];
  });
  const node = states.get(found.key) ?? { key: found.key, condition: 'missing', reasons: [] };
  const expected = definitions.freshness?.get(found.key);
  const madeAtMs = new Map(node.completion ? [[found.key, node.completion.finishedAtMs]] : []);
  const alone = new Map(expected ? [[found.key, expected]] : []);
  const due = await dueWindows(graph, store, alone, nowMs);
  const freshness = freshnessStates(alone, madeAtMs, nowMs, due).get(found.key);
  return {
    node,
    behind,
    schedules: await outlooks(definitions, store, found.key, nowMs),
    ...(definitions.conditions?.has(found.key)
      ? { condition: await store.triggerTicks(`condition ${found.key}`, looksShown) }
      : {}),
    ...(freshness ? { freshness } : {}),
  };
}

/** What `millrace status` tells. */
export interface ProjectStatus {
  /** The process that executes runs; absent when there is none. */
  readonly owner?: Ownership;
  /** Those that do steps for it; none where machines do not share the project. */
  readonly workers: readonly WorkerRecord[];
  /** Not finished, newest first. */
  readonly openRuns: readonly RunSummary[];
  /** In the graph's order. */
  readonly nodes: readonly NodeState[];
  /** Of those that something is expected of. */
  readonly freshness: Readonly<Record<NodeKey, FreshnessState>>;
}

export async function projectStatus(
  graph: Graph,
  store: RunStore,
  nowMs: number,
  expected: ReadonlyMap<NodeKey, Freshness> = new Map(),
): Promise<ProjectStatus> {
  const { holder } = await store.readOwnership();
  const facts = await readFacts(graph, store, nowMs);
  const due = await dueWindows(graph, store, expected, nowMs);
  const madeAtMs = new Map([...facts.completions].map(([key, { finishedAtMs }]) => [key, finishedAtMs]));
  return {
    ...(holder && isOwnershipLive(holder, nowMs) ? { owner: holder } : {}),
    workers: (await store.dispatch?.workers()) ?? [],
    openRuns: await store.listRuns({ states: ['queued', 'running', 'cancelling'], limit: 1000 }),
    nodes: [...nodeStates(graph, facts).values()],
    freshness: Object.fromEntries(freshnessStates(expected, madeAtMs, nowMs, due)),
  };
}

async function readFacts(
  graph: Graph,
  store: RunStore,
  nowMs: number,
  keys?: ReadonlySet<NodeKey>,
  runLimit?: number,
): Promise<StateFacts> {
  const completions = await store.latestCompletions();
  return {
    completions: new Map(completions.map((completion) => [completion.key, completion])),
    steps: await latestSteps(store, keys, runLimit),
    partitions: await partitionCounts(graph, store, await readPartitionWorld(store, graph, nowMs), keys),
  };
}

async function outlooks(
  { graph, schedules }: Pick<Definitions, 'graph' | 'schedules'>,
  store: RunStore,
  key: NodeKey,
  nowMs: number,
): Promise<readonly ScheduleOutlook[]> {
  const found: ScheduleOutlook[] = [];
  for (const schedule of schedules) {
    const { name, cron, timeZone, select, exclude } = schedule;
    if (!selectNodes(graph, { select, exclude }).includes(key)) continue;
    const [lastTick] = await store.ticks(name, 1);
    const nextAtMs = createTimetable(schedule).next(nowMs);
    found.push({
      name,
      cron,
      timeZone,
      ...(nextAtMs === undefined ? {} : { nextAtMs }),
      ...(lastTick ? { lastTick } : {}),
    });
  }
  return found;
}

function unknownNode(graph: Graph, key: NodeKey): ConfigError {
  return new ConfigError(`The project has no ${key}`, {
    code: 'node_missing',
    next: didYouMean(key, graph.byKey.keys()) ?? 'To see what there is, run: millrace plan',
  });
}
