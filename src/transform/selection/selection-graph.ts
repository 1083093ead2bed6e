import type { ArtifactNode, ManifestArtifact } from '../artifacts/artifact-node.ts';

/** The resources of a manifest and what hangs on what. */
export interface SelectionGraph {
  readonly byId: ReadonlyMap<string, ArtifactNode>;
  readonly parents: Readonly<Record<string, readonly string[]>>;
  readonly children: Readonly<Record<string, readonly string[]>>;
}

export function selectionGraph(manifest: ManifestArtifact): SelectionGraph {
  const kinds = [
    manifest.nodes,
    manifest.sources,
    manifest.exposures,
    manifest.metrics,
    manifest.semantic_models,
    manifest.saved_queries,
    manifest.unit_tests,
  ];
  return {
    byId: new Map(kinds.flatMap((kind) => Object.entries(kind))),
    parents: manifest.parent_map,
    children: manifest.child_map,
  };
}

/** What is up to `depth` edges away from `ids` along `edges`, `ids` themselves excluded unless they are reached. */
export function reach(
  edges: SelectionGraph['parents'],
  ids: Iterable<string>,
  depth: number,
): ReadonlySet<string> {
  const found = new Set<string>();
  let frontier = [...ids];
  for (let distance = 0; distance < depth && frontier.length > 0; distance += 1) {
    const next: string[] = [];
    for (const id of frontier) {
      for (const other of edges[id] ?? []) {
        if (found.has(other)) continue;
        found.add(other);
        next.push(other);
      }
    }
    frontier = next;
  }
  return found;
}
