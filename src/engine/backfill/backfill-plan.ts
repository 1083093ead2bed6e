import type { Backfill, PartitionSets } from '../../core/backfill.ts';
import { ConfigError } from '../../core/errors.ts';
import { ancestors, type Graph } from '../../core/graph.ts';
import type { Completion } from '../../core/executor.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { correspond } from '../../core/partition/mapping.ts';
import {
  count,
  difference,
  emptySet,
  intersection,
  isEmpty,
  union,
  unionAll,
  type PartitionSet,
} from '../../core/partition/partition-set.ts';
import {
  formatSet,
  fromRanges,
  type PartitionSpace,
  toRanges,
} from '../../core/partition/partition-space.ts';
import type { PartitionStateRange } from '../../core/partitions.ts';
import type { RunOptions } from '../../core/plan.ts';
import { selectNodes } from '../../core/selection.ts';
import { countParts } from '../partition/partition-steps.ts';
import { partitionTargets, type PartitionTarget } from '../partition/partition-targets.ts';

export interface BackfillRequest {
  readonly select: string;
  readonly exclude?: string | undefined;
  /** See `parseSet`. */
  readonly partitions: string;
  /** Also what does something to the world (`effects: 'external'`). Default false. */
  readonly includeEffects?: boolean | undefined;
  /** Only partitions that have not succeeded so far. Default false. */
  readonly onlyMissing?: boolean | undefined;
  /**
   * Only partitions that read what was made after them, or what this backfill makes again for that; with `onlyMissing`, both.
   * Default false.
   */
  readonly onlyStale?: boolean | undefined;
  /** Most steps of a run. Default 500. */
  readonly stepsPerRun?: number | undefined;
  readonly options?: RunOptions | undefined;
}

/** What is known of the nodes from the ledger. */
export interface BackfillHistory {
  /** Latest ones first. */
  readonly completions: ReadonlyMap<NodeKey, readonly Completion[]>;
  readonly states: ReadonlyMap<NodeKey, readonly PartitionStateRange[]>;
}

/** What a backfill would do, and what it would cost. */
export interface BackfillPlan {
  readonly nodes: readonly PlannedNode[];
  readonly partitionCount: number;
  readonly stepCount: number;
  readonly runCount: number;
  readonly stepsPerRun: number;
  /** Of all steps one after another, as far as they have run before. */
  readonly expectedSeconds: number;
  /** Nodes that have not run before, so that nobody knows their time. */
  readonly unknownTimes: readonly NodeKey[];
  /** Selected, and left out because they do something to the world. */
  readonly leftOut: readonly NodeKey[];
  readonly targets: PartitionSets;
}

export interface PlannedNode {
  readonly key: NodeKey;
  /** Such as `2024-01-01..2024-01-31`; empty for a node without partitions. */
  readonly partitions: string;
  readonly partitionCount: number;
  readonly stepCount: number;
  /** Of one step, by the median of its latest; absent when it has not run before. */
  readonly stepSeconds?: number;
}

const usualStepsPerRun = 500;

/** Throws a `ConfigError` for a bad selection or partitions, and with code `backfill_empty` when nothing is left to make. */
export function planBackfill(
  graph: Graph,
  request: BackfillRequest,
  world: PartitionWorld,
  history: BackfillHistory,
): BackfillPlan {
  const { stepsPerRun = usualStepsPerRun } = request;
  const selected = selectedNodes(graph, request);
  const leftOut = request.includeEffects ? [] : selected.filter(({ effects }) => effects === 'external');
  const nodes = selected.filter((node) => !leftOut.includes(node));
  const all = partitionTargets(nodes, request.partitions, world);
  const targets = wantedOf(nodes, all, request, history);
  const planned = nodes.flatMap((node): readonly PlannedNode[] => {
    const target = targets.get(node.key);
    if (target && isEmpty(target.set)) return [];
    const stepSeconds = medianSeconds(history.completions.get(node.key) ?? []);
    return [
      {
        key: node.key,
        partitions: target ? formatSet(target.space, target.set) : '',
        partitionCount: target ? count(target.set) : 0,
        stepCount: target ? countParts(node, target) : 1,
        ...(stepSeconds === undefined ? {} : { stepSeconds }),
      },
    ];
  });
  if (planned.every(({ partitionCount }) => partitionCount === 0)) throw nothingLeft(request);
  const stepCount = sum(planned.map((node) => node.stepCount));
  return {
    nodes: planned,
    partitionCount: sum(planned.map((node) => node.partitionCount)),
    stepCount,
    runCount: Math.ceil(stepCount / stepsPerRun),
    stepsPerRun,
    expectedSeconds: sum(planned.map((node) => node.stepCount * (node.stepSeconds ?? 0))),
    unknownTimes: planned.filter(({ stepSeconds }) => stepSeconds === undefined).map(({ key }) => key),
    leftOut: leftOut.map(({ key }) => key),
    targets: Object.fromEntries(
      planned.map(({ key }) => {
        const target = targets.get(key);
        return [key, target ? toRanges(target.space, target.set) : []];
      }),
    ),
  };
}

