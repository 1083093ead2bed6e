import type { GraphNode, NodeKey } from './node.ts';

/** What a reference means: one node, several (ambiguous), or none. */
export type ReferenceMatch =
  | { readonly found: 'one'; readonly key: NodeKey }
  | { readonly found: 'many'; readonly keys: readonly NodeKey[] }
  | { readonly found: 'none' };

/** Names under which nodes can be referred to. */
export interface ReferenceIndex {
  /** Every key and alias as written, to the node's key. */
  readonly exact: ReadonlyMap<string, NodeKey>;
  /** Names by their last segment in lower case. */
  readonly byLastSegment: ReadonlyMap<string, readonly ReferenceName[]>;
}

interface ReferenceName {
  readonly key: NodeKey;
  readonly isAsset: boolean;
  /** With `.` written as `/`. */
  readonly path: string;
}

export function indexReferences(
  nodes: readonly GraphNode[],
  aliases: ReadonlyMap<string, NodeKey>,
): ReferenceIndex {
  const exact = new Map<string, NodeKey>(aliases);
  const byLastSegment = new Map<string, ReferenceName[]>();
  const kinds = new Map(nodes.map((node) => [node.key, node.kind]));
  for (const node of nodes) exact.set(node.key, node.key);
  for (const [name, key] of exact) {
    const path = asPath(name);
    const last = lastSegment(path).toLowerCase();
    const names = byLastSegment.get(last) ?? [];
    names.push({ key, isAsset: kinds.get(key) === 'asset', path });
    byLastSegment.set(last, names);
  }
  return { exact, byLastSegment };
}

/**
 * Finds what `reference` means, by the first of these that fits anything: the exact key or alias; the
 * same with `.` for `/`; the same regardless of case; a key that ends in these segments (assets
 * before other kinds); the same regardless of case.
 */
export function resolveReference(index: ReferenceIndex, reference: string): ReferenceMatch {
  const key = index.exact.get(reference);
  if (key !== undefined) return { found: 'one', key };
  const wanted = asPath(reference);
  const lower = wanted.toLowerCase();
  const names = index.byLastSegment.get(lastSegment(lower)) ?? [];
  const assets = names.filter((name) => name.isAsset);
  const levels: readonly (readonly ReferenceName[])[] = [
    names.filter((name) => name.path === wanted),
    names.filter((name) => name.path.toLowerCase() === lower),
    assets.filter((name) => endsInSegments(name.path, wanted)),
    assets.filter((name) => endsInSegments(name.path.toLowerCase(), lower)),
    names.filter((name) => endsInSegments(name.path.toLowerCase(), lower)),
  ];
  const matches = levels.find((level) => level.length > 0) ?? [];
  const keys = [...new Set(matches.map((name) => name.key))];
  const [first] = keys;
  if (first === undefined) return { found: 'none' };
  return keys.length === 1 ? { found: 'one', key: first } : { found: 'many', keys: keys.sort() };
}

function asPath(name: string): string {
  return name.replaceAll('.', '/');
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function endsInSegments(path: string, ending: string): boolean {
  return path === ending || path.endsWith(`/${ending}`);
}
