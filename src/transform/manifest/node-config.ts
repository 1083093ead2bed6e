import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { toJsonValue } from '../files/plain-value.ts';
import { didYouMean } from '../files/suggestion.ts';
import type { ConfigEntries } from './config-layer.ts';
import { checkKey } from './config-keys.ts';
import { type IncrementalStrategy, readStrategy } from './incremental-strategy.ts';
import { type Hook, hooks } from './hook.ts';
import { type MicrobatchConfig, readMicrobatch } from './microbatch-config.ts';
import { type Refusal, refusing } from './refusal.ts';
import { type Quoting, quoting } from '../files/quoting.ts';

/** Configuration that Millrace acts upon, checked. */
export interface NodeConfig {
  /** Set where the node cannot be built as it is configured. */
  readonly refusal: Refusal | undefined;
  readonly isEnabled: boolean;
  readonly materialized: Materialization;
  /** Name of the `{% materialization %}` that builds the node; undefined for those that Millrace has itself. */
  readonly customMaterialization: string | undefined;
  readonly schema: string | undefined;
  readonly alias: string | undefined;
  /** Where it is kept, if not in the database of the target. */
  readonly database: string | undefined;
  readonly tags: readonly string[];
  readonly meta: JsonObject;
  readonly preHooks: readonly Hook[];
  readonly postHooks: readonly Hook[];
  /** Columns or expressions; empty when there is none. */
  readonly uniqueKey: readonly string[];
  readonly onSchemaChange: 'ignore' | 'fail' | 'append_new_columns' | 'sync_all_columns';
  readonly incrementalStrategy: IncrementalStrategy;
  /** SQL that narrows the rows of the table that an increment may touch. */
  readonly incrementalPredicates: readonly string[];
  /** Columns that `merge` updates; all when absent. */
  readonly mergeUpdateColumns: readonly string[] | undefined;
  readonly mergeExcludeColumns: readonly string[];
  /** Statements that run before the one that creates the relation. */
  readonly sqlHeader: string | undefined;
  /** Grantees by privilege. */
  readonly grants: Readonly<Record<string, readonly string[]>>;
  /** Whether any are configured, be it for nobody. */
  readonly hasGrants: boolean;
  /** Whether descriptions become comments in the database. */
  readonly persistDocs: { readonly relation: boolean; readonly columns: boolean };
  readonly indexes: readonly IndexConfig[];
  /** Whether the model's columns must be those of its property file. */
  readonly isContractEnforced: boolean;
  /** What happens when a materialized view is not as configured. */
  readonly onConfigurationChange: 'apply' | 'continue' | 'fail';
  /** As what the failing rows of a test are kept; undefined where they are not. */
  readonly storedFailures: 'table' | 'view' | undefined;
  /** Of `microbatch`; undefined for every other strategy. */
  readonly microbatch: MicrobatchConfig | undefined;
  /** Column that tells when a row happened. */
  readonly eventTime: string | undefined;
  readonly quoting: Quoting;
  /** Overrides the run's full refresh. */
  readonly fullRefresh: boolean | undefined;
  readonly columnTypes: Readonly<Record<string, string>>;
  /** Undefined where nothing is said: then they are quoted. */
  readonly quoteColumns: boolean | undefined;
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

/** An index of a table on PostgreSQL. */
export interface IndexConfig {
  readonly columns: readonly string[];
  readonly unique?: boolean | undefined;
  /** Access method, such as `btree`. */
  readonly type?: string | undefined;
}

export type Materialization =
  | 'view'
  | 'table'
  | 'incremental'
  | 'ephemeral'
  | 'materialized_view'
  | 'snapshot'
  | 'custom'
  | 'seed'
  | 'test'
  | 'source';

const notYetMaterialized: Readonly<Record<string, string>> = {
  snapshot: 'write it under snapshots/',
  external: 'use a table, and write files with a replication',
  table_function: 'use a view',
};

const optionalText = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === null || value === undefined || value === '' ? undefined : String(value)));

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]).nullish();

