import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isJsonRecord, toJsonValue, plainText } from '../files/plain-value.ts';
import type { ConfigEntries } from '../manifest/config-layer.ts';

const common: JsonObject = {
  enabled: true,
  alias: null,
  schema: null,
  database: null,
  tags: [],
  meta: {},
  group: null,
};

const ofNodes: JsonObject = {
  ...common,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  'post-hook': [],
  'pre-hook': [],
  quoting: {},
  column_types: {},
  full_refresh: null,
  unique_key: null,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  grants: {},
  packages: [],
  docs: { show: true, node_color: null },
  contract: { enforced: false, alias_types: true },
  event_time: null,
  concurrent_batches: null,
};

/** What stands in `config` where nothing is configured, by kind of node. */
const defaults: Readonly<Record<string, JsonObject>> = {
  model: { ...ofNodes, access: 'protected' },
  analysis: ofNodes,
  seed: { ...ofNodes, materialized: 'seed', delimiter: ',', quote_columns: null },
  snapshot: {
    ...ofNodes,
    materialized: 'snapshot',
    strategy: null,
    target_schema: null,
    target_database: null,
    updated_at: null,
    check_cols: null,
    snapshot_meta_column_names: {
      dbt_valid_to: null,
      dbt_valid_from: null,
      dbt_scd_id: null,
      dbt_updated_at: null,
      dbt_is_deleted: null,
    },
    dbt_valid_to_current: null,
  },
  test: {
    ...common,
    schema: 'dbt_test__audit',
    materialized: 'test',
    severity: 'ERROR',
    store_failures: null,
    store_failures_as: null,
    where: null,
    limit: null,
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
  },
  source: { enabled: true, event_time: null },
};

/** Keys whose value is merged with the default instead of replacing it. */
const merged = new Set(['docs', 'contract', 'snapshot_meta_column_names']);

/** A node's `config` as dbt writes it: what is configured over dbt's defaults. */
export function configEntry(kind: string, entries: ConfigEntries): JsonObject {
  const base = defaults[kind] ?? {};
  const config: Record<string, JsonValue> = { ...base };
  for (const [key, { value }] of entries) {
    const name = artifactKey(key);
    const plain = name.endsWith('-hook') ? hookEntries(value) : configValue(name, toJsonValue(value));
    const before = base[name];
    config[name] =
      merged.has(name) && isJsonRecord(before) && isJsonRecord(plain) ? { ...before, ...plain } : plain;
  }
  if (kind === 'test') Object.assign(config, storedFailures(config));
  return config;
}

/** `config` of an entry of the metrics layer or an exposure. */
export function sectionConfigEntry(base: JsonObject, entries: ConfigEntries): JsonObject {
  const said = Object.fromEntries([...entries].map(([key, { value }]) => [key, toJsonValue(value)] as const));
  return { enabled: true, ...base, ...said };
}

/** Each of the two ways to say whether failures are kept follows from the other. */
function storedFailures({ store_failures: isStored, store_failures_as: kind }: JsonObject): JsonObject {
  if (typeof kind === 'string') return { store_failures: kind !== 'ephemeral' };
  if (typeof isStored !== 'boolean') return {};
  return { store_failures_as: isStored ? 'table' : 'ephemeral' };
}

/** What was configured, each key as the nearest place has it, and nothing else. */
export function unrenderedConfig(entries: ConfigEntries): JsonObject {
  return Object.fromEntries(
    [...entries].map(
      ([key, { value, written }]) => [artifactKey(key), toJsonValue(written ?? value)] as const,
    ),
  );
}

function artifactKey(key: string): string {
  return key === 'pre_hook' || key === 'post_hook' ? key.replace('_', '-') : key;
}

function configValue(key: string, value: JsonValue): JsonValue {
  if (key === 'tags' && typeof value === 'string') return [value];
  if (key === 'grants' && isJsonRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([privilege, grantees]) => [
        privilege.replace(/^\+/, ''),
        (Array.isArray(grantees) ? grantees : [grantees]) as JsonValue,
      ]),
    );
  }
  return value;
}

function hookEntries(value: unknown): JsonValue {
  const hooks = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  return hooks.map((hook) => {
    if (!isJsonRecord(hook)) return { sql: String(hook), transaction: true, index: null };
    return { sql: plainText(hook['sql'] ?? ''), transaction: hook['transaction'] !== false, index: null };
  });
}
