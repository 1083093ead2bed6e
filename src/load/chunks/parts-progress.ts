import type { JsonObject } from '../../core/json.ts';

/** How far a stage that is filled in parts has come. It is kept in the target, beside the stage. */
export interface PartsProgress extends JsonObject {
  /** Parts that the stage holds. */
  readonly parts: number;
  /** Key of the last row read; empty before the first part and after the last one. */
  readonly position: readonly string[];
  readonly isComplete: boolean;
  readonly rows: number;
  readonly bytes: number;
  /** What will hold once all is published. */
  readonly watermark?: { readonly updateKey: string; readonly value: string };
}
