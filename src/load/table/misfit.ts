import type { SqlDatabase } from '../../connector/connection.ts';
import { castTo } from '../../sql/cast.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import type { DataType } from '../../sql/data-type.ts';
import { misfitPredicate } from '../../sql/value-fit.ts';
import { constraintSql } from '../expression/constraint-sql.ts';
import { rowSql } from '../expression/row-sql.ts';
import { stagedColumn } from '../plan/text-columns.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { findByName, type MappedColumn } from '../stream/column-mapping.ts';
import { holds } from '../stream/type-change.ts';
import type { TableLoad } from './table-load.ts';
import { valueQuestion } from './value-question.ts';

/** A way in which a row may not fit. */
export interface Misfit {
  readonly column: MappedColumn;
  readonly predicate: string;
  readonly reason: string;
  readonly kind: 'cast' | 'rule';
}

/**
 * What may be wrong with the staged rows, in the order of the columns; a value that does not fit is not asked what
 * else holds for it.
 */
export async function possibleMisfits({ task, plan, database }: TableLoad): Promise<readonly Misfit[]> {
  const columns = plan.columns.map((column) => stagedColumn(column, plan.textColumns));
  return [...(await casts(database, plan.stage, columns)), ...rules(database.dialect, task.stream, columns)];
}

async function casts(
  database: SqlDatabase,
  stage: TableName,
  columns: readonly MappedColumn[],
): Promise<readonly Misfit[]> {
  const { dialect } = database;
  const misfit = (column: MappedColumn, question?: string): readonly Misfit[] => {
    const from = column.computed?.type ?? column.source.type;
    if (holds(column.type, from)) return [];
    const predicate = misfitPredicate(dialect, staged(dialect, column), from, column.type, question);
    return predicate === undefined
      ? []
      : [{ column, predicate, reason: `does not fit ${shown(dialect, column.type)}`, kind: 'cast' }];
  };
  if (dialect.name !== 'postgres') return columns.flatMap((column) => misfit(column));
  const doubtful = columns.filter((column) => misfit(column).length > 0);
  const isAsked = ({ type }: MappedColumn): boolean => type.type !== 'text';
  const asked = doubtful
    .filter(isAsked)
    .map((column) => castTo(dialect, staged(dialect, column), column.type));
  const question = await valueQuestion(database, stage, asked);
  return doubtful.flatMap((column) => misfit(column, question ?? 'none'));
}

/** Some systems keep texts of any length, and wide numbers as texts. */
function shown(dialect: Dialect, type: DataType): string {
  const name = dialect.typeName(type);
  if (type.type === 'decimal' && name === 'varchar') return 'decimal';
  const isLost = type.type === 'text' && type.maxLength !== undefined && !name.includes('(');
  return isLost ? `string(${type.maxLength})` : name;
}

function rules(dialect: Dialect, stream: StreamConfig, columns: readonly MappedColumn[]): readonly Misfit[] {
  const named = columns.map((column) => ({ name: column.source.name, column }));
  return Object.entries(stream.rules).flatMap(([name, { notNull, check }]): Misfit[] => {
    const column = findByName(named, name)?.column;
    if (!column) return [];
    const value = castTo(dialect, staged(dialect, column), column.type);
    const rule = (predicate: string, text: string): Misfit => ({
      column,
      predicate,
      reason: `breaks the constraint ${text}`,
      kind: 'rule',
    });
    return [
      ...(notNull ? [rule(`${value} is null`, 'not_null')] : []),
      ...(check === undefined
        ? []
        : [rule(`not (${constraintSql(dialect, check, value, column.type)})`, check)]),
    ];
  });
}

function staged(dialect: Dialect, { name, computed }: MappedColumn): string {
  return computed ? rowSql(dialect, computed) : dialect.quote(name);
}
