import { ConfigError } from '../core/errors.ts';
import { deepFreeze } from '../core/freeze.ts';
import type { Graph } from '../core/graph.ts';
import type { NodeKey } from '../core/node.ts';
import type { PartitionWorld } from '../core/partition/calendar.ts';
import { nodeOf, type Plan, type RunOptions } from '../core/plan.ts';
import { selectNodes } from '../core/selection.ts';
import { blockingEdges } from './blocking.ts';
import { partitionTargets, type PartitionTarget } from './partition/partition-targets.ts';
import { worldAt } from './partition/partition-world.ts';
import { tablesReadOf } from './partly-failed.ts';
import { makeSteps, type RunnableNode } from './plan-steps.ts';
import { systemClock } from './system-clock.ts';

export interface PlanRequest {
  /** Selection expression; empty or absent means everything. */
  readonly select?: string | undefined;
  readonly exclude?: string | undefined;
  /** Exactly these and what always ends their runs, whatever `select` says: it is then only what the run is known by. */
  readonly keys?: readonly NodeKey[] | undefined;
  readonly manifestHash: string;
  /** Which partitions, of nodes that have some (see `partitionTargets`); absent means the newest. */
  readonly partitions?: string | undefined;
  /** Exactly these partitions, by node, whatever `partitions` says. */
  readonly targets?: ReadonlyMap<NodeKey, PartitionTarget> | undefined;
  /** Default: now, with no keys in dynamic dimensions. */
  readonly world?: PartitionWorld | undefined;
  /** Default: continue what can be continued, no row limit. */
  readonly options?: RunOptions | undefined;
}

/**
 * What a run of the selection would do. Nodes without an executor, and nodes outside the selection, are
 * passed through: who reads them waits for what they wait for. A step also waits for every selected `error`
 * check of an asset that it reads, unless the check itself needs that step.
 * Throws a `ConfigError` for a bad selection and for one in which nothing can be run.
 */
export function makePlan(graph: Graph, request: PlanRequest): Plan {
  const selection = { select: request.select, exclude: request.exclude };
  const asked = request.keys
    ? withEnds(graph, request.keys)
    : withCompany(graph, selectNodes(graph, selection), request.exclude);
  const selected = withItemSources(graph, asked);
  const nodes = selected
    .map((key) => graph.byKey.get(key))
    .filter((node): node is RunnableNode => node?.executor !== undefined);
  const text = selectionText(selection);
  if (nodes.length === 0) throw nothingToRun(text, selected);
  const isStep = new Set(nodes.map((node) => node.key));
  const dependencies = dataEdges(graph, isStep);
  for (const [key, checks] of blockingEdges(graph, isStep, dependencies)) {
    for (const check of checks) dependencies.get(key)?.add(check);
  }
  const ordered = orderSteps(nodes, dependencies);
  const world = request.world ?? worldAt(systemClock.nowMs());
  const targets = request.targets ?? partitionTargets(ordered, request.partitions, world);
  const tables = tablesReadOf(graph, isStep);
  return deepFreeze<Plan>({
    selection: text,
    manifestHash: request.manifestHash,
    steps: makeSteps(ordered, dependencies, targets).map((step) => {
      const tablesRead = tables.get(nodeOf(step));
      return tablesRead ? { ...step, tablesRead } : step;
    }),
    options: {
      fullRefresh: false,
      ...request.options,
      ...(request.partitions === undefined ? {} : { partitions: request.partitions }),
    },
  });
}

/** Also the nodes that are part of every run of a selected one. */
function withCompany(
  graph: Graph,
  selected: readonly NodeKey[],
  exclude: string | undefined,
): readonly NodeKey[] {
  const keys = new Set(selected);
  const excluded = new Set(exclude?.trim() ? selectNodes(graph, { select: exclude }) : []);
  for (const { key, accompanies = [] } of graph.nodes) {
    if (!excluded.has(key) && accompanies.some((other) => keys.has(other))) keys.add(key);
  }
  return graph.nodes.map((node) => node.key).filter((key) => keys.has(key));
}

/** Also the nodes that end every run of a selected one. */
function withEnds(graph: Graph, selected: readonly NodeKey[]): readonly NodeKey[] {
  const keys = new Set(selected);
  return graph.nodes
    .filter(
      ({ key, always, accompanies = [] }) =>
        keys.has(key) || (always && accompanies.some((other) => keys.has(other))),
    )
    .map(({ key }) => key);
}

/** Also the nodes whose items selected ones are made for, or collect: they are told of those of their own run only. */
function withItemSources(graph: Graph, selected: readonly NodeKey[]): readonly NodeKey[] {
  const keys = new Set(selected);
  for (const key of keys) {
    const { forEach, collect } = graph.byKey.get(key) ?? {};
    for (const source of [forEach, collect]) if (source !== undefined) keys.add(source);
  }
  if (keys.size === selected.length) return selected;
  return graph.nodes.map((node) => node.key).filter((key) => keys.has(key));
}

function selectionText(selection: { select?: string | undefined; exclude?: string | undefined }): string {
  const select = selection.select?.trim() ?? '';
  const exclude = selection.exclude?.trim() ?? '';
  if (exclude === '') return select;
  return select === '' ? `not (${exclude})` : `(${select}),not (${exclude})`;
}

/** For every step the steps nearest upstream of it. A check of something that is no step itself holds up nobody. */
function dataEdges(graph: Graph, isStep: ReadonlySet<NodeKey>): Map<NodeKey, Set<NodeKey>> {
  const nearest = new Map<NodeKey, ReadonlySet<NodeKey>>();
  const dependencies = new Map<NodeKey, Set<NodeKey>>();
  for (const node of graph.nodes) {
    const found = new Set<NodeKey>();
    for (const { from } of node.edges) {
      if (isStep.has(from)) found.add(from);
      else for (const key of nearest.get(from) ?? []) if (!isCheck(graph, key)) found.add(key);
    }
    nearest.set(node.key, found);
    if (isStep.has(node.key)) dependencies.set(node.key, found);
  }
  return dependencies;
}

function isCheck(graph: Graph, key: NodeKey): boolean {
  return graph.byKey.get(key)?.kind === 'check';
}

/** Keeps the graph's order as far as the blocking checks allow. */
function orderSteps(
  nodes: readonly RunnableNode[],
  dependencies: ReadonlyMap<NodeKey, ReadonlySet<NodeKey>>,
): readonly RunnableNode[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const ordered = new Map<NodeKey, RunnableNode>();
  const stack: NodeKey[] = nodes.map((node) => node.key).toReversed();
  while (stack.length > 0) {
    const key = stack.at(-1) ?? '';
    const node = byKey.get(key);
    const waiting = [...(dependencies.get(key) ?? [])].filter((from) => !ordered.has(from));
    if (node && !ordered.has(key) && waiting.length > 0) {
      stack.push(...waiting.toReversed());
      continue;
    }
    if (node) ordered.set(key, node);
    stack.pop();
  }
  return [...ordered.values()];
}

function nothingToRun(selection: string, selected: readonly NodeKey[]): ConfigError {
  const held =
    selected.length === 0
      ? 'is empty'
      : `holds only what others keep up to date: ${selected.slice(0, 5).join(', ')}`;
  return new ConfigError(
    selection === '' ? 'The project has nothing to run' : `The selection "${selection}" ${held}`,
    { code: 'plan_empty', next: 'To see what there is, run: millrace plan' },
  );
}