const schemas = {
  enabled: z.boolean().default(true),
  materialized: z.string().optional(),
  schema: optionalText,
  alias: optionalText,
  database: optionalText,
  tags: z.array(z.string()).default([]),
  meta: z.record(z.string(), z.unknown()).nullish(),
  pre_hook: hooks,
  post_hook: hooks,
  unique_key: z
    .union([z.string().transform((key) => [key]), z.array(z.string())])
    .nullish()
    .transform((value) => value ?? []),
  on_schema_change: z.enum(['ignore', 'fail', 'append_new_columns', 'sync_all_columns']).default('ignore'),
  incremental_strategy: z.string().nullish(),
  incremental_predicates: texts,
  predicates: texts,
  merge_update_columns: texts,
  merge_exclude_columns: texts,
  sql_header: optionalText,
  grants: z.record(z.string(), texts).nullish(),
  persist_docs: z.object({ relation: z.boolean().optional(), columns: z.boolean().optional() }).nullish(),
  indexes: z
    .array(
      z.strictObject({
        columns: z.array(z.string()),
        unique: z.boolean().optional(),
        type: z.string().optional(),
      }),
    )
    .nullish(),
  contract: z
    .union([
      z.boolean().transform((enforced) => ({ enforced })),
      z.looseObject({ enforced: z.boolean().optional(), alias_types: z.boolean().optional() }),
    ])
    .nullish(),
  on_configuration_change: z.enum(['apply', 'continue', 'fail']).default('apply'),
  event_time: optionalText,
  quoting,
  store_failures: z.boolean().nullish(),
  store_failures_as: z.enum(['table', 'view', 'ephemeral']).nullish(),
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

const readKeys = Object.keys(schemas);

type Configured = { [Key in keyof typeof schemas]: z.output<(typeof schemas)[Key]> };

/** What each key is where nothing is configured. */
const unconfigured: Configured = Object.fromEntries(
  Object.entries(schemas).map(([key, schema]) => [key, schema.parse(undefined)]),
) as unknown as Configured;

/**
 * Checks merged configuration. Adds `config_invalid` for a wrong value, `not_yet_supported` for what would have changed
 * the outcome, and `config_unknown` for a key that looks like a misspelt one; other keys are the user's own and are kept.
 */
export function readNodeConfig(
  entries: ConfigEntries,
  fallback: Materialization,
  mistakes: Mistakes,
  isCustom: (materialization: string) => boolean = () => false,
  isOwnStrategy: (strategy: string) => boolean = () => false,
): NodeConfig {
  const refusals: Refusal[] = [];
  const ofNode = refusing(mistakes, refusals);
  for (const [key, { value, origin }] of entries) checkKey(key, value, origin, readKeys, ofNode);
  const read = <Key extends keyof Configured>(key: Key): Configured[Key] => {
    const entry = entries.get(key);
    if (!entry) return unconfigured[key];
    const schema: z.ZodType = schemas[key];
    const result = schema.safeParse(entry.value);
    if (result.success) return result.data as Configured[Key];
    const reason = result.error.issues[0]?.message ?? 'is not valid';
    mistakes.add(`the configuration "${key}" is ${JSON.stringify(toJsonValue(entry.value))}: ${reason}`, {
      code: 'config_invalid',
      origin: entry.origin,
    });
    return unconfigured[key];
  };
  const uniqueKey = read('unique_key');
  const strategy = read('incremental_strategy');
  const materialized = read('materialized');
  const persistDocs = read('persist_docs');
  const built = materialization(
    materialized,
    fallback,
    entries.get('materialized')?.origin,
    ofNode,
    isCustom,
  );
  const ofStrategy = mistakes.isTolerant && built !== 'incremental' ? refusing(mistakes, []) : ofNode;
  const incrementalStrategy = readStrategy(entries, uniqueKey, ofStrategy, isOwnStrategy);
  return {
    refusal: refusals[0],
    isEnabled: read('enabled'),
    materialized: built,
    customMaterialization: isCustom(materialized ?? fallback) ? (materialized ?? fallback) : undefined,
    schema: read('schema'),
    alias: read('alias'),
    database: read('database'),
    tags: [...new Set(read('tags'))],
    meta: toJsonValue(read('meta') ?? {}) as JsonObject,
    preHooks: read('pre_hook'),
    postHooks: read('post_hook'),
    uniqueKey,
    onSchemaChange: read('on_schema_change'),
    incrementalStrategy,
    incrementalPredicates: read('incremental_predicates') ?? read('predicates') ?? [],
    mergeUpdateColumns: read('merge_update_columns') ?? undefined,
    mergeExcludeColumns: read('merge_exclude_columns') ?? [],
    sqlHeader: read('sql_header'),
    grants: withoutEmpty(read('grants') ?? {}),
    hasGrants: Object.keys(read('grants') ?? {}).length > 0,
    persistDocs: {
      relation: persistDocs?.relation ?? false,
      columns: persistDocs?.columns ?? false,
    },
    indexes: read('indexes') ?? [],
    isContractEnforced: read('contract')?.enforced === true,
    onConfigurationChange: read('on_configuration_change'),
    storedFailures: storedFailures(
      read('store_failures') ?? undefined,
      read('store_failures_as') ?? undefined,
    ),
    microbatch: strategy === 'microbatch' ? readMicrobatch(entries, mistakes) : undefined,
    eventTime: read('event_time'),
    quoting: read('quoting') ?? {},
    fullRefresh: read('full_refresh') ?? undefined,
    columnTypes: read('column_types') ?? {},
    quoteColumns: read('quote_columns') ?? undefined,
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

/** `store_failures_as` wins; `store_failures` alone means a table. */
function storedFailures(
  isStored: boolean | undefined,
  as: 'table' | 'view' | 'ephemeral' | undefined,
): NodeConfig['storedFailures'] {
  if (as !== undefined) return as === 'ephemeral' ? undefined : as;
  return isStored === true ? 'table' : undefined;
}

function withoutEmpty(
  grants: Readonly<Record<string, readonly string[] | null | undefined>>,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(grants).flatMap(([privilege, grantees]) =>
      grantees && grantees.length > 0 ? [[privilege, grantees]] : [],
    ),
  );
}

const modelMaterializations: readonly Materialization[] = [
  'view',
  'table',
  'incremental',
  'ephemeral',
  'materialized_view',
];

function materialization(
  configured: string | undefined,
  fallback: Materialization,
  origin: Origin | undefined,
  mistakes: Mistakes,
  isCustom: (name: string) => boolean,
): Materialization {
  if (fallback !== 'view') return fallback;
  if (isCustom(configured ?? fallback)) return 'custom';
  if (configured === undefined || configured === fallback) return fallback;
  const known = modelMaterializations.find((name) => name === configured);
  if (known) return known;
  const instead = notYetMaterialized[configured];
  mistakes.add(
    instead === undefined
      ? `unknown materialization "${configured}"${didYouMean(configured, modelMaterializations)}`
      : `the materialization "${configured}" is not yet supported: ${instead}`,
    {
      code: instead === undefined ? 'config_invalid' : 'not_yet_supported',
      ...(origin ? { origin } : {}),
      ...(instead === undefined ? { next: `Or define {% materialization ${configured}, default %}.` } : {}),
    },
  );
  return fallback;
}
