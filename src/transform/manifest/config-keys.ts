import type { Origin } from '../../core/origin.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { misspelt } from '../files/suggestion.ts';
import { microbatchKeys } from './microbatch-config.ts';
import { snapshotKeys } from './snapshot-config.ts';

/** Keys of dbt that change what is built, with what to do as long as they are not supported. */
const notYet: Readonly<Record<string, string>> = {
  unlogged: 'remove it',
  partitioned_by: 'remove it',
  on_error: 'remove it',
  location: 'write files with a replication',
  packages: 'copy the macro into this project',
};

/** Keys that are kept and shown. */
const metadataKeys = [
  'access',
  'group',
  'docs',
  'freshness',
  'loader',
  'loaded_at_field',
  'loaded_at_query',
  'static_analysis',
  'owner',
  'maturity',
  'description',
  'name',
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

const otherKeys = [
  ...Object.keys(notYet),
  ...metadataKeys,
  ...foreignKeys,
  ...snapshotKeys,
  ...microbatchKeys,
];

/**
 * Adds `not_yet_supported` for a key that would have changed the outcome, and `config_unknown` for one that looks like a
 * misspelt one; `readKeys` are those that are acted upon.
 */
export function checkKey(
  key: string,
  value: unknown,
  origin: Origin,
  readKeys: readonly string[],
  mistakes: Mistakes,
): void {
  const instead = notYet[key];
  if (instead !== undefined) {
    if (isWithoutEffect(value)) return;
    mistakes.add(`the configuration "${key}" is not yet supported: ${instead}`, {
      code: 'not_yet_supported',
      origin,
    });
    return;
  }
  const known = [...readKeys, ...otherKeys];
  if (known.includes(key)) return;
  const near = misspelt(key, known);
  if (near === undefined) return;
  if (mistakes.isTolerant) {
    mistakes.warnings.push({ message: `unknown configuration "${key}"; did you mean "${near}"?`, origin });
    return;
  }
  mistakes.add(`unknown configuration "${key}"; did you mean "${near}"?`, {
    code: 'config_unknown',
    origin,
    next: 'If it is a key of your own, put it under "meta".',
  });
}

function isWithoutEffect(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  if (typeof value !== 'object') return false;
  const parts = Object.values(value);
  return parts.length === 0;
}
