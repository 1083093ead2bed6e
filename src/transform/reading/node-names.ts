import { type Home, isSameDataset } from '../manifest/dataset.ts';
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

/** Those that a template means: of the project itself, else of its own package, else of any; its own dataset's, or of no dataset. */
export function meant<Node extends RefNode | SourceNode>(
  names: NodeNames,
  candidates: readonly Node[],
  home: Home,
): Node | undefined {
  const visible = candidates.filter(
    ({ dataset }) => dataset === undefined || isSameDataset(dataset, home.dataset),
  );
  const from = (packageName: string): Node | undefined =>
    visible.find((node) => node.packageName === packageName);
  return from(names.projectName) ?? from(home.packageName) ?? visible[0];
}

/** More than these are counted. */
const shownDatasets = 5;

/** Names of the datasets that have a node, for messages. */
export function datasetNames(nodes: readonly (RefNode | SourceNode)[]): string {
  const names = nodes.flatMap(({ dataset }) => dataset?.value ?? []);
  const more = names.length > shownDatasets ? ` and ${names.length - shownDatasets} more` : '';
  return names.slice(0, shownDatasets).join(', ') + more;
}
