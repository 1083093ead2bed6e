import { ConfigError } from './errors.ts';
import type { Edge, GraphNode, NodeKey } from './node.ts';
import { formatOrigin } from './origin.ts';

/** Nodes in an order in which every node comes after what is upstream of it, and the circles that forbid one. */
export interface Ordering {
  readonly nodes: readonly GraphNode[];
  readonly issues: readonly ConfigError[];
}

/**
 * Orders nodes whose edges are resolved. Equal input gives equal output, whatever the order of `nodes`.
 * Each circle is reported once, and then left out of the ordering.
 */
export function orderNodes(nodes: readonly GraphNode[]): Ordering {
  const waiting = new Map<NodeKey, GraphNode>(
    nodes.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map((node) => [node.key, node]),
  );
  const ordered: GraphNode[] = [];
  const issues: ConfigError[] = [];
  while (waiting.size > 0) {
    for (const node of takeFree(waiting)) ordered.push(node);
    const circle = findCircle(waiting);
    if (circle.length === 0) continue;
    issues.push(circleError(circle));
    for (const { node } of circle) waiting.delete(node.key);
  }
  return { nodes: ordered, issues };
}

/** Removes from `waiting`, in order, every node that waits for nothing in it. */
function takeFree(waiting: Map<NodeKey, GraphNode>): readonly GraphNode[] {
  const open = new Map<NodeKey, number>();
  const readers = new Map<NodeKey, NodeKey[]>();
  for (const node of waiting.values()) {
    const upstream = new Set(node.edges.map((edge) => edge.from).filter((from) => waiting.has(from)));
    open.set(node.key, upstream.size);
    for (const from of upstream) {
      const list = readers.get(from);
      if (list) list.push(node.key);
      else readers.set(from, [node.key]);
    }
  }
  const free = [...waiting.values()].filter((node) => open.get(node.key) === 0);
  for (let index = 0; index < free.length; index += 1) {
    const node = free[index];
    if (!node) break;
    waiting.delete(node.key);
    for (const reader of readers.get(node.key) ?? []) {
      const left = (open.get(reader) ?? 0) - 1;
      open.set(reader, left);
      const readerNode = waiting.get(reader);
      if (left === 0 && readerNode) free.push(readerNode);
    }
  }
  return free;
}

interface CircleStep {
  readonly node: GraphNode;
  /** The edge by which `node` depends on the step before it. */
  readonly edge: Edge;
}

/** A circle in the direction of the data. Every node that waits has something upstream that waits, or is below such. */
function findCircle(waiting: ReadonlyMap<NodeKey, GraphNode>): readonly CircleStep[] {
  let [node] = waiting.values();
  const path: CircleStep[] = [];
  const seen = new Map<NodeKey, number>();
  while (node) {
    const start = seen.get(node.key);
    if (start !== undefined) return path.slice(start).toReversed();
    const edge: Edge | undefined = node.edges.find(({ from }) => waiting.has(from));
    if (!edge) return [];
    seen.set(node.key, path.length);
    path.push({ node, edge });
    node = waiting.get(edge.from);
  }
  return [];
}

function circleError(circle: readonly CircleStep[]): ConfigError {
  const keys = circle.map(({ node }) => node.key);
  const places = circle.map(
    ({ node, edge }) =>
      `${node.key} ${edge.kind === 'reads' ? 'reads' : 'runs after'} ${edge.from} (${formatOrigin(edge.origin ?? node.origin)})`,
  );
  const last = circle.at(-1);
  return new ConfigError(`These depend on each other in a circle: ${[keys.at(-1), ...keys].join(' -> ')}`, {
    code: 'graph_circle',
    ...(last ? { origin: last.edge.origin ?? last.node.origin } : {}),
    state: `${places.join('; ')}.`,
    next: 'Remove one of these references.',
  });
}
