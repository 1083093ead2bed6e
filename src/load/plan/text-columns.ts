import type { ColumnMapping, MappedColumn } from '../stream/column-mapping.ts';
import type { StreamTask } from './stream-task.ts';

/** Types with values that MySQL has none for: NaN, infinity, years before 1 and after 9999. */
const wider: ReadonlySet<string> = new Set(['float32', 'float64', 'date', 'timestamp', 'timestamptz']);

/**
 * Names of columns that are staged as text, so that what the target has no value for can be rejected or kept. Keys
 * and what transforms reckon with keep their types.
 */
export function textColumns(
  { stream, source, target }: StreamTask,
  { columns, primaryKey, updateKey }: ColumnMapping,
): readonly string[] {
  if (target.database?.dialect.name !== 'mysql' || stream.transforms.length > 0) return [];
  const keys = new Set([...primaryKey, updateKey].map((column) => column?.name));
  const mayBeRejected = stream.maxRejects > 0 && source.database !== undefined;
  return columns
    .filter(({ name, type, source: { type: from } }) => {
      // As JSON the numbers in it would be rounded before they become text.
      const isJsonText = from.type === 'json' && type.type === 'text';
      return !keys.has(name) && (isJsonText || (mayBeRejected && wider.has(from.type)));
    })
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