/** As the ledger keeps it before its first run. */
export function newBackfill(
  id: string,
  plan: BackfillPlan,
  request: BackfillRequest,
  createdAtMs: number,
): Backfill {
  const { partitionCount, stepCount, stepsPerRun, targets } = plan;
  return {
    id,
    state: 'running',
    version: 1,
    selection: request.select,
    partitions: request.partitions,
    targets,
    requested: {},
    unmade: {},
    partitionCount,
    stepCount,
    stepsPerRun,
    options: { fullRefresh: false, ...request.options },
    runCount: 0,
    createdAtMs,
  };
}

/** What is selected and can be made, in the graph's order. */
function selectedNodes(graph: Graph, { select, exclude }: BackfillRequest): readonly GraphNode[] {
  const keys = new Set(selectNodes(graph, { select, exclude }));
  const nodes = graph.nodes.filter(({ key, executor }) => keys.has(key) && executor !== undefined);
  const partitioned = new Set(nodes.filter(({ partitions }) => partitions).map(({ key }) => key));
  // What has no partitions belongs to it when it reads some; what only comes before has been made already.
  return nodes.filter(
    ({ key, partitions }) => partitions || [...ancestors(graph, key)].some((from) => partitioned.has(from)),
  );
}

/** Those that the request is limited to: missing ones, stale ones, or both. `nodes` are in the graph's order. */
function wantedOf(
  nodes: readonly GraphNode[],
  targets: ReadonlyMap<NodeKey, PartitionTarget>,
  { onlyMissing = false, onlyStale = false }: BackfillRequest,
  { states }: BackfillHistory,
): ReadonlyMap<NodeKey, PartitionTarget> {
  if (!onlyMissing && !onlyStale) return targets;
  const wanted = new Map<NodeKey, PartitionTarget>();
  for (const node of nodes) {
    const target = targets.get(node.key);
    if (!target) continue;
    const { space, set } = target;
    const known = states.get(node.key) ?? [];
    const inState = (name: string): PartitionSet =>
      fromRanges(
        space,
        known.filter(({ state }) => state === name),
      );
    const [made, stale] = [inState('succeeded'), inState('stale')];
    const missing = onlyMissing ? difference(set, union(made, stale)) : emptySet(space.axes.length);
    const outdated = onlyStale
      ? union(stale, intersection(made, readersOf(node, space, wanted)))
      : emptySet(space.axes.length);
    wanted.set(node.key, { space, set: union(missing, intersection(set, outdated)) });
  }
  return wanted;
}

/** Partitions of a node that read what is to be made before it. */
function readersOf(
  node: GraphNode,
  space: PartitionSpace,
  wanted: ReadonlyMap<NodeKey, PartitionTarget>,
): PartitionSet {
  const sets = node.edges.flatMap(({ kind, from, partitions }) => {
    const upstream = kind === 'reads' ? wanted.get(from) : undefined;
    return upstream ? [correspond(space, upstream.space, partitions).readersOf(upstream.set)] : [];
  });
  return unionAll(space.axes.length, sets);
}

function medianSeconds(completions: readonly Completion[]): number | undefined {
  const times = completions.map(({ durationMs }) => durationMs / 1000).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function nothingLeft({ partitions, onlyMissing, onlyStale }: BackfillRequest): ConfigError {
  return new ConfigError(
    onlyMissing
      ? `Every partition in "${partitions}" has been made`
      : onlyStale
        ? `No partition in "${partitions}" is stale`
        : `Nothing that is selected has a partition in "${partitions}"`,
    {
      code: 'backfill_empty',
      state: 'Nothing was run.',
      next: 'See what there is: millrace partitions <asset>',
    },
  );
}
