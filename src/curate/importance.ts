import type { Graph } from '../core/graph.ts';
import type { NodeKey, NodeKind } from '../core/node.ts';

/** How much hangs on a node, by the share of all other nodes that it touches: 0 to 1. */
export interface Importance {
  readonly key: NodeKey;
  readonly kind: NodeKind;
  /** Sum of the two below; above 1 only if a node is both up- and downstream of all others. */
  readonly degree: number;
  /** Nodes it reads directly. */
  readonly inDegree: number;
  /** Nodes that read it directly. */
  readonly outDegree: number;
}

/** Degree centralities over `reads` edges, checks left out. The most important first. */
export function scoreImportance(graph: Graph): readonly Importance[] {
  const nodes = graph.nodes.filter((node) => node.kind !== 'check');
  const incoming = new Map<NodeKey, number>();
  const outgoing = new Map<NodeKey, number>();
  for (const node of nodes) {
    const reads = node.edges.filter((edge) => edge.kind === 'reads');
    incoming.set(node.key, reads.length);
    for (const { from } of reads) outgoing.set(from, (outgoing.get(from) ?? 0) + 1);
  }
  const others = Math.max(1, nodes.length - 1);
  return nodes
    .map(({ key, kind }) => {
      const readCount = incoming.get(key) ?? 0;
      const readerCount = outgoing.get(key) ?? 0;
      return {
        key,
        kind,
        degree: (readCount + readerCount) / others,
        inDegree: readCount / others,
        outDegree: readerCount / others,
      };
    })
    .sort((a, b) => b.degree - a.degree || a.key.localeCompare(b.key, 'en'));
}
