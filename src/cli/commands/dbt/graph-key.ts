import type { Graph } from '../../../core/graph.ts';
import type { NodeKey } from '../../../core/node.ts';
import type { TransformProject } from '../../../transform/index.ts';

/** The key under which the graph has a node of the dbt project. */
export function graphKey(graph: Graph, transform: TransformProject, id: string): NodeKey {
  const key = transform.manifest.byId.get(id)?.key ?? id;
  return graph.byKey.has(key) ? key : (graph.aliases.get(key) ?? key);
}
