import { ConfigError } from '../../core/errors.ts';
import { canonicalJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { ArtifactNode, ManifestArtifact } from '../artifacts/artifact-node.ts';
import { datasetVariables } from '../artifacts/artifact-dataset.ts';
import { listOf, objectOf } from '../artifacts/json-part.ts';
import { changedMacroTest } from './changed-macros.ts';
import type { PreviousState } from './previous-state.ts';

type Comparison = (node: ArtifactNode, old: ArtifactNode) => boolean;

/** `state:`: what is new or differs from the manifest of an earlier run. */
export function stateTest(
  value: string,
  manifest: ManifestArtifact,
  previous: PreviousState | undefined,
): (node: ArtifactNode) => boolean {
  const before = previous?.manifest;
  if (!before) {
    throw new ConfigError(`"state:${value}" needs the manifest.json of an earlier run`, {
      code: 'state_missing',
      next: 'Name its folder: --state path/to/artifacts',
    });
  }
  const oldOf = ({ unique_id: id }: ArtifactNode): ArtifactNode | undefined =>
    before.nodes[id] ??
    before.sources[id] ??
    before.exposures[id] ??
    before.metrics[id] ??
    before.semantic_models[id] ??
    before.unit_tests[id] ??
    before.saved_queries[id];
  const isMacroChanged = changedMacroTest(manifest, before);
  const isModified = (node: ArtifactNode): boolean => {
    const old = oldOf(node);
    return !old || !sameContents(node, old) || isMacroChanged(node);
  };
  const differing =
    (same: Comparison, types: readonly string[]): ((node: ArtifactNode) => boolean) =>
    (node) => {
      if (!types.includes(node.resource_type)) return false;
      const old = oldOf(node);
      return !old || !same(node, old);
    };
  const tests: Readonly<Record<string, (node: ArtifactNode) => boolean>> = {
    new: (node) => oldOf(node) === undefined,
    old: (node) => oldOf(node) !== undefined,
    modified: isModified,
    unmodified: (node) => !isModified(node),
    'modified.body': differing(sameBody, templateTypes),
    'modified.configs': differing(sameConfig, [...templateTypes, 'source', 'exposure']),
    'modified.persisted_descriptions': differing(samePersistedDescription, templateTypes),
    'modified.relation': differing(sameRelation, [...templateTypes, 'source']),
    'modified.macros': isMacroChanged,
    'modified.contract': differing(sameContract, ['model', 'seed']),
  };
  const test = tests[value];
  if (test) return test;
  throw new ConfigError(`"state:${value}": there are ${Object.keys(tests).join(', ')}`, {
    code: 'selection_invalid',
  });
}

const templateTypes = ['model', 'seed', 'snapshot', 'test', 'analysis'];

function sameContents(node: ArtifactNode, old: ArtifactNode): boolean {
  switch (node.resource_type) {
    case 'source':
      return (
        sameRelation(node, old) &&
        sameFqn(node, old) &&
        sameConfig(node, old) &&
        same(node, old, ['quoting', 'freshness', 'loaded_at_field', 'external'])
      );
    case 'exposure':
      return (
        sameFqn(node, old) &&
        sameConfig(node, old) &&
        same(node, old, ['type', 'owner', 'maturity', 'url', 'description', 'label']) &&
        sameSet(node.depends_on?.nodes, old.depends_on?.nodes)
      );
    case 'unit_test':
      return same(node, old, ['checksum']);
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return canonicalJson(definitionOf(node)) === canonicalJson(definitionOf(old));
    case 'test':
      if (node['test_metadata'] !== undefined) return sameConfig(node, old) && sameFqn(node, old);
      break;
    default:
  }
  return (
    sameBody(node, old) &&
    sameConfig(node, old) &&
    samePersistedDescription(node, old) &&
    sameFqn(node, old) &&
    sameRelation(node, old) &&
    sameContract(node, old) &&
    (node.resource_type !== 'model' || same(node, old, ['latest_version', 'access', 'deprecation_date']))
  );
}

function definitionOf(node: ArtifactNode): JsonObject {
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) =>
      key === 'created_at' || value === undefined || value === null ? [] : [[key, value]],
    ),
  );
}

function sameBody(node: ArtifactNode, old: ArtifactNode): boolean {
  return node.resource_type === 'seed' ? same(node, old, ['checksum']) : node.raw_code === old.raw_code;
}

/** Where a node is built is compared by `sameRelation`, tags and descriptions are no change. */
const comparedElsewhere = new Set([
  'database',
  'schema',
  'alias',
  'tags',
  'meta',
  'group',
  'access',
  'docs',
  'description',
]);

function sameConfig(node: ArtifactNode, old: ArtifactNode): boolean {
  const [mine, theirs] = [objectOf(node.unrendered_config), objectOf(old.unrendered_config)];
  const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
  return (
    canonicalJson(datasetVariables(node) ?? {}) === canonicalJson(datasetVariables(old) ?? {}) &&
    [...keys].every(
      (key) => comparedElsewhere.has(key) || configText(key, mine[key]) === configText(key, theirs[key]),
    )
  );
}

/** One hook and a list of one are the same. */
function configText(key: string, value: JsonValue | undefined): string {
  return canonicalJson(key.endsWith('-hook') ? [...listOf(value)] : (value ?? null));
}

function samePersistedDescription(node: ArtifactNode, old: ArtifactNode): boolean {
  const persists = objectOf(node.config?.['persist_docs']);
  if (persists['relation'] === true && !same(node, old, ['description'])) return false;
  const descriptions = ({ columns }: ArtifactNode): JsonObject =>
    Object.fromEntries(
      Object.entries(objectOf(columns)).map(([name, column]) => [
        name,
        objectOf(column)['description'] ?? '',
      ]),
    );
  return (
    persists['columns'] !== true || canonicalJson(descriptions(node)) === canonicalJson(descriptions(old))
  );
}

function sameRelation(node: ArtifactNode, old: ArtifactNode): boolean {
  if (node.resource_type === 'source') return same(node, old, ['database', 'schema', 'identifier']);
  const [mine, theirs] = [objectOf(node.unrendered_config), objectOf(old.unrendered_config)];
  return ['database', 'schema', 'alias'].every(
    (key) => canonicalJson(mine[key] ?? null) === canonicalJson(theirs[key] ?? null),
  );
}

/** A contract that is not enforced before and after is none. */
function sameContract(node: ArtifactNode, old: ArtifactNode): boolean {
  const [mine, theirs] = [objectOf(node['contract']), objectOf(old['contract'])];
  const isEnforced = mine['enforced'] === true;
  if (isEnforced !== (theirs['enforced'] === true)) return false;
  return !isEnforced || mine['checksum'] === theirs['checksum'];
}

function sameFqn(node: ArtifactNode, old: ArtifactNode): boolean {
  return canonicalJson([...node.fqn]) === canonicalJson([...old.fqn]);
}

function same(node: ArtifactNode, old: ArtifactNode, keys: readonly string[]): boolean {
  const valueOf = (value: JsonValue | undefined): string => canonicalJson(value ?? null);
  return keys.every((key) => valueOf(node[key]) === valueOf(old[key]));
}

function sameSet(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  const sorted = (value: JsonValue | undefined): string => canonicalJson(listOf(value).map(String).sort());
  return sorted(left) === sorted(right);
}
