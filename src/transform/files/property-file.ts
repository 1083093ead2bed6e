import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { Mistakes } from './mistakes.ts';
import { checkLatestVersion, modelVersions, versionEntry } from './model-versions.ts';
import { toJsonValue } from './plain-value.ts';
import type { ColumnProperties, NodeProperties, PropertyFile, Section } from './properties.ts';
import { quoting } from './quoting.ts';
import { unitTest, unitTestProperties } from './unit-test-properties.ts';
import { columnSchema, tagList } from './column-schema.ts';
import { metadata, notYet, record } from './yaml-schema.ts';
import { shapeYaml, withoutUnknownKeys, type YamlFile, type YamlPath } from './yaml-file.ts';

const text = z.string().nullish();
const threshold = record({
  count: z.union([z.number(), z.string().regex(/^\d+$/)]).nullish(),
  period: z.enum(['minute', 'hour', 'day']).nullish(),
}).nullish();
const freshness = record({ warn_after: threshold, error_after: threshold, filter: text }).nullish();
const tests = z.array(z.unknown()).nullish();
const anyConfig = z.record(z.string(), z.unknown()).nullish();

const common = {
  name: z.string(),
  description: text,
  config: anyConfig,
  columns: z.array(columnSchema).nullish(),
  tests,
  data_tests: tests,
  meta: metadata,
  docs: metadata,
};

const model = record({
  ...common,
  access: metadata,
  group: metadata,
  constraints: metadata,
  deprecation_date: metadata,
  latest_version: metadata,
  time_spine: metadata,
  versions: z.array(versionEntry).nullish(),
});
const seed = record({ ...common, group: metadata });
const snapshot = record({ ...common, group: metadata, relation: text });
const singularTest = record({
  name: z.string(),
  description: text,
  config: anyConfig,
  meta: metadata,
  docs: metadata,
});

const table = record({
  ...common,
  identifier: text,
  loader: metadata,
  loaded_at_field: metadata,
  loaded_at_query: metadata,
  freshness,
  tags: tagList,
  quoting,
  external: metadata,
});

const source = record({
  name: z.string(),
  description: text,
  database: text,
  schema: text,
  loader: metadata,
  loaded_at_field: metadata,
  loaded_at_query: metadata,
  freshness,
  meta: metadata,
  tags: tagList,
  quoting,
  config: anyConfig,
  overrides: notYet('packages are not read, so there is nothing to override'),
  tables: z.array(table).nullish(),
  tests: notYet('write the tests under a table'),
  data_tests: notYet('write the tests under a table'),
});

const exposure = record({
  name: z.string(),
  label: text,
  description: text,
  type: z.enum(['dashboard', 'notebook', 'analysis', 'ml', 'application']),
  url: text,
  maturity: z.enum(['low', 'medium', 'high']).nullish(),
  owner: metadata,
  depends_on: z.array(z.string()).nullish(),
  config: anyConfig,
  meta: metadata,
  docs: metadata,
  tags: tagList,
});

const analysis = record({ ...common, tags: tagList });
const group = record({
  name: z.string(),
  description: text,
  owner: z.looseObject({ email: z.unknown().optional(), name: text }),
  config: anyConfig,
  meta: metadata,
});
const sections = z.array(z.looseObject({ name: z.string() })).nullish();

const file = record({
  version: metadata,
  anchors: metadata,
  models: z.array(model).nullish(),
  seeds: z.array(seed).nullish(),
  sources: z.array(source).nullish(),
  exposures: z.array(exposure).nullish(),
  data_tests: z.array(singularTest).nullish(),
  macros: sections,
  analyses: z.array(analysis).nullish(),
  groups: z.array(group).nullish(),
  snapshots: z.array(snapshot).nullish(),
  unit_tests: z.array(unitTest).nullish(),
  semantic_models: sections,
  metrics: sections,
  saved_queries: sections,
  functions: notYet('create the function in a pre_hook'),
});

type RawColumn = z.infer<typeof columnSchema>;
type RawNode = z.infer<typeof singularTest> &
  Partial<Pick<z.infer<typeof seed>, 'columns' | 'tests' | 'data_tests'>>;

