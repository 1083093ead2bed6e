import { exposureEntries, groupEntries } from '../artifacts/definition-entries.ts';
import { semanticEntries } from '../artifacts/semantic-entries.ts';
import { fromJs, type Value } from '../jinja/index.ts';
import type { Manifest } from '../reading/manifest.ts';
import { runDictionary } from './run-scope.ts';

const made = new WeakMap<Manifest, Value>();

/** dbt's `graph`: everything of the manifest by its id, as dictionaries. Made once per manifest. */
export function graphDictionary(manifest: Manifest): Value {
  const known = made.get(manifest);
  if (known) return known;
  const nodes = new Map<string, Value>();
  const sources = new Map<string, Value>();
  for (const node of [...manifest.byId.values(), ...manifest.analyses]) {
    if (node.kind === 'test' && node.body.sort === 'unit') continue;
    (node.kind === 'source' ? sources : nodes).set(node.uniqueId, runDictionary(manifest, node));
  }
  const atSeconds = Date.now() / 1000;
  const semantic = semanticEntries(manifest, atSeconds);
  const graph = {
    nodes,
    sources,
    exposures: fromJs(exposureEntries(manifest, atSeconds)),
    metrics: fromJs(semantic.metrics),
    groups: fromJs(groupEntries(manifest)),
    semantic_models: fromJs(semantic.semanticModels),
    saved_queries: fromJs(semantic.savedQueries),
  };
  made.set(manifest, graph);
  return graph;
}
