import { z } from 'zod';
import type { Mistakes } from '../files/mistakes.ts';
import { toJsonValue } from '../files/plain-value.ts';
import type { Origin } from '../../core/origin.ts';
import type { ConfigEntries } from './config-layer.ts';

/** What happens to a row that the query no longer gives. */
export type HardDeletes = 'ignore' | 'invalidate' | 'new_record';

/** How a snapshot tells that a row has changed. */
export interface SnapshotConfig {
  readonly strategy: 'timestamp' | 'check';
  /** Columns or expressions that tell one row from another. */
  readonly uniqueKey: readonly string[];
  /** Column or expression; absent only for `check`, which then takes the time of the run. */
  readonly updatedAt: string | undefined;
  /** Columns that are compared by `check`. */
  readonly checkColumns: 'all' | readonly string[];
  readonly hardDeletes: HardDeletes;
  /** Names of the columns that a snapshot adds, by dbt's name for each. */
  readonly columns: SnapshotColumns;
  /** SQL of what stands in `dbt_valid_to` of the present version; NULL when absent. */
  readonly validToCurrent: string | undefined;
}

const columnNames = [
  'dbt_scd_id',
  'dbt_updated_at',
  'dbt_valid_from',
  'dbt_valid_to',
  'dbt_is_deleted',
] as const;
export type SnapshotColumns = Readonly<Record<(typeof columnNames)[number], string>>;

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const schemas = {
  strategy: z.enum(['timestamp', 'check'], { error: "must be 'timestamp' or 'check'" }),
  unique_key: texts,
  updated_at: z.string().nullish(),
  check_cols: z.union([z.literal('all'), z.array(z.string())]).nullish(),
  hard_deletes: z.enum(['ignore', 'invalidate', 'new_record']).nullish(),
  invalidate_hard_deletes: z.boolean().nullish(),
  snapshot_meta_column_names: z.partialRecord(z.enum(columnNames), z.string()).nullish(),
  dbt_valid_to_current: z.string().nullish(),
};

/** Keys of snapshots beside those of every node. */
export const snapshotKeys: readonly string[] = [...Object.keys(schemas), 'target_schema', 'target_database'];

/** Checks a snapshot's configuration. Adds `config_invalid` for what is missing or wrong, and then gives undefined. */
export function readSnapshotConfig(
  entries: ConfigEntries,
  nodeOrigin: Origin,
  mistakes: Mistakes,
): SnapshotConfig | undefined {
  const issuesBefore = mistakes.issues.length;
  const read = <Key extends keyof typeof schemas>(key: Key): z.output<(typeof schemas)[Key]> | undefined => {
    const entry = entries.get(key);
    const result = schemas[key].safeParse(entry?.value);
    if (result.success) return result.data as z.output<(typeof schemas)[Key]>;
    const reason =
      entry === undefined
        ? `a snapshot needs the configuration "${key}"`
        : `the configuration "${key}" is ${JSON.stringify(toJsonValue(entry.value))}: ${result.error.issues[0]?.message ?? 'not valid'}`;
    mistakes.add(reason, { code: 'config_invalid', origin: entry?.origin ?? nodeOrigin });
    return undefined;
  };
  const strategy = read('strategy') ?? 'timestamp';
  const uniqueKey = read('unique_key') ?? [];
  const updatedAt = read('updated_at') ?? undefined;
  const checkColumns = read('check_cols') ?? undefined;
  const missing =
    strategy === 'timestamp' ? updatedAt === undefined && 'updated_at' : !checkColumns && 'check_cols';
  if (missing && mistakes.issues.length === issuesBefore) {
    mistakes.add(`a snapshot with the strategy "${strategy}" needs the configuration "${missing}"`, {
      code: 'config_invalid',
      origin: entries.get('strategy')?.origin ?? nodeOrigin,
    });
  }
  const renamed = read('snapshot_meta_column_names') ?? {};
  const isInvalidating = read('invalidate_hard_deletes') === true;
  const snapshot: SnapshotConfig = {
    strategy,
    uniqueKey,
    updatedAt,
    checkColumns: checkColumns ?? 'all',
    hardDeletes: read('hard_deletes') ?? (isInvalidating ? 'invalidate' : 'ignore'),
    columns: Object.fromEntries(columnNames.map((name) => [name, renamed[name] ?? name])) as SnapshotColumns,
    validToCurrent: read('dbt_valid_to_current') ?? undefined,
  };
  return mistakes.issues.length === issuesBefore ? snapshot : undefined;
}
