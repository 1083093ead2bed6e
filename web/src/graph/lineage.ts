import type { NodeKey } from '../../../src/server/contract.ts';

interface Linked {
  readonly key: NodeKey;
  readonly edges: readonly { readonly from: NodeKey }[];
}

/** A node with everything upstream and everything downstream of it. */
export function lineageOf(key: NodeKey, nodes: readonly Linked[]): ReadonlySet<NodeKey> {
  const parents = new Map<NodeKey, NodeKey[]>();
  const readers = new Map<NodeKey, NodeKey[]>(nodes.map((node) => [node.key, []]));
  for (const node of nodes) {
    parents.set(
      node.key,
      node.edges.map((edge) => edge.from),
    );
    for (const { from } of node.edges) readers.get(from)?.push(node.key);
  }
  return new Set([...reach(key, parents), ...reach(key, readers)]);
}

function reach(start: NodeKey, next: ReadonlyMap<NodeKey, readonly NodeKey[]>): Set<NodeKey> {
  const reached = new Set([start]);
  for (const key of reached) for (const neighbour of next.get(key) ?? []) reached.add(neighbour);
  return reached;
}
