import type { Dialect } from '../../sql/dialect.ts';
import type { NodeConfig } from '../manifest/node-config.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import { relationSql } from './build.ts';

const target = 'DBT_INTERNAL_DEST';
const source = 'DBT_INTERNAL_SOURCE';

/**
 * dbt's `merge`: rows of a known key are updated, others are inserted; without a key all are inserted. Predicates may
 * name both sides as dbt calls them.
 */
export function mergeSql(
  dialect: Dialect,
  into: RelationName,
  from: RelationName,
  columns: readonly string[],
  config: NodeConfig,
): string {
  const same = config.uniqueKey.map(
    (key) => `${target}.${dialect.quote(key)} = ${source}.${dialect.quote(key)}`,
  );
  const on = config.uniqueKey.length === 0 ? ['false'] : [...config.incrementalPredicates, ...same];
  const updates = updatedColumns(columns, config)
    .map((column) => `${dialect.quote(column)} = ${source}.${dialect.quote(column)}`)
    .join(', ');
  const list = columns.map((column) => dialect.quote(column)).join(', ');
  const values = columns.map((column) => `${source}.${dialect.quote(column)}`).join(', ');
  const update =
    config.uniqueKey.length === 0 || updates === '' ? '' : `\nwhen matched then update set ${updates}`;
  return (
    `merge into ${relationSql(dialect, into)} as ${target}\nusing ${relationSql(dialect, from)} as ${source}\n` +
    `on ${on.map((part) => `(${part})`).join(' and ')}${update}\n` +
    `when not matched then insert (${list}) values (${values})`
  );
}

function updatedColumns(columns: readonly string[], config: NodeConfig): readonly string[] {
  const named = (list: readonly string[], column: string): boolean =>
    list.some((name) => name.toLowerCase() === column.toLowerCase());
  const { mergeUpdateColumns, mergeExcludeColumns } = config;
  return columns.filter((column) =>
    mergeUpdateColumns ? named(mergeUpdateColumns, column) : !named(mergeExcludeColumns, column),
  );
}
