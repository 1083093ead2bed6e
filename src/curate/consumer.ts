import type { Graph } from '../core/graph.ts';
import type { GraphNode, NodeKey } from '../core/node.ts';

/** The tag that says of an asset: somebody outside of this project reads it. */
export const consumerTag = 'consumer';

/** True for what data is made for: reports, syncs, exposures, and assets with the tag `consumer`. */
export function isConsumer(node: GraphNode): boolean {
  return (
    node.kind === 'report' ||
    node.kind === 'sync' ||
    node.type === 'exposure' ||
    node.tags.includes(consumerTag)
  );
}

/** Consumers, and everything whose data reaches one. Order-only edges carry no data. */
export function findRead(graph: Graph): ReadonlySet<NodeKey> {
  const read = new Set<NodeKey>();
  const open = graph.nodes.filter((node) => isConsumer(node));
  for (let node = open.pop(); node; node = open.pop()) {
    if (read.has(node.key)) continue;
    read.add(node.key);
    for (const edge of node.edges) {
      const from = edge.kind === 'reads' ? graph.byKey.get(edge.from) : undefined;
      if (from) open.push(from);
    }
  }
  return read;
}
