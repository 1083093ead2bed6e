import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { toJsonValue } from '../files/plain-value.ts';
import { didYouMean, misspelt } from '../files/suggestion.ts';
import type { ConfigEntries } from './config-layer.ts';
import { snapshotKeys } from './snapshot-config.ts';

/** Statement that runs before or after a model is built; a template, rendered late. */
export interface Hook {
  readonly sql: string;
  /** Whether it runs in the transaction that publishes the model. */
  readonly isInTransaction: boolean;
}

/** Configuration that Millrace acts upon, checked. */
export interface NodeConfig {
  readonly isEnabled: boolean;
  readonly materialized: Materialization;
  readonly schema: string | undefined;
  readonly alias: string | undefined;
  readonly tags: readonly string[];
  readonly meta: JsonObject;
  readonly preHooks: readonly Hook[];
  readonly postHooks: readonly Hook[];
  /** Columns or expressions; empty when there is none. */
  readonly uniqueKey: readonly string[];
  readonly onSchemaChange: 'ignore' | 'fail' | 'append_new_columns';
  readonly incrementalStrategy: 'append' | 'delete+insert';
  /** Overrides the run's full refresh. */
  readonly fullRefresh: boolean | undefined;
  readonly columnTypes: Readonly<Record<string, string>>;
  readonly quoteColumns: boolean;
  readonly delimiter: string;
  readonly severity: 'error' | 'warn';
  readonly where: string | undefined;
  readonly limit: number | undefined;
  readonly failCalc: string;
  readonly warnIf: string;
  readonly errorIf: string;
  /** Everything that was configured, the user's own keys included. */
  readonly all: JsonObject;
}

export type Materialization =
  | 'view'
  | 'table'
  | 'incremental'
  | 'ephemeral'
  | 'snapshot'
  | 'seed'
  | 'test'
  | 'source';

const notYetMaterialized: Readonly<Record<string, string>> = {
  snapshot: 'write it under snapshots/',
  materialized_view: 'use a table or a view',
  external: 'use a table, and write files with a replication',
  table_function: 'use a view',
};

const hook = z.union([
  z.string().transform((sql) => ({ sql, isInTransaction: true })),
  z
    .looseObject({ sql: z.string(), transaction: z.boolean().optional() })
    .transform((value) => ({ sql: value.sql, isInTransaction: value.transaction ?? true })),
]);
const hooks = z
  .array(hook)
  .nullish()
  .transform((value) => (value ?? []).filter((item) => item.sql.trim() !== ''));
const optionalText = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === null || value === undefined || value === '' ? undefined : String(value)));

const schemas = {
  enabled: z.boolean().default(true),
  materialized: z.string().optional(),
  schema: optionalText,
  alias: optionalText,
  tags: z.array(z.string()).default([]),
  meta: z.record(z.string(), z.unknown()).nullish(),
  pre_hook: hooks,
  post_hook: hooks,
  unique_key: z
    .union([z.string().transform((key) => [key]), z.array(z.string())])
    .nullish()
    .transform((value) => value ?? []),
  on_schema_change: z.enum(['ignore', 'fail', 'append_new_columns']).default('ignore'),
  incremental_strategy: z.enum(['append', 'delete+insert']).nullish(),
  full_refresh: z.boolean().nullish(),
  column_types: z.record(z.string(), z.string()).nullish(),
  quote_columns: z.boolean().nullish(),
  delimiter: z.string().min(1).nullish(),
  severity: z
    .string()
    .transform((value) => value.toLowerCase())
    .pipe(z.enum(['error', 'warn']))
    .default('error'),
  where: optionalText,
  limit: z.number().int().positive().nullish(),
  fail_calc: z.string().default('count(*)'),
  warn_if: z.string().default('!= 0'),
  error_if: z.string().default('!= 0'),
} as const;

type Configured = { [Key in keyof typeof schemas]: z.output<(typeof schemas)[Key]> };

/** Keys of dbt that change what is built, with what to do as long as they are not supported. */
const notYet: Readonly<Record<string, string>> = {
  grants: 'grant in a post_hook',
  persist_docs:
    'descriptions are shown by Millrace; remove the key to build without comments in the database',
  contract: 'test the columns, or cast them in the model',
  sql_header: 'use a pre_hook',
  incremental_predicates: 'filter in the model under is_incremental()',
  merge_update_columns: 'use delete+insert',
  merge_exclude_columns: 'use delete+insert',
  indexes: 'create the index in a post_hook',
  unlogged: 'remove it',
  partitioned_by: 'remove it',
  store_failures: 'failing values are shown in the outcome of the check',
  store_failures_as: 'failing values are shown in the outcome of the check',
  batch_size: 'filter in the model under is_incremental()',
  begin: 'filter in the model under is_incremental()',
  lookback: 'filter in the model under is_incremental()',
  concurrent_batches: 'remove it',
  on_error: 'remove it',
  location: 'write files with a replication',
  database: 'everything is built in the database of the target connection',
  packages: 'copy the macro into this project',
  quoting: 'names are always quoted',
};

/** Keys that are kept and shown. */
const metadataKeys = [
  'access',
  'group',
  'docs',
  'event_time',
  'freshness',
  'loader',
  'loaded_at_field',
  'loaded_at_query',
  'static_analysis',
  'owner',
  'maturity',
  'description',
  'name',
  'on_configuration_change',
];

