import { createRelation } from '../context/relation.ts';
import { fromJs, type Value } from '../jinja/index.ts';
import type { TransformNode } from '../manifest/transform-node.ts';
import { dependenciesOf, type Exposure, type Manifest } from '../reading/manifest.ts';
import { runDictionary } from './run-scope.ts';

const made = new WeakMap<Manifest, Value>();

/** dbt's `graph`: every node by its id, as dictionaries. Made once per manifest. */
export function graphDictionary(manifest: Manifest): Value {
  const known = made.get(manifest);
  if (known) return known;
  const nodes = new Map<string, Value>();
  const sources = new Map<string, Value>();
  for (const node of manifest.byId.values()) {
    (node.kind === 'source' ? sources : nodes).set(node.uniqueId, nodeEntry(manifest, node));
  }
  const exposures = new Map(
    manifest.exposures.map((exposure): [string, Value] => [
      `exposure.${manifest.projectName}.${exposure.name}`,
      exposureEntry(manifest, exposure),
    ]),
  );
  const empty = (): Value => new Map();
  const graph = {
    nodes,
    sources,
    exposures,
    metrics: empty(),
    groups: empty(),
    semantic_models: empty(),
    saved_queries: empty(),
    unit_tests: empty(),
  };
  made.set(manifest, graph);
  return graph;
}

function nodeEntry(manifest: Manifest, node: TransformNode): Value {
  const common = {
    ...runDictionary(manifest, node),
    depends_on: { nodes: dependenciesOf(node).map((dependency) => dependency.uniqueId), macros: [] },
  };
  if (node.kind === 'source') {
    return {
      ...common,
      source_name: node.sourceName,
      identifier: node.relation.identifier,
      relation_name: createRelation(node.relation).toString(),
    };
  }
  if (node.kind !== 'test') return { ...common, relation_name: createRelation(node.relation).toString() };
  if (node.body.sort !== 'generic') return common;
  const [name = '', namespace] = node.body.test.split('.').reverse();
  return {
    ...common,
    attached_node: node.body.model,
    column_name: fromJs(node.body.arguments['column_name'] ?? null),
    test_metadata: { name, namespace: namespace ?? null, kwargs: fromJs(node.body.arguments) },
  };
}

function exposureEntry(manifest: Manifest, exposure: Exposure): Value {
  return {
    ...(fromJs(exposure.details) as object),
    name: exposure.name,
    label: exposure.label,
    type: exposure.type,
    description: exposure.description,
    package_name: manifest.projectName,
    depends_on: { nodes: exposure.dependencies.map((dependency) => dependency.uniqueId), macros: [] },
  };
}
