import type { ColumnMapping, MappedColumn } from '../stream/column-mapping.ts';
import type { StreamTask } from './stream-task.ts';

/** Types with values that MySQL has none for: NaN, infinity, years before 1 and after 9999. */
const wider: ReadonlySet<string> = new Set(['float32', 'float64', 'date', 'timestamp', 'timestamptz']);

/**
 * Names of columns that are staged as text, so that what the target has no value for can be rejected by itself. Keys
 * and what transforms reckon with keep their types.
 */
export function textColumns(
  { stream, source, target }: StreamTask,
  { columns, primaryKey, updateKey }: ColumnMapping,
): readonly string[] {
  const isAsked = stream.maxRejects > 0 && target.database?.dialect.name === 'mysql';
  if (!isAsked || !source.database || stream.transforms.length > 0) return [];
  const keys = new Set([...primaryKey, updateKey].map((column) => column?.name));
  return columns
    .filter(({ name, source: { type } }) => wider.has(type.type) && !keys.has(name))
    .map(({ name }) => name);
}

/** The columns as the stage holds them. */
export function stagedMapping(mapping: ColumnMapping, asText: readonly string[]): ColumnMapping {
  if (asText.length === 0) return mapping;
  return { ...mapping, columns: mapping.columns.map((column) => stagedColumn(column, asText)) };
}

/** A column as the stage holds it. */
export function stagedColumn(column: MappedColumn, asText: readonly string[]): MappedColumn {
  if (!asText.includes(column.name)) return column;
  return { ...column, source: { ...column.source, type: { type: 'text' } } };
}
