import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { createIndex, type Statement } from '../../sql/merge/index.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import type { ColumnMapping } from './column-mapping.ts';

/**
 * Keys that `target_options.table_keys` asks for, on a table that was made anew. The key of a merge gets an index as
 * well, without which every later merge would read the whole table; DuckDB merges better without one.
 * @param table what it is called in the end
 * @param place what it is called now
 */
export function tableKeys(
  dialect: Dialect,
  stream: StreamConfig,
  mapping: ColumnMapping,
  table: TableName,
  place: TableName,
): readonly Statement[] {
  const { unique, index, uniqueColumns, indexedColumns, named, ...keys } = stream.target.tableKeys;
  const ofColumns = dialect.name === 'duckdb' ? [] : keys.primaryColumns;
  const primary = keys.primary.length > 0 ? keys.primary : ofColumns;
  const columnOf = (name: string): Column => {
    const found = mapping.columns.find((column) => column.source.name === name);
    return { name: found?.name ?? name, type: found?.type ?? { type: 'int64' }, nullable: true };
  };
  const key = (names: readonly string[], suffix: string, isUnique: boolean): Statement[] =>
    names.length === 0
      ? []
      : [createIndex(dialect, place, `${table.name}_${suffix}`, names.map(columnOf), isUnique)];
  const asked = (names: readonly string[], suffix: string): Statement[] => {
    requireWhole(dialect, stream, names.map(columnOf));
    return key(names, suffix, true);
  };
  const mergesByKey = dialect.name !== 'duckdb' && primary.length === 0 && followsKeys(stream.mode);
  const mergeKey = mergesByKey ? mapping.primaryKey.map((column) => column.source.name) : [];
  return [
    ...(dialect.name === 'sqlite'
      ? asked(primary, 'primary')
      : primaryKey(dialect, stream, place, primary.map(columnOf))),
    ...key(mergeKey, 'key', true),
    ...asked(unique, 'unique'),
    ...key(index, 'index', false),
    ...uniqueColumns.flatMap((name) => asked([name], `${name}_unique`)),
    ...indexedColumns.flatMap((name) => key([name], `${name}_index`, false)),
    ...named.map((one) => createIndex(dialect, place, one.name, one.columns.map(columnOf), one.unique)),
  ];
}

function primaryKey(
  dialect: Dialect,
  stream: StreamConfig,
  table: TableName,
  columns: readonly Column[],
): readonly Statement[] {
  if (columns.length === 0) return [];
  requireWhole(dialect, stream, columns);
  const list = columns.map((column) => dialect.quote(column.name)).join(', ');
  const sql = `alter table ${dialect.quoteTable(table)} add primary key (${list})`;
  return [{ role: 'schema', turn: 'before', sql }];
}

/** @throws ConfigError code `key_too_long` when a column fits into an index by its beginning only */
function requireWhole(dialect: Dialect, stream: StreamConfig, columns: readonly Column[]): void {
  const long = columns.find((column) => dialect.indexed?.(column).partly);
  if (!long) return;
  throw new ConfigError(
    `stream ${stream.name}: '${long.name}' is ${dialect.typeName(long.type)} in the target, which cannot be unique there`,
    {
      code: 'key_too_long',
      origin: stream.origin,
      next: `Declare how long it may be: columns: { ${long.name}: string(64) }`,
    },
  );
}
