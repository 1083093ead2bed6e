import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { type LoadedAt, loadedAtForm, loadedAtSwitch } from './loaded-at.ts';

/** Columns about a row's way into the target, beside `_sling_loaded_at`. With `synced_at` comes `_sling_synced_op`. */
export type MetadataColumn = (typeof metadataColumnNames)[number];

/** What `meta.millrace.columns` may name. */
export const metadataColumnNames = ['row_num', 'stream_url', 'row_id', 'exec_id', 'synced_at'] as const;

const switches: Readonly<Record<string, MetadataColumn>> = {
  SLING_ROW_NUM_COLUMN: 'row_num',
  SLING_STREAM_URL_COLUMN: 'stream_url',
  SLING_ROW_ID_COLUMN: 'row_id',
  SLING_EXEC_ID_COLUMN: 'exec_id',
  SLING_SYNCED_AT_COLUMN: 'synced_at',
};

/** Variables that switch columns on, for all streams of a replication. */
export const metadataSwitches: readonly string[] = [loadedAtSwitch, ...Object.keys(switches)];

export interface Metadata {
  readonly loadedAt?: LoadedAt;
  readonly columns: readonly MetadataColumn[];
}

/**
 * Which columns a stream gets.
 * @param named those of `meta.millrace.columns`
 * @throws ConfigError for a switch that is neither on nor off
 */
export function metadataOf(
  environment: Readonly<Record<string, string | undefined>>,
  named: readonly (MetadataColumn | 'loaded_at')[],
  origin: Origin,
): Metadata {
  const switched = Object.entries(switches).flatMap(([name, column]) =>
    isOn(name, environment[name] ?? '', origin) ? [column] : [],
  );
  const form = loadedAtForm(environment[loadedAtSwitch] ?? '', origin);
  const loadedAt = form ?? (named.includes('loaded_at') ? 'unix' : undefined);
  const wanted = new Set<string>([...switched, ...named]);
  return {
    ...(loadedAt ? { loadedAt } : {}),
    columns: metadataColumnNames.filter((name) => wanted.has(name)),
  };
}

function isOn(name: string, value: string, origin: Origin): boolean {
  const word = value.trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === '' || word === 'false' || word === '0') return false;
  throw new ConfigError(`${name} is '${value}'`, {
    code: 'invalid_value',
    origin,
    next: 'Use true or false',
  });
}
