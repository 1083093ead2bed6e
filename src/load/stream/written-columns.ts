import type { WrittenColumn } from '../../connector/connection.ts';
import { castTo } from '../../sql/cast.ts';
import type { DataType } from '../../sql/data-type.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { misfitPredicate } from '../../sql/value-fit.ts';
import { constraintSql } from '../expression/constraint-sql.ts';
import type { ColumnRule } from '../replication/column-rule.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { type ColumnMapping, findByName, type MappedColumn } from './column-mapping.ts';
import { addedColumns, constantColumns } from './constant-columns.ts';
import { freshColumns } from './evolution.ts';
import { holds } from './type-change.ts';

/**
 * What a file holds of the staged rows, in the SQL of DuckDB, which writes it; undefined when that is the rows as they
 * are. A row that breaks a constraint stops the writing.
 * @param loadId names the load
 */
export function writtenColumns(
  stream: StreamConfig,
  mapping: ColumnMapping,
  loadId: string,
): readonly WrittenColumn[] | undefined {
  const dialect = duckdbDialect;
  const fresh = freshColumns(dialect, mapping.columns);
  const columns = fresh.map(({ name, type, expression, converted }, index): WrittenColumn => {
    const own = expression ?? dialect.quote(name);
    const column = mapping.columns[index];
    const value = converted ? castTo(dialect, own, type) : own;
    return { name, type, nullable: true, sql: kept(stream, column, fitting(column, own, value)) };
  });
  const made = [...addedColumns(dialect, mapping.added), ...constantColumns(dialect, stream, [], loadId)].map(
    (column): WrittenColumn => ({ ...column, nullable: true }),
  );
  const isPlain = made.length === 0 && columns.every(({ name, sql }) => sql === dialect.quote(name));
  return isPlain ? undefined : [...columns, ...made];
}

/** The value, or an error where it does not fit the type; a cast alone would guess. */
function fitting(column: MappedColumn | undefined, own: string, value: string): string {
  const from = column?.computed?.type ?? column?.source.type;
  if (!column || !from || holds(column.type, from)) return value;
  const misfit = misfitPredicate(duckdbDialect, own, from, column.type);
  if (misfit === undefined) return value;
  const message = `column '${column.source.name}' holds a value that is no ${typeText(column.type)}`;
  return `case when ${misfit} then error(${duckdbDialect.literal(message)}) else ${value} end`;
}

function typeText(type: DataType): string {
  return type.type === 'text' ? `string(${type.maxLength})` : duckdbDialect.typeName(type);
}

function kept(stream: StreamConfig, column: MappedColumn | undefined, value: string): string {
  const rules = Object.entries(stream.rules).map(([name, rule]) => ({ name, rule }));
  const rule = column && findByName(rules, column.source.name)?.rule;
  if (!column || !rule) return value;
  return brokenBy(rule, value, column).reduce((sql, [broken, what]) => {
    const message = `column '${column.source.name}' breaks the constraint ${what}`;
    return `case when ${broken} then error(${duckdbDialect.literal(message)}) else ${sql} end`;
  }, value);
}

function brokenBy(
  { notNull, check }: ColumnRule,
  value: string,
  { type }: MappedColumn,
): readonly (readonly [string, string])[] {
  return [
    ...(notNull ? [[`${value} is null`, 'not_null'] as const] : []),
    ...(check === undefined
      ? []
      : [[`not (${constraintSql(duckdbDialect, check, value, type)})`, check] as const]),
  ];
}
