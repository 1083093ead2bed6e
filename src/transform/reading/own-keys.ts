import type { RefNode, SourceNode } from '../manifest/transform-node.ts';

type Keyed = Pick<RefNode | SourceNode, 'key' | 'kind' | 'packageName' | 'uniqueId'>;

/**
 * A key for each node, by id. Where a source has the names of a model or seed, or two packages name something alike, what comes later
 * has its sort or its package before its key. Those of one package that have one key and sort keep it: they are a mistake.
 */
export function ownKeys(nodes: readonly Keyed[]): ReadonlyMap<string, string> {
  const holders = new Map<string, Keyed>();
  const keys = new Map<string, string>();
  for (const node of nodes.toSorted((one, other) => rank(one) - rank(other))) {
    const sort = node.kind === 'source' ? `source/${node.key}` : node.key;
    const candidates = [node.key, sort, `${node.packageName}/${sort}`];
    const key = candidates.find((candidate) => {
      const holder = holders.get(candidate);
      return !holder || isTwin(holder, node);
    });
    const chosen = key ?? node.key;
    if (!holders.has(chosen)) holders.set(chosen, node);
    keys.set(node.uniqueId, chosen);
  }
  return keys;
}

function isTwin(one: Keyed, other: Keyed): boolean {
  return one.packageName === other.packageName && (one.kind === 'source') === (other.kind === 'source');
}

function rank({ kind }: Keyed): number {
  return kind === 'source' ? 1 : 0;
}
