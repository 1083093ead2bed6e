import type { RefNode, SourceNode } from '../manifest/transform-node.ts';

/** What templates may name, by name; packages may use a name again. */
export interface NodeNames {
  readonly projectName: string;
  readonly packageNames: ReadonlySet<string>;
  readonly refs: ReadonlyMap<string, readonly RefNode[]>;
  /** By `source.table`. */
  readonly sources: ReadonlyMap<string, readonly SourceNode[]>;
  /** Names of disabled models, seeds and `source.table`s. */
  readonly disabled: ReadonlySet<string>;
}

/** Nodes by `nameOf`, each name with all that have it. */
export function byName<Node>(
  nodes: readonly Node[],
  nameOf: (node: Node) => string,
): ReadonlyMap<string, readonly Node[]> {
  const found = new Map<string, Node[]>();
  for (const node of nodes) {
    const name = nameOf(node);
    const same = found.get(name);
    if (same) same.push(node);
    else found.set(name, [node]);
  }
  return found;
}

/** The one that a template of `fromPackage` means: of the project itself, else of its own package, else of any. */
export function meant<Node extends RefNode | SourceNode>(
  names: NodeNames,
  candidates: readonly Node[] | undefined,
  fromPackage: string,
): Node | undefined {
  const from = (packageName: string): Node | undefined =>
    candidates?.find((node) => node.packageName === packageName);
  return from(names.projectName) ?? from(fromPackage) ?? candidates?.[0];
}
