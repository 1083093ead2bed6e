import type { Dialect } from '../dialect.ts';
import type { KeyChoice, StageRows } from './stage-rows.ts';

/**
 * What is done with changed and new rows: `insert` adds new ones only, `update` changes held ones only, the
 * other two do both, by an update in place or by a delete and an insert.
 */
export type MergeStrategy = 'insert' | 'update' | 'update_insert' | 'delete_insert';

export interface KeyMerge {
  readonly rows: StageRows;
  readonly choice: KeyChoice;
  /** True when the source's catalogue promises one row per key. */
  readonly unique: boolean;
  /** Columns that only the target has; they keep their values. */
  readonly extraColumns: readonly string[];
  /** Name of the temporary table, free in this session. */
  readonly deltaName: string;
  /**
   * Held rows have at most this value of the update key, a literal of the target: a staged row beyond it is a
   * change, and need not be compared to know it.
   */
  readonly heldUpTo?: string;
  /** The cheapest for the system when absent. */
  readonly strategy?: MergeStrategy;
}

/** What is asked for, or what is cheapest for the system. */
export function strategyOf(dialect: Dialect, { strategy }: Pick<KeyMerge, 'strategy'>): MergeStrategy {
  return strategy ?? (dialect.name === 'duckdb' ? 'delete_insert' : 'update_insert');
}