/** Keys of other databases' adapters: without effect here, as in dbt. */
const foreignKeys = [
  'automatic_clustering',
  'backup',
  'base_location_subpath',
  'bind',
  'buckets',
  'cluster_by',
  'copy_grants',
  'dist',
  'external_volume',
  'file_format',
  'hours_to_expiration',
  'kms_key_name',
  'labels',
  'location_root',
  'partition_by',
  'partition_expiration_days',
  'partitions',
  'query_tag',
  'require_partition_filter',
  'secure',
  'snowflake_warehouse',
  'sort',
  'sort_type',
  'table_format',
  'target_lag',
  'tblproperties',
  'tmp_relation_type',
  'transient',
];

const knownKeys = [
  ...Object.keys(schemas),
  ...Object.keys(notYet),
  ...metadataKeys,
  ...foreignKeys,
  ...snapshotKeys,
];

/**
 * Checks merged configuration. Adds `config_invalid` for a wrong value, `not_yet_supported` for what would have changed
 * the outcome, and `config_unknown` for a key that looks like a misspelt one; other keys are the user's own and are kept.
 */
export function readNodeConfig(
  entries: ConfigEntries,
  fallback: Materialization,
  targetDatabase: string,
  mistakes: Mistakes,
): NodeConfig {
  for (const [key, { value, origin }] of entries) checkKey(key, value, origin, targetDatabase, mistakes);
  const read = <Key extends keyof Configured>(key: Key): Configured[Key] => {
    const entry = entries.get(key);
    const schema: z.ZodType = schemas[key];
    const result = schema.safeParse(entry?.value);
    if (result.success) return result.data as Configured[Key];
    const reason = result.error.issues[0]?.message ?? 'is not valid';
    mistakes.add(`the configuration "${key}" is ${JSON.stringify(toJsonValue(entry?.value))}: ${reason}`, {
      code: 'config_invalid',
      ...(entry ? { origin: entry.origin } : {}),
    });
    return schema.parse(undefined) as Configured[Key];
  };
  const uniqueKey = read('unique_key');
  return {
    isEnabled: read('enabled'),
    materialized: materialization(
      read('materialized'),
      fallback,
      entries.get('materialized')?.origin,
      mistakes,
    ),
    schema: read('schema'),
    alias: read('alias'),
    tags: [...new Set(read('tags'))],
    meta: toJsonValue(read('meta') ?? {}) as JsonObject,
    preHooks: read('pre_hook'),
    postHooks: read('post_hook'),
    uniqueKey,
    onSchemaChange: read('on_schema_change'),
    incrementalStrategy: read('incremental_strategy') ?? (uniqueKey.length > 0 ? 'delete+insert' : 'append'),
    fullRefresh: read('full_refresh') ?? undefined,
    columnTypes: read('column_types') ?? {},
    quoteColumns: read('quote_columns') ?? false,
    delimiter: read('delimiter') ?? ',',
    severity: read('severity'),
    where: read('where'),
    limit: read('limit') ?? undefined,
    failCalc: read('fail_calc'),
    warnIf: read('warn_if'),
    errorIf: read('error_if'),
    all: Object.fromEntries(
      [...entries].map(([key, entry]): [string, JsonValue] => [key, toJsonValue(entry.value)]),
    ),
  };
}

function checkKey(
  key: string,
  value: unknown,
  origin: Origin,
  targetDatabase: string,
  mistakes: Mistakes,
): void {
  const instead = notYet[key];
  if (instead !== undefined) {
    if (isWithoutEffect(key, value, targetDatabase)) return;
    mistakes.add(`the configuration "${key}" is not yet supported: ${instead}`, {
      code: 'not_yet_supported',
      origin,
    });
    return;
  }
  if (knownKeys.includes(key)) return;
  const near = misspelt(key, knownKeys);
  if (near === undefined) return;
  mistakes.add(`unknown configuration "${key}"; did you mean "${near}"?`, {
    code: 'config_unknown',
    origin,
    next: 'If it is a key of your own, put it under "meta".',
  });
}

function isWithoutEffect(key: string, value: unknown, targetDatabase: string): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  if (key === 'database') return value === targetDatabase;
  if (typeof value !== 'object') return false;
  const parts = Object.values(value);
  if (key === 'quoting') return parts.every((part) => part === true);
  if (key === 'contract') return !('enforced' in value) || value.enforced !== true;
  if (key === 'persist_docs') return parts.every((part) => part === false);
  return parts.length === 0;
}

const modelMaterializations: readonly Materialization[] = ['view', 'table', 'incremental', 'ephemeral'];

function materialization(
  configured: string | undefined,
  fallback: Materialization,
  origin: Origin | undefined,
  mistakes: Mistakes,
): Materialization {
  if (configured === undefined || configured === fallback) return fallback;
  if (fallback !== 'view') return fallback;
  const known = modelMaterializations.find((name) => name === configured);
  if (known) return known;
  const instead = notYetMaterialized[configured];
  mistakes.add(
    instead === undefined
      ? `unknown materialization "${configured}"${didYouMean(configured, modelMaterializations)} (custom materializations are not yet supported)`
      : `the materialization "${configured}" is not yet supported: ${instead}`,
    { code: instead === undefined ? 'config_invalid' : 'not_yet_supported', ...(origin ? { origin } : {}) },
  );
  return fallback;
}
