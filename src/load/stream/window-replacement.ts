import type { Column } from '../../sql/data-type.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';
import { deleteMissingRows, type Statement } from '../../sql/merge/index.ts';
import type { StreamConfig } from '../replication/replication.ts';
import type { ColumnMapping } from './column-mapping.ts';
import { type PartitionWindow, windowRange } from './partition-window.ts';
import type { TargetState } from './target-state.ts';
import { lowerBound, upperBound } from './window.ts';

interface WindowReplacement {
  readonly dialect: Dialect;
  readonly stream: StreamConfig;
  readonly mapping: ColumnMapping;
  readonly target: TargetState;
  readonly stage: TableName;
  readonly window?: PartitionWindow;
}

/**
 * Takes away what the target has of a window before the stage's rows come: where they are merged by key, those that the stage has
 * not; all of them otherwise. Nothing without a window.
 */
export function leavingRows(
  { dialect, stream, mapping, target, stage, window }: WindowReplacement,
  isMerged: boolean,
): readonly Statement[] {
  if (!window || !mapping.updateKey) return [];
  const heldType = (name: string): Column['type'] | undefined =>
    target.columns.find((column) => column.name === name)?.type;
  const { name, type } = mapping.updateKey;
  const updateKey: Column = { name, type: heldType(name) ?? type, nullable: true };
  const bounds = { dialect, updateKey, range: windowRange(window, updateKey, stream.origin) };
  const where = `${lowerBound(bounds)} and ${upperBound(bounds)}`;
  if (!isMerged)
    return [{ role: 'replace', sql: `delete from ${dialect.quoteTable(target.table)} where ${where}` }];
  const key = mapping.primaryKey.map((column) => {
    const held = heldType(column.name) ?? column.type;
    const isSame = dialect.typeName(held) === dialect.typeName(column.source.type);
    return isSame ? { name: column.name } : { name: column.name, castTo: held };
  });
  return deleteMissingRows(dialect, { target: target.table, keys: stage, key, where });
}
