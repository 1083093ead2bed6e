import { canonicalJson, type JsonObject } from '../core/json.ts';
import type { CheckTarget, Edge, GraphNode } from '../core/node.ts';
import { modelsOfMetrics } from './artifacts/metric-models.ts';
import { fingerprint } from './context/fingerprint.ts';
import { toJsonValue } from './files/plain-value.ts';
import type { Dependency, RefNode, SourceNode, TestNode, TransformNode } from './manifest/transform-node.ts';
import { dependenciesOf, type Exposure, type Manifest, scopeOf } from './reading/manifest.ts';
import { createHash } from 'node:crypto';

export const executorName = 'transform';

/** The task that runs `on-run-end`. */
export const endKey = 'task/on_run_end';

/** The nodes of a dbt project for the graph. */
export function graphNodes(manifest: Manifest, connection: string): readonly GraphNode[] {
  const unitTests = unitTestsByModel(manifest);
  return [
    ...[...manifest.byId.values()].map((node) =>
      node.kind === 'test'
        ? testNode(manifest, node)
        : assetNode(manifest, node, connection, unitTests.get(node.uniqueId) ?? []),
    ),
    ...manifest.exposures.map((exposure) => exposureNode(manifest, exposure)),
    ...endNode(manifest),
  ];
}

/** Edges to what a node reads. */
export function edgesTo(manifest: Manifest, dependencies: readonly Dependency[]): readonly Edge[] {
  return dependencies.flatMap(({ uniqueId, origin }) => {
    const upstream = manifest.byId.get(uniqueId);
    return upstream ? [{ kind: 'reads' as const, from: upstream.key, origin }] : [];
  });
}

/** Unit tests run before their model is built. */
function unitTestsByModel(manifest: Manifest): ReadonlyMap<string, readonly TestNode[]> {
  const found = new Map<string, TestNode[]>();
  for (const test of manifest.tests) {
    if (test.body.sort !== 'unit') continue;
    const same = found.get(test.body.model);
    if (same) same.push(test);
    else found.set(test.body.model, [test]);
  }
  return found;
}

function assetNode(
  manifest: Manifest,
  node: RefNode | SourceNode,
  connection: string,
  unitTests: readonly TestNode[],
): GraphNode {
  const isElsewhere = node.relation.database !== manifest.scope.databaseName;
  const isKept = !(isElsewhere || (node.kind === 'model' && node.config.materialized === 'ephemeral'));
  return {
    key: node.key,
    kind: 'asset',
    type: node.kind,
    description: node.description,
    tags: node.config.tags,
    group: groupOf(node),
    origin: node.origin,
    edges: [
      ...edgesTo(manifest, dependenciesOf(node)),
      ...unitTests.map(({ key, origin }) => ({ kind: 'after' as const, from: key, origin })),
    ],
    ...(isKept
      ? { relation: { connection, schema: node.relation.schema, name: node.relation.identifier } }
      : {}),
    columns: node.columns,
    ...(node.kind === 'source' ? {} : { executor: executorName }),
    spec: specOf(manifest, node),
  };
}

function testNode(manifest: Manifest, node: TestNode): GraphNode {
  const { body } = node;
  const model = body.sort === 'unit' ? manifest.byId.get(body.model) : undefined;
  const subject = node.subject === undefined || model ? model : manifest.byId.get(node.subject);
  return {
    key: node.key,
    kind: 'check',
    type: 'test',
    description: node.description,
    tags: [...new Set([...node.outerTags, ...node.config.tags])],
    group: subject ? groupOf(subject) : 'tests',
    origin: node.origin,
    edges: model ? edgesTo(manifest, dependenciesOf(model)) : edgesOfTest(manifest, node),
    columns: [],
    executor: executorName,
    spec: specOf(manifest, node),
    ...(model ? { accompanies: [model.key] } : {}),
    ...(subject && !model ? { check: checkTarget(node, subject) } : {}),
  };
}

