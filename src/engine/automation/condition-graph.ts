import type { Condition } from '../../core/condition.ts';
import { checksOf, type Graph } from '../../core/graph.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';

/** A node that is made by itself, with what its condition looks at. */
export interface ConditionedNode {
  readonly key: NodeKey;
  readonly condition: Condition;
  readonly node: GraphNode;
  /** The nearest nodes upstream that can be run. */
  readonly upstream: readonly NodeKey[];
}

export interface ConditionGraph {
  /** In the graph's order. */
  readonly nodes: readonly ConditionedNode[];
  /** What has to be looked at again when something has become of a node. */
  readonly watchers: ReadonlyMap<NodeKey, ReadonlySet<NodeKey>>;
  /** Error checks by the asset that they test. */
  readonly checks: ReadonlyMap<NodeKey, readonly NodeKey[]>;
}

export function conditionGraph(graph: Graph, conditions: ReadonlyMap<NodeKey, Condition>): ConditionGraph {
  const nodes: ConditionedNode[] = [];
  const watchers = new Map<NodeKey, Set<NodeKey>>();
  const checks = new Map<NodeKey, readonly NodeKey[]>();
  const watch = (watched: NodeKey, by: NodeKey): void => {
    watchers.set(watched, (watchers.get(watched) ?? new Set()).add(by));
  };
  for (const node of graph.nodes) {
    const condition = conditions.get(node.key);
    if (!condition || node.executor === undefined) continue;
    const upstream = [...nearestRunnable(graph, node)];
    nodes.push({ key: node.key, condition, node, upstream });
    watch(node.key, node.key);
    for (const from of upstream) {
      watch(from, node.key);
      const errorChecks = checksOf(graph, from)
        .filter(({ check }) => check?.severity === 'error')
        .map(({ key }) => key);
      checks.set(from, errorChecks);
      for (const check of errorChecks) watch(check, node.key);
    }
  }
  return { nodes, watchers, checks };
}

/** For tasks everything that comes before counts, for all else what is read; order alone makes no data new. */
function nearestRunnable(graph: Graph, node: GraphNode): ReadonlySet<NodeKey> {
  const found = new Set<NodeKey>();
  const seen = new Set<NodeKey>();
  const visit = (current: GraphNode, takesOrder: boolean): void => {
    for (const { from, kind } of current.edges) {
      const upstream = graph.byKey.get(from);
      if (!upstream || seen.has(from) || (kind === 'after' && !takesOrder)) continue;
      seen.add(from);
      if (upstream.kind === 'check') continue;
      if (upstream.executor !== undefined) found.add(from);
      else visit(upstream, true);
    }
  };
  visit(node, node.kind === 'task');
  return found;
}
