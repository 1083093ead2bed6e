import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Column } from '../../sql/data-type.ts';

/** How far a stage that is filled in parts has come: the checkpoint of its step. */
export interface PartsProgress extends JsonObject {
  /** The stage's name, which is that of the step. */
  readonly stage: string;
  /** Columns that `position` belongs to. */
  readonly keyColumns: readonly string[];
  /** Parts read; the last of them may not have been added to the stage yet. */
  readonly parts: number;
  /** Key of the last row read; empty before the first part and after the last one. */
  readonly position: readonly string[];
  readonly isComplete: boolean;
  readonly rows: number;
  readonly bytes: number;
  /** What will hold once all is published. */
  readonly watermark?: { readonly updateKey: string; readonly value: string };
}

/** Reads a checkpoint; undefined when it is not that of this stage and key. */
export function partsProgress(
  checkpoint: JsonValue | undefined,
  stage: string,
  key: readonly Column[],
): PartsProgress | undefined {
  const progress = (checkpoint ?? undefined) as Partial<PartsProgress> | undefined;
  const keyColumns = key.map((column) => column.name).join('\0');
  const isOurs = progress?.stage === stage && progress.keyColumns?.join('\0') === keyColumns;
  return isOurs ? (progress as PartsProgress) : undefined;
}
