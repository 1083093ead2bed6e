import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { type Mistakes } from './mistakes.ts';
import { type Quoting, quoting } from './quoting.ts';
import { metadata, record, texts } from './yaml-schema.ts';
import { shapeYaml, type YamlFile } from './yaml-file.ts';

/** What `dbt_project.yml` says, with defaults filled in. Paths are relative to the dbt project. */
export interface DbtProjectFile {
  readonly yaml: YamlFile;
  readonly name: string;
  readonly version: string | undefined;
  readonly profile: string | undefined;
  readonly modelPaths: readonly string[];
  readonly seedPaths: readonly string[];
  readonly macroPaths: readonly string[];
  readonly testPaths: readonly string[];
  readonly snapshotPaths: readonly string[];
  readonly docsPaths: readonly string[];
  readonly analysisPaths: readonly string[];
  readonly packagesPath: string;
  /** Comment that statements carry: a template. */
  readonly queryComment: QueryComment | undefined;
  readonly targetPath: string;
  /** Whether other packages may read its protected models. */
  readonly restrictsAccess: boolean;
  /** Folders that `clean` removes. */
  readonly cleanTargets: readonly string[];
  /** `dispatch:`: packages to search by macro namespace. */
  readonly dispatch: ReadonlyMap<string, readonly string[]>;
  readonly functionPaths: readonly string[];
  /** `flags:`: what commands are called with where nobody says something else. */
  readonly flags: JsonObject;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly quoting: Quoting;
  /** Templates of statements that run before everything else of a run. */
  readonly onRunStart: readonly string[];
  /** Templates of statements that run when everything has run. */
  readonly onRunEnd: readonly string[];
  /** The `models:`, `seeds:`, `sources:` and `data_tests:` trees, not yet resolved. */
  readonly trees: Readonly<Record<ConfigTreeName, ConfigTree>>;
}

export interface QueryComment {
  readonly template: string;
  readonly isAppended: boolean;
}

export type ConfigTreeName =
  | 'models'
  | 'seeds'
  | 'snapshots'
  | 'sources'
  | 'tests'
  | 'unitTests'
  | 'exposures'
  | 'semanticModels'
  | 'metrics'
  | 'savedQueries';

export interface ConfigTree {
  /** The top-level key it was written under. */
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const tree = z.record(z.string(), z.unknown()).nullish();
const identifier = z.string().regex(/^[A-Za-z_]\w*$/, { error: 'must be letters, digits and underscores' });

const schema = record({
  name: identifier,
  version: z.union([z.string(), z.number()]).optional(),
  'config-version': z.union([z.literal(2), z.literal('2')], { error: 'must be 2' }).optional(),
  profile: z.string().optional(),
  'model-paths': texts,
  'seed-paths': texts,
  'macro-paths': texts,
  'test-paths': texts,
  'snapshot-paths': texts,
  'analysis-paths': texts,
  'docs-paths': texts,
  'asset-paths': texts,
  'function-paths': texts,
  'source-paths': texts,
  'data-paths': texts,
  'target-path': z.string().optional(),
  'log-path': metadata,
  'packages-install-path': z.string().optional(),
  'modules-path': z.string().optional(),
  'clean-targets': texts,
  'require-dbt-version': metadata,
  'dbt-cloud': metadata,
  'restrict-access': z.boolean().optional(),
  'query-comment': z
    .union([
      z.string(),
      record({ comment: z.string().nullish(), append: z.boolean().optional(), 'job-label': metadata }),
    ])
    .nullish(),
  flags: z.record(z.string(), z.json()).nullish(),
  dispatch: z.array(record({ macro_namespace: z.string(), search_order: z.array(z.string()) })).nullish(),
  quoting,
  vars: z.record(z.string(), z.unknown()).nullish(),
  'on-run-start': texts.nullable(),
  'on-run-end': texts.nullable(),
  models: tree,
  seeds: tree,
  sources: tree,
  tests: tree,
  data_tests: tree,
  snapshots: tree,
  exposures: tree,
  'semantic-models': tree,
  'saved-queries': tree,
  metrics: tree,
  unit_tests: tree,
  functions: metadata,
});

/** Checks a `dbt_project.yml` whose Jinja was already rendered into `value`. */
export function shapeDbtProject(
  yaml: YamlFile,
  value: unknown,
  mistakes: Mistakes,
): DbtProjectFile | undefined {
  const raw = shapeYaml(yaml, value, schema, mistakes);
  if (!raw) return undefined;
  if (raw.tests && raw.data_tests) {
    mistakes.add('"tests" and "data_tests" are two spellings of one key', {
      code: 'key_twice',
      origin: yaml.locate(['tests']),
      next: 'Move everything under "data_tests".',
    });
  }
  return {
    yaml,
    name: raw.name,
    version: raw.version === undefined ? undefined : String(raw.version),
    profile: raw.profile,
    modelPaths: raw['model-paths'] ?? raw['source-paths'] ?? ['models'],
    seedPaths: raw['seed-paths'] ?? raw['data-paths'] ?? ['seeds'],
    macroPaths: raw['macro-paths'] ?? ['macros'],
    testPaths: raw['test-paths'] ?? ['tests'],
    snapshotPaths: raw['snapshot-paths'] ?? ['snapshots'],
    docsPaths: raw['docs-paths'] ?? [],
    analysisPaths: raw['analysis-paths'] ?? ['analyses'],
    packagesPath: raw['packages-install-path'] ?? raw['modules-path'] ?? 'dbt_packages',
    queryComment: queryCommentOf(raw['query-comment']),
    targetPath: raw['target-path'] ?? 'target',
    restrictsAccess: raw['restrict-access'] ?? false,
    cleanTargets: raw['clean-targets'] ?? [raw['target-path'] ?? 'target'],
    dispatch: new Map((raw.dispatch ?? []).map((item) => [item.macro_namespace, item.search_order])),
    functionPaths: raw['function-paths'] ?? ['functions'],
    flags: raw.flags ?? {},
    vars: raw.vars ?? {},
    quoting: raw.quoting ?? {},
    onRunStart: raw['on-run-start'] ?? [],
    onRunEnd: raw['on-run-end'] ?? [],
    trees: {
      models: { key: 'models', value: raw.models ?? {} },
      seeds: { key: 'seeds', value: raw.seeds ?? {} },
      snapshots: { key: 'snapshots', value: raw.snapshots ?? {} },
      unitTests: { key: 'unit_tests', value: raw.unit_tests ?? {} },
      exposures: { key: 'exposures', value: raw.exposures ?? {} },
      semanticModels: { key: 'semantic-models', value: raw['semantic-models'] ?? {} },
      metrics: { key: 'metrics', value: raw.metrics ?? {} },
      savedQueries: { key: 'saved-queries', value: raw['saved-queries'] ?? {} },
      sources: { key: 'sources', value: raw.sources ?? {} },
      tests: raw.data_tests
        ? { key: 'data_tests', value: raw.data_tests }
        : { key: 'tests', value: raw.tests ?? {} },
    },
  };
}

function queryCommentOf(
  said:
    | string
    | { readonly comment?: string | null | undefined; readonly append?: boolean | undefined }
    | null
    | undefined,
): QueryComment | undefined {
  const template = typeof said === 'string' ? said : (said?.comment ?? '');
  if (template === '') return undefined;
  return { template, isAppended: typeof said === 'object' && said?.append === true };
}
