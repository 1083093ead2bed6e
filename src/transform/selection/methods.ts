import { plainText } from '../files/plain-value.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ArtifactNode, ManifestArtifact } from '../artifacts/artifact-node.ts';
import { listOf } from '../artifacts/json-part.ts';
import { compareVersions } from '../files/model-versions.ts';
import type { Criterion, SelectionMethod } from './criterion.ts';
import { fitsName } from './fqn.ts';
import { fitsPattern } from './name-pattern.ts';
import { fitsPath } from './path-pattern.ts';
import type { PreviousState } from './previous-state.ts';
import type { SelectionGraph } from './selection-graph.ts';
import { fresherSources, hasResult } from './source-status.ts';
import { stateTest } from './state.ts';

interface Matching {
  readonly manifest: ManifestArtifact;
  readonly previous?: PreviousState | undefined;
  readonly graph: SelectionGraph;
  readonly root: string;
}

type Test = (node: ArtifactNode) => boolean;

/** Ids of the resources that fit the criterion's method and value, without its reach. */
export function matches(matching: Matching, criterion: Criterion): readonly string[] {
  const test = makers[criterion.method](criterion, matching);
  return [...matching.graph.byId].flatMap(([id, node]) => (test(node) ? [id] : []));
}

const makers: Readonly<Record<SelectionMethod, (criterion: Criterion, matching: Matching) => Test>> = {
  fqn:
    ({ value }) =>
    (node) =>
      node.resource_type !== 'source' && fitsName(node, value),
  tag:
    ({ value }) =>
    (node) =>
      [...(node.tags ?? []), ...listOf(node.config?.['tags'])].some((tag) =>
        fitsPattern(plainText(tag), value),
      ),
  group:
    ({ value }) =>
    (node) => {
      const group = node.config?.['group'];
      return isGroupable(node) && typeof group === 'string' && fitsPattern(group, value);
    },
  access:
    ({ value }) =>
    (node) =>
      node.resource_type === 'model' && node['access'] === value,
  source: ({ value }) => sourceTest(value),
  path: ({ value }, { root }) => fitsPath(root, value),
  file:
    ({ value }) =>
    (node) => {
      const name = node.original_file_path.slice(node.original_file_path.lastIndexOf('/') + 1);
      return fitsPattern(name, value) || fitsPattern(name.replace(/\.[^.]*$/, ''), value);
    },
  package: ({ value }, { manifest }) => {
    const wanted = value === 'this' ? plainText(manifest.metadata.project_name) : value;
    return (node) => fitsPattern(node.package_name, wanted);
  },
  config: ({ value, methodArguments }) => configTest(value, methodArguments),
  test_name:
    ({ value }) =>
    (node) => {
      if (node.resource_type === 'unit_test') return fitsPattern(node.name, value);
      const metadata = node['test_metadata'] as JsonObject | undefined;
      return metadata !== undefined && fitsPattern(plainText(metadata['name']), value);
    },
  test_type: ({ value }) => testTypeTest(value),
  resource_type: ({ value }) => resourceTypeTest(value),
  state: ({ value }, { manifest, previous }) => stateTest(value, manifest, previous),
  exposure: namedTest('exposure'),
  metric: namedTest('metric'),
  semantic_model: namedTest('semantic_model'),
  saved_query: namedTest('saved_query'),
  unit_test: namedTest('unit_test'),
  result: ({ value }, { previous }) => hasResult(value, previous),
  source_status: ({ value }, { previous }) => fresherSources(value, previous),
  version: ({ value }) => versionTest(value),
};

function isGroupable({ resource_type: type }: ArtifactNode): boolean {
  return !['source', 'exposure', 'semantic_model', 'saved_query', 'unit_test'].includes(type);
}

function sourceTest(value: string): Test {
  const parts = value.split('.');
  if (parts.length > 3)
    throw invalid(`"source:${value}": write source, source.table or package.source.table`);
  const [packageName, source, table] = parts.length === 3 ? parts : ['*', parts[0] ?? '*', parts[1] ?? '*'];
  return (node) =>
    node.resource_type === 'source' &&
    fitsPattern(node.package_name, packageName ?? '*') &&
    fitsPattern(plainText(node['source_name']), source ?? '*') &&
    fitsPattern(node.name, table ?? '*');
}

function namedTest(resourceType: string): (criterion: Criterion) => Test {
  return ({ value }) => {
    const parts = value.split('.');
    if (parts.length > 2) throw invalid(`"${resourceType}:${value}": write a name, or package.name`);
    const [name = '', packageName = '*'] = parts.toReversed();
    return (node) =>
      node.resource_type === resourceType &&
      fitsPattern(node.package_name, packageName) &&
      fitsPattern(node.name, name);
  };
}

const resourceTypes = [
  'model',
  'analysis',
  'test',
  'snapshot',
  'operation',
  'seed',
  'source',
  'exposure',
  'metric',
  'group',
  'saved_query',
  'semantic_model',
  'unit_test',
];

function resourceTypeTest(value: string): Test {
  if (!resourceTypes.includes(value)) {
    throw invalid(`"resource_type:${value}": the types are ${resourceTypes.join(', ')}`);
  }
  return (node) => node.resource_type === value;
}

function testTypeTest(value: string): Test {
  const isGeneric: Test = (node) => node.resource_type === 'test' && node['test_metadata'] !== undefined;
  const isSingular: Test = (node) => node.resource_type === 'test' && node['test_metadata'] === undefined;
  switch (value) {
    case 'generic':
    case 'schema':
      return isGeneric;
    case 'singular':
      return isSingular;
    case 'data':
      return (node) => node.resource_type === 'test';
    case 'unit':
      return (node) => node.resource_type === 'unit_test';
    default:
      throw invalid(`"test_type:${value}": the types are generic, singular, unit and data`);
  }
}

function versionTest(value: string): Test {
  const compared = (node: ArtifactNode): number | undefined => {
    const { version, latest_version: latest } = node;
    if (!isVersion(version) || !isVersion(latest)) return undefined;
    return compareVersions(version, latest);
  };
  const tests: Readonly<Record<string, Test>> = {
    latest: (node) => compared(node) === 0,
    prerelease: (node) => (compared(node) ?? 0) > 0,
    old: (node) => (compared(node) ?? 0) < 0,
    none: (node) => node['version'] === null || node['version'] === undefined,
  };
  const test = tests[value];
  if (!test) throw invalid(`"version:${value}": write latest, prerelease, old or none`);
  return (node) => node.resource_type === 'model' && test(node);
}

function isVersion(value: JsonValue | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** Booleans are written `true` and `false`; of a list, one element is enough. */
function configTest(value: string, path: readonly string[]): Test {
  const isIgnoringCase = path.length === 1 && path[0] === 'severity';
  const fits = (item: JsonValue): boolean => {
    if (typeof item === 'boolean') return value.toLowerCase() === String(item);
    if (isIgnoringCase && typeof item === 'string') return item.toLowerCase() === value.toLowerCase();
    return typeof item === 'object' ? false : String(item) === value;
  };
  return (node) => {
    if (!['model', 'seed', 'snapshot', 'test', 'analysis', 'source'].includes(node.resource_type))
      return false;
    let found: JsonValue | undefined = node.config;
    for (const key of path) found = itemOf(found, key);
    if (found === undefined || found === null) return false;
    return Array.isArray(found) ? (found as readonly JsonValue[]).some(fits) : fits(found);
  };
}

function itemOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const record = value as JsonObject;
  return record[key] ?? record[key.replace('_', '-')];
}

function invalid(message: string): ConfigError {
  return new ConfigError(message, { code: 'selection_invalid' });
}
