import { z } from 'zod';
import type { Mistakes } from './mistakes.ts';
import { type Quoting, quoting } from './quoting.ts';
import { unitTest, unitTestProperties, type UnitTestProperties } from './unit-test-properties.ts';
import { metadata, notYet, record } from './yaml-schema.ts';
import { shapeYaml, type YamlFile, type YamlPath } from './yaml-file.ts';

/** What one property file (`schema.yml`) says. */
export interface PropertyFile {
  readonly yaml: YamlFile;
  readonly models: readonly NodeProperties[];
  readonly seeds: readonly NodeProperties[];
  readonly snapshots: readonly SnapshotProperties[];
  readonly sources: readonly SourceProperties[];
  readonly exposures: readonly ExposureProperties[];
  readonly unitTests: readonly UnitTestProperties[];
  /** Descriptions and configuration of singular tests. */
  readonly singularTests: readonly NodeProperties[];
}

/** A model, seed, singular test or source table as its YAML describes it. */
export interface NodeProperties {
  readonly name: string;
  readonly description: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly columns: readonly ColumnProperties[];
  /** As written; read by `test-entry.ts`. */
  readonly tests: readonly unknown[];
  /** Where the node was written within its file. */
  readonly path: YamlPath;
  /** The spelling that was used for `tests`. */
  readonly testsKey: string;
}

export interface SnapshotProperties extends NodeProperties {
  /** `ref('x')` or `source('x', 'y')` of a snapshot that is written in YAML alone. */
  readonly relation: string | undefined;
}

export interface ColumnProperties {
  readonly name: string;
  readonly description: string;
  readonly dataType: string | undefined;
  readonly isQuoted: boolean;
  readonly tags: readonly string[];
  readonly tests: readonly unknown[];
  readonly path: YamlPath;
  readonly testsKey: string;
}

export interface SourceProperties {
  readonly name: string;
  readonly description: string;
  readonly database: string | undefined;
  readonly schema: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly quoting: Quoting;
  readonly tables: readonly SourceTableProperties[];
  readonly path: YamlPath;
}

export interface SourceTableProperties extends NodeProperties {
  readonly identifier: string | undefined;
  readonly quoting: Quoting;
}

export interface ExposureProperties {
  readonly name: string;
  readonly label: string | undefined;
  readonly description: string;
  readonly type: string;
  readonly url: string | undefined;
  readonly dependsOn: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly path: YamlPath;
}

const text = z.string().nullish();
const tests = z.array(z.unknown()).nullish();
const anyConfig = z.record(z.string(), z.unknown()).nullish();
const tags = z
  .union([z.string().transform((tag) => [tag]), z.array(z.string())])
  .nullish()
  .transform((value) => value ?? []);

const column = record({
  name: z.string(),
  description: text,
  data_type: text,
  quote: z.boolean().nullish(),
  tags,
  tests,
  data_tests: tests,
  config: anyConfig,
  meta: metadata,
  docs: metadata,
  constraints: metadata,
  granularity: metadata,
  policy_tags: metadata,
});

const common = {
  name: z.string(),
  description: text,
  config: anyConfig,
  columns: z.array(column).nullish(),
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
  versions: notYet('give each version a model of its own'),
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
  freshness: metadata,
  tags,
  quoting,
  external: notYet('load the files with a replication, then name its table here'),
});

const source = record({
  name: z.string(),
  description: text,
  database: text,
  schema: text,
  loader: metadata,
  loaded_at_field: metadata,
  loaded_at_query: metadata,
  freshness: metadata,
  meta: metadata,
  tags,
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
  type: z.string(),
  url: text,
  maturity: metadata,
  owner: metadata,
  depends_on: z.array(z.string()).nullish(),
  config: anyConfig,
  meta: metadata,
  docs: metadata,
  tags,
});

const file = record({
  version: metadata,
  anchors: metadata,
  models: z.array(model).nullish(),
  seeds: z.array(seed).nullish(),
  sources: z.array(source).nullish(),
  exposures: z.array(exposure).nullish(),
  data_tests: z.array(singularTest).nullish(),
  macros: metadata,
  analyses: metadata,
  groups: metadata,
  snapshots: z.array(snapshot).nullish(),
  unit_tests: z.array(unitTest).nullish(),
  semantic_models: metadata,
  metrics: metadata,
  saved_queries: metadata,
  functions: notYet('create the function in a pre_hook'),
});

type RawColumn = z.infer<typeof column>;
type RawNode = z.infer<typeof singularTest> &
  Partial<Pick<z.infer<typeof seed>, 'columns' | 'tests' | 'data_tests'>>;

/** Checks a property file whose Jinja was already rendered into `value`. */
export function shapePropertyFile(
  yaml: YamlFile,
  value: unknown,
  mistakes: Mistakes,
): PropertyFile | undefined {
  const raw = shapeYaml(yaml, value, file, mistakes);
  if (!raw) return undefined;
  const node = (item: RawNode, path: YamlPath, extra: Record<string, unknown> = {}): NodeProperties => ({
    name: item.name,
    description: item.description ?? '',
    config: { ...extra, ...item.config },
    columns: (item.columns ?? []).map((entry, index) => columnProperties(entry, [...path, 'columns', index])),
    ...testsOf(item),
    path,
  });
  return {
    yaml,
    models: (raw.models ?? []).map((item, index) =>
      node(item, ['models', index], picked(item, ['meta', 'docs', 'group', 'access'])),
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
    exposures: (raw.exposures ?? []).map((item, index) => ({
      name: item.name,
      label: item.label ?? undefined,
      description: item.description ?? '',
      type: item.type,
      url: item.url ?? undefined,
      dependsOn: item.depends_on ?? [],
      config: { ...picked(item, ['meta', 'tags', 'owner', 'maturity']), ...item.config },
      path: ['exposures', index],
    })),
    sources: (raw.sources ?? []).map((item, index) => ({
      name: item.name,
      description: item.description ?? '',
      database: item.database ?? undefined,
      schema: item.schema ?? undefined,
      config: { ...picked(item, sourceMetadata), ...item.config },
      quoting: item.quoting ?? {},
      path: ['sources', index],
      tables: (item.tables ?? []).map((entry, at) => ({
        ...node(entry, ['sources', index, 'tables', at], picked(entry, sourceMetadata)),
        identifier: entry.identifier ?? undefined,
        quoting: entry.quoting ?? {},
      })),
    })),
  };
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

function testsOf(raw: {
  readonly tests?: readonly unknown[] | null | undefined;
  readonly data_tests?: readonly unknown[] | null | undefined;
}): { readonly tests: readonly unknown[]; readonly testsKey: string } {
  return raw.data_tests
    ? { tests: [...raw.data_tests, ...(raw.tests ?? [])], testsKey: 'data_tests' }
    : { tests: raw.tests ?? [], testsKey: 'tests' };
}

/** Old spelling: configuration written beside `config` instead of in it. */
function picked(raw: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter((key) => raw[key] !== undefined && raw[key] !== null).map((key) => [key, raw[key]]),
  );
}