/** Checks a property file whose Jinja was already rendered into `value`. */
export function shapePropertyFile(
  yaml: YamlFile,
  value: unknown,
  mistakes: Mistakes,
): PropertyFile | undefined {
  const known = mistakes.isTolerant ? withoutUnknownKeys(yaml, value, file, mistakes) : value;
  const raw = shapeYaml(yaml, known, file, mistakes);
  if (!raw) return undefined;
  const checkTests = (item: Spellings, path: YamlPath): void => {
    if (!item.tests || item.tests.length === 0 || !item.data_tests) return;
    mistakes.add('there are both "tests" and "data_tests", which mean the same', {
      code: 'yaml_shape',
      origin: yaml.locate([...path, 'tests']),
    });
  };
  const node = (item: RawNode, path: YamlPath, extra: Record<string, unknown> = {}): NodeProperties => {
    checkTests(item, path);
    item.columns?.forEach((column, index) => checkTests(column, [...path, 'columns', index]));
    return {
      name: item.name,
      description: item.description ?? '',
      config: { ...extra, ...item.config },
      columns: (item.columns ?? []).map((entry, index) =>
        columnProperties(entry, [...path, 'columns', index]),
      ),
      ...testsOf(item),
      path,
      raw: item as unknown as JsonObject,
    };
  };
  raw.models?.forEach((item, index) => checkLatestVersion(yaml, item, ['models', index], mistakes));
  return {
    yaml,
    models: (raw.models ?? []).flatMap((item, index) =>
      modelVersions(item, ['models', index]).map(({ entry, path, version }) => ({
        ...node(entry, path, picked(entry, ['meta', 'docs', 'group', 'access'])),
        ...(version ? { version } : {}),
      })),
    ),
    seeds: (raw.seeds ?? []).map((item, index) =>
      node(item, ['seeds', index], picked(item, ['meta', 'docs', 'group'])),
    ),
    snapshots: (raw.snapshots ?? []).map((item, index) => ({
      ...node(item, ['snapshots', index], picked(item, ['meta', 'docs', 'group'])),
      relation: item.relation ?? undefined,
    })),
    unitTests: (raw.unit_tests ?? []).map((item, index) => unitTestProperties(item, ['unit_tests', index])),
    singularTests: (raw.data_tests ?? []).map((item, index) =>
      node(item, ['data_tests', index], picked(item, ['meta'])),
    ),
    analyses: (raw.analyses ?? []).map((item, index) =>
      node(item, ['analyses', index], picked(item, ['meta', 'docs', 'tags'])),
    ),
    groups: sectionsOf(raw.groups, 'groups'),
    macros: sectionsOf(raw.macros, 'macros'),
    semanticModels: sectionsOf(raw.semantic_models, 'semantic_models'),
    metrics: sectionsOf(raw.metrics, 'metrics'),
    savedQueries: sectionsOf(raw.saved_queries, 'saved_queries'),
    exposures: (raw.exposures ?? []).map((item, index) => ({
      name: item.name,
      label: item.label ?? undefined,
      description: item.description ?? '',
      type: item.type,
      url: item.url ?? undefined,
      dependsOn: item.depends_on ?? [],
      config: { ...picked(item, ['meta', 'tags', 'owner', 'maturity']), ...item.config },
      ownConfig: item.config ?? {},
      path: ['exposures', index],
      raw: toJsonValue(item) as JsonObject,
    })),
    sources: (raw.sources ?? []).map((item, index) => ({
      name: item.name,
      description: item.description ?? '',
      database: item.database ?? undefined,
      schema: item.schema ?? undefined,
      config: { ...picked(item, sourceMetadata), ...item.config },
      quoting: item.quoting ?? {},
      path: ['sources', index],
      raw: toJsonValue({ ...item, tables: undefined }) as JsonObject,
      tables: (item.tables ?? []).map((entry, at) => ({
        ...node(entry, ['sources', index, 'tables', at], picked(entry, sourceMetadata)),
        identifier: entry.identifier ?? undefined,
        quoting: entry.quoting ?? {},
      })),
    })),
  };
}

function sectionsOf(
  entries: readonly { readonly name: string }[] | null | undefined,
  key: string,
): readonly Section[] {
  return (entries ?? []).map((entry, index) => ({
    name: entry.name,
    raw: toJsonValue(entry) as JsonObject,
    path: [key, index],
  }));
}

const sourceMetadata = ['meta', 'tags', 'loader', 'loaded_at_field', 'loaded_at_query', 'freshness'];

function columnProperties(raw: RawColumn, path: YamlPath): ColumnProperties {
  return {
    name: raw.name,
    description: raw.description ?? '',
    dataType: raw.data_type ?? undefined,
    isQuoted: raw.quote ?? false,
    tags: raw.tags,
    ...testsOf(raw),
    path,
  };
}

/** Both names of the same list. */
interface Spellings {
  readonly tests?: readonly unknown[] | null | undefined;
  readonly data_tests?: readonly unknown[] | null | undefined;
}

function testsOf(raw: Spellings): { readonly tests: readonly unknown[]; readonly testsKey: string } {
  return raw.data_tests
    ? { tests: [...raw.data_tests, ...(raw.tests ?? [])], testsKey: 'data_tests' }
    : { tests: raw.tests ?? [], testsKey: 'tests' };
}

/** Old spelling: configuration written beside `config` instead of in it. */
function picked(raw: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys
      .filter((key) => raw[key] !== undefined && raw[key] !== null && !isEmptyList(raw[key]))
      .map((key) => [key, raw[key]]),
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
