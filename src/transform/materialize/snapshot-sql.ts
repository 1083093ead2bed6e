import type { Dialect } from '../../sql/dialect.ts';
import type { SnapshotColumns, SnapshotConfig } from '../manifest/snapshot-config.ts';

/** The parts that a snapshot's statements are made of. `t` is the present version of a row, `b` what the query gives. */
export interface SnapshotSql {
  readonly config: SnapshotConfig;
  readonly columns: SnapshotColumns;
  readonly q: (name: string) => string;
  /** When a version begins. */
  readonly updatedAt: string;
  /** The same within one transaction. */
  readonly now: string;
  /** What stands in `dbt_valid_to` of a present version. */
  readonly present: string;
  readonly isPresent: string;
  readonly sameKey: string;
  /** The columns that the snapshot adds to those of the query, quoted. */
  readonly ownColumns: readonly string[];
}

const now = 'cast(now() as timestamp)';

export function snapshotSql(dialect: Dialect, config: SnapshotConfig): SnapshotSql {
  const { columns } = config;
  const q = (name: string): string => dialect.quote(name);
  const validTo = q(columns.dbt_valid_to);
  return {
    config,
    columns,
    q,
    now,
    updatedAt: config.updatedAt ?? now,
    present: config.validToCurrent ?? 'null',
    isPresent:
      config.validToCurrent === undefined
        ? `${validTo} is null`
        : `(${validTo} = ${config.validToCurrent} or ${validTo} is null)`,
    sameKey: config.uniqueKey.map((_, index) => `t.${keyName(index)} = b.${keyName(index)}`).join(' and '),
    ownColumns: [
      q(columns.dbt_scd_id),
      q(columns.dbt_updated_at),
      q(columns.dbt_valid_from),
      validTo,
      ...(config.hardDeletes === 'new_record' ? [q(columns.dbt_is_deleted)] : []),
    ],
  };
}

export function keyName(index: number): string {
  return `dbt_unique_key_${index + 1}`;
}

/** dbt's id of a version: a hash of its key and its time. */
export function scdIdSql(keys: readonly string[], updatedAt: string): string {
  const parts = [...keys, updatedAt].map((part) => `coalesce(cast(${part} as varchar), '')`);
  return `md5(${parts.join(" || '|' || ")})`;
}

/** Whether the row is another than its present version. A column that is new makes every row another, if all are compared. */
export function changedSql(sql: SnapshotSql, names: readonly string[], isColumnAdded: boolean): string {
  const { config, q, columns } = sql;
  const isBack = config.hardDeletes === 'new_record' ? ` or t.${q(columns.dbt_is_deleted)} = 'True'` : '';
  return `(${changed(sql, names, isColumnAdded)}${isBack})`;
}

function changed(sql: SnapshotSql, names: readonly string[], isColumnAdded: boolean): string {
  const { config, q, columns } = sql;
  if (config.strategy === 'timestamp') {
    return `t.${q(columns.dbt_valid_from)} < b.${q(columns.dbt_updated_at)}`;
  }
  const compared = config.checkColumns;
  if (compared === 'all' && isColumnAdded) return 'true';
  const known = new Map(names.map((name) => [name.toLowerCase(), name]));
  const list = compared === 'all' ? names : compared.map((name) => known.get(name.toLowerCase()) ?? name);
  return list.map((name) => `t.${q(name)} is distinct from b.${q(name)}`).join(' or ');
}
