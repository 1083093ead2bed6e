import type { JsonObject } from '../../core/json.ts';
import type { Manifest } from '../reading/manifest.ts';
import type { TestNode } from '../manifest/transform-node.ts';
import type { ArtifactNode, ManifestArtifact } from './artifact-node.ts';
import {
  docEntries,
  exposureEntries,
  exposureEntry,
  groupEntries,
  macroEntries,
} from './definition-entries.ts';
import { entryOf, type EntryRequest } from './entry.ts';
import { artifactMetadata, type Invocation, projectId } from './metadata.ts';
import { type Compiled, compiledEntries } from './node-entry.ts';
import { operationEntries } from './operation-entry.ts';
import { withPrimaryKeys } from './primary-key.ts';
import { disabledSemanticEntries, semanticEntries } from './semantic-entries.ts';

export interface ManifestRequest {
  readonly manifest: Manifest;
  readonly invocation: Invocation;
  /** Absolute folder of the dbt project. */
  readonly root: string;
  /** Of `selectors.yml`. */
  readonly selectors?: JsonObject;
}

/** dbt's `manifest.json` of a project. */
export function manifestArtifact(request: ManifestRequest): ManifestArtifact {
  const { manifest, invocation, root } = request;
  const createdAtSeconds = invocation.atMs / 1000;
  const given = { createdAtSeconds, root };
  const nodes: Record<string, ArtifactNode> = {};
  const sources: Record<string, ArtifactNode> = {};
  const unitTests: Record<string, ArtifactNode> = {};
  for (const node of [...manifest.byId.values(), ...manifest.analyses]) {
    const entry = entryOf(manifest, node, given);
    if (node.kind === 'source') sources[node.uniqueId] = entry;
    else if (node.kind === 'test' && node.body.sort === 'unit') unitTests[node.uniqueId] = entry;
    else nodes[node.uniqueId] = entry;
  }
  const hooks = operationEntries(manifest, createdAtSeconds);
  const exposures = exposureEntries(manifest, createdAtSeconds);
  const semantic = semanticEntries(manifest, createdAtSeconds);
  const all = { ...nodes, ...hooks, ...sources, ...exposures, ...unitTests, ...semantic.all };
  const { parentMap, childMap } = maps(all);
  return {
    metadata: {
      ...artifactMetadata('manifest/v12', invocation),
      project_name: manifest.projectName,
      project_id: projectId(manifest.projectName),
      user_id: null,
      send_anonymous_usage_stats: false,
      adapter_type: manifest.scope.dialectName,
    },
    nodes: { ...withPrimaryKeys(nodes, manifest.tests.filter(isGeneric)), ...hooks },
    sources,
    macros: macroEntries(manifest, createdAtSeconds),
    docs: docEntries(manifest),
    exposures,
    metrics: semantic.metrics,
    groups: groupEntries(manifest),
    selectors: request.selectors ?? {},
    disabled: disabledEntries(manifest, given),
    parent_map: parentMap,
    child_map: childMap,
    group_map: groupMap(manifest, nodes),
    saved_queries: semantic.savedQueries,
    semantic_models: semantic.semanticModels,
    unit_tests: unitTests,
  };
}

/** By id; several files may have switched off what has the same name. */
function disabledEntries(manifest: Manifest, given: EntryRequest): ManifestArtifact['disabled'] {
  const { nodes, sections, exposures } = manifest.disabled;
  const entries = [
    ...nodes.map((node) => entryOf(manifest, node, given)),
    ...exposures.map((exposure) => exposureEntry(manifest, exposure, given.createdAtSeconds)),
    ...disabledSemanticEntries(manifest, sections, given.createdAtSeconds),
  ];
  const found: Record<string, ArtifactNode[]> = {};
  for (const entry of entries) (found[entry.unique_id] ??= []).push(entry);
  return found;
}

/** The manifest with the SQL of what was compiled. */
export function withCompiled(
  manifest: ManifestArtifact,
  compiled: ReadonlyMap<string, Compiled>,
): ManifestArtifact {
  const nodes = Object.fromEntries(
    Object.entries(manifest.nodes).map(([id, node]) => {
      const found = compiled.get(id);
      return [id, found ? { ...node, ...compiledEntries(found) } : node];
    }),
  );
  return { ...manifest, nodes };
}

function isGeneric(test: TestNode): boolean {
  return test.body.sort === 'generic';
}

function maps(all: Readonly<Record<string, ArtifactNode>>): {
  readonly parentMap: Record<string, readonly string[]>;
  readonly childMap: Record<string, readonly string[]>;
} {
  const parentMap: Record<string, string[]> = {};
  const childMap: Record<string, string[]> = {};
  for (const id of Object.keys(all)) childMap[id] = [];
  for (const [id, node] of Object.entries(all)) {
    const parents = [...new Set(node.depends_on?.nodes)].sort();
    parentMap[id] = parents;
    for (const parent of parents) childMap[parent]?.push(id);
  }
  for (const children of Object.values(childMap)) children.sort();
  return { parentMap, childMap };
}

function groupMap(
  manifest: Manifest,
  nodes: Readonly<Record<string, ArtifactNode>>,
): Record<string, string[]> {
  const members: Record<string, string[]> = Object.fromEntries(
    manifest.sections.groups.map(({ name }) => [name, []]),
  );
  for (const [id, node] of Object.entries(nodes)) {
    const { group } = node;
    if (typeof group === 'string') members[group]?.push(id);
  }
  return members;
}