function checkTarget({ config, dependencies }: TestNode, subject: TransformNode): CheckTarget {
  const stopsOnlyCommon = config.severity === 'error' && dependencies.length > 1;
  return { asset: subject.key, severity: config.severity, ...(stopsOnlyCommon ? { stopsOnlyCommon } : {}) };
}

/** A test that reads no node may read anything by name: it runs after the seeds. */
function edgesOfTest(manifest: Manifest, { dependencies, origin }: TestNode): readonly Edge[] {
  if (dependencies.length > 0) return edgesTo(manifest, dependencies);
  const seeds = [...manifest.byId.values()].filter((node) => node.kind === 'seed');
  return seeds.map(({ key }) => ({ kind: 'after', from: key, origin }));
}

/** Runs after everything of the project that a run builds and tests, whatever became of it. */
function endNode(manifest: Manifest): readonly GraphNode[] {
  const [first] = manifest.runHooks.filter((hook) => hook.at === 'end');
  if (!first) return [];
  const built = [...manifest.byId.values()].filter((node) => node.kind !== 'source');
  return [
    {
      key: endKey,
      kind: 'task',
      type: 'hook',
      description: 'on-run-end of the dbt project',
      tags: [],
      group: 'tasks',
      origin: first.origin,
      edges: built.map((node) => ({ kind: 'after' as const, from: node.key, origin: first.origin })),
      columns: [],
      executor: executorName,
      spec: {},
      always: true,
      accompanies: built.map((node) => node.key),
    },
  ];
}

/** What an exposure reads, also through metrics. */
function withMetrics(manifest: Manifest, { dependencies, metrics, origin }: Exposure): readonly Dependency[] {
  const known = new Set(dependencies.map(({ uniqueId }) => uniqueId));
  const measured = modelsOfMetrics(manifest, metrics).filter((id) => !known.has(id));
  return [...dependencies, ...measured.map((uniqueId) => ({ uniqueId, origin }))];
}

function exposureNode(manifest: Manifest, exposure: Exposure): GraphNode {
  return {
    key: `report/${exposure.name}`,
    kind: 'report',
    type: 'exposure',
    description: exposure.description,
    tags: exposure.tags,
    group: 'exposures',
    origin: exposure.origin,
    edges: edgesTo(manifest, withMetrics(manifest, exposure)),
    columns: [],
    spec: { label: exposure.label, ...exposure.details },
  };
}

/** The folder of a model or seed, with its dataset; the name of a source. */
function groupOf(node: RefNode | SourceNode | TestNode): string {
  if (node.kind === 'source') return node.sourceName;
  const folders = node.fqn.slice(1, -1);
  return folders.length === 0 ? node.kind : folders.join('/');
}

function specOf(manifest: Manifest, node: RefNode | SourceNode | TestNode): JsonObject {
  return {
    uniqueId: node.uniqueId,
    config: node.config.all,
    materialized: node.config.materialized,
    ...(node.dataset ? { dataset: { [node.dataset.dimension]: node.dataset.value } } : {}),
    ...(node.kind === 'source' ? {} : { fingerprint: fingerprintOf(manifest, node) }),
  };
}

/** Changes when the node's own text, a macro that it may use, or a variable of its dataset changes. */
function fingerprintOf(manifest: Manifest, node: RefNode | TestNode): string {
  const ofText = textFingerprint(manifest, node);
  if (!node.dataset) return ofText;
  return createHash('sha256').update(ofText).update(canonicalJson(node.dataset.vars)).digest('hex');
}

function textFingerprint(manifest: Manifest, node: RefNode | TestNode): string {
  const { macros } = scopeOf(manifest, node);
  if (node.kind === 'seed') return createHash('sha256').update(node.csv).digest('hex');
  if (node.kind !== 'test') return fingerprint(node.sql, macros);
  if (node.body.sort === 'singular') return fingerprint(node.body.sql, macros);
  if (node.body.sort === 'unit') return fingerprint(JSON.stringify(toJsonValue(node.body)), macros);
  return fingerprint(`test_${node.body.test} ${JSON.stringify(toJsonValue(node.body.arguments))}`, macros);
}
