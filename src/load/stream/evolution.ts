import { DataError } from '../../core/errors.ts';
import type { Column, DataType } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { addColumn, changeColumnType, type PublishedColumn, type Statement } from '../../sql/merge/index.ts';
import { rowSql } from '../expression/row-sql.ts';
import type { StreamConfig } from '../replication/replication.ts';
import type { MappedColumn } from './column-mapping.ts';
import type { TargetState } from './target-state.ts';
import { holds, joinedType } from './type-change.ts';

/** How a kept target table is fitted to the stream. */
export interface Evolution {
  readonly published: readonly PublishedColumn[];
  readonly statements: readonly Statement[];
  /** For people, one line each. */
  readonly changes: readonly string[];
  /** Columns that only the target has. */
  readonly extraColumns: readonly string[];
}

/** Columns of a table that is made anew: each in the type that is wanted. */
export function freshColumns(dialect: Dialect, mapped: readonly MappedColumn[]): readonly PublishedColumn[] {
  return mapped.map((column) => published(dialect, column, column.type));
}

/**
 * Fits a target that stays to the stream's columns.
 * @param refilled true when all rows are replaced, so that a column may take any new type
 * @throws DataError code `column_type_changed` when the target's column cannot hold the source's values
 */
export function evolve(
  dialect: Dialect,
  stream: StreamConfig,
  mapped: readonly MappedColumn[],
  target: TargetState,
  refilled: boolean,
): Evolution {
  const result = {
    published: [] as PublishedColumn[],
    statements: [] as Statement[],
    changes: [] as string[],
  };
  for (const column of mapped) {
    const held = target.columns.find((candidate) => candidate.name === column.name);
    if (!held) addMissing(dialect, stream, column, target, result);
    else fitColumn(dialect, stream, column, held, target, refilled, result);
  }
  const names = new Set(mapped.map((column) => column.name));
  const extraColumns = target.columns.map((column) => column.name).filter((name) => !names.has(name));
  for (const name of extraColumns)
    if (!name.startsWith('_sling_'))
      result.changes.push(`column ${name} is not in the source; new rows have NULL there`);
  return { ...result, extraColumns };
}

type Draft = { published: PublishedColumn[]; statements: Statement[]; changes: string[] };

function addMissing(
  dialect: Dialect,
  stream: StreamConfig,
  column: MappedColumn,
  target: TargetState,
  draft: Draft,
): void {
  if (!stream.target.addNewColumns) {
    draft.changes.push(`column ${column.name} is new at the source and left out (add_new_columns: false)`);
    return;
  }
  draft.statements.push(addColumn(dialect, target.table, asColumn(column)));
  draft.changes.push(`column ${column.name} ${dialect.typeName(column.type)} added`);
  draft.published.push(published(dialect, column, column.type));
}

function fitColumn(
  dialect: Dialect,
  stream: StreamConfig,
  column: MappedColumn,
  held: Column,
  target: TargetState,
  refilled: boolean,
  draft: Draft,
): void {
  const wanted = dialect.typeName(column.type);
  const present = dialect.typeName(held.type);
  if (wanted === present || dialect.typeName(dialect.storedType?.(column.type) ?? column.type) === present) {
    draft.published.push(published(dialect, column, column.type));
    return;
  }
  if (!refilled && holds(held.type, column.type)) {
    draft.published.push(published(dialect, column, held.type));
    return;
  }
  const wider = holds(column.type, held.type) ? column.type : joinedType(column.type, held.type);
  const changed = refilled ? column.type : stream.target.adjustColumnType ? wider : undefined;
  if (changed) {
    const name = dialect.typeName(changed);
    requireNoViews(stream, target, held.name, present, name);
    draft.statements.push(...changeColumnType(dialect, target.table, asColumn({ ...column, type: changed })));
    draft.changes.push(`column ${column.name} changed from ${present} to ${name}`);
    draft.published.push(published(dialect, column, changed));
    return;
  }
  throw new DataError(
    `stream ${stream.name}: the column '${column.source.name}' is ${wanted} now, and the target's '${held.name}' is ${present}, which cannot hold it`,
    {
      code: 'column_type_changed',
      origin: stream.origin,
      state: 'Nothing was changed',
      next: wider
        ? 'Set target_options.adjust_column_type: true to widen the column, or load anew with --full-refresh'
        : `Load anew with --full-refresh, or declare the old type under columns: (${column.source.name}: ...)`,
    },
  );
}

/** Unless the stream's own `pre_sql` may take them out of the way. */
function requireNoViews(
  stream: StreamConfig,
  target: TargetState,
  column: string,
  present: string,
  wanted: string,
): void {
  const views = target.viewsOf[column] ?? [];
  if (views.length === 0 || stream.target.preSql.length > 0) return;
  const list = views.join(', ');
  throw new DataError(
    `stream ${stream.name}: the column '${column}' is ${wanted} now and ${present} in the target, where it cannot change because views use it: ${list}`,
    {
      code: 'view_in_the_way',
      origin: stream.origin,
      state: 'Nothing was changed',
      next: `Drop ${list} in target_options.pre_sql and create it again in post_sql (both run in the load's transaction), or declare the old type under columns:`,
    },
  );
}

function asColumn(column: MappedColumn): Column {
  return { name: column.name, type: column.type, nullable: true };
}

function published(dialect: Dialect, column: MappedColumn, type: DataType): PublishedColumn {
  const { computed } = column;
  const staged = dialect.typeName(computed?.type ?? column.source.type);
  const final = dialect.typeName(type);
  return {
    name: column.name,
    ...(computed ? { expression: rowSql(dialect, computed) } : {}),
    type,
    // A system may see another type in what is computed than we do.
    converted: staged !== final || (computed !== undefined && computed.type.type !== 'text'),
    comparable: isComparable(column.source.type) && isComparable(type),
  };
}

/** `1 month` and `30 days` are the same to a system, and so may be noon here and 1 p.m. elsewhere. */
const looselyCompared: ReadonlySet<DataType['type']> = new Set(['json', 'interval', 'timetz']);

function isComparable(type: DataType): boolean {
  return type.type === 'array' ? isComparable(type.element) : !looselyCompared.has(type.type);
}
