import { ConfigError, DataError } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import type { Sync } from './sync.ts';

/** A mistake in a sync's file. Nothing was run. */
export function syncMistake(message: string, code: string, origin: Origin, next?: string): ConfigError {
  return new ConfigError(message, { code, origin, next: next ?? 'Mend the line, then run: millrace check' });
}

/** The stored copy tells what another system, or rows named otherwise, acknowledged. */
export function lineageChanged(sync: Sync, what: string): ConfigError {
  return new ConfigError(`sync ${sync.name} was set up with another ${what}`, {
    code: 'sync_lineage_changed',
    origin: what === 'destination' ? sync.origin : sync.primaryKeyOrigin,
    state: 'Nothing was sent. What the destination acknowledged is still kept.',
    next: `Give the sync a new name, or start anew, which sends every row again and deletes none: millrace run sync/${sync.name} --full-refresh`,
  });
}

export function deleteGuardStopped(sync: Sync, deletes: number, acknowledged: number): DataError {
  const { maxDeletes } = sync;
  const limit = maxDeletes.kind === 'count' ? `${maxDeletes.rows} rows` : `${maxDeletes.share * 100}%`;
  return new DataError(
    `sync ${sync.name} would delete ${deletes} of ${acknowledged} rows at ${sync.destination}; max_deletes allows ${limit}`,
    {
      code: 'delete_guard',
      origin: sync.origin,
      state: 'Nothing was sent.',
      next: `See whether ${sync.model} is complete. If the deletes are meant, raise max_deletes or set on_delete: ignore`,
    },
  );
}

/** Rows whose primary key is NULL or not unique. */
export interface InvalidKeys {
  readonly nullRows: number;
  readonly duplicateRows: number;
}

export function keysInvalid(sync: Sync, { nullRows, duplicateRows }: InvalidKeys): DataError {
  const parts = [
    ...(nullRows > 0 ? [`${nullRows} rows without ${sync.primaryKey.join(', ')}`] : []),
    ...(duplicateRows > 0 ? [`${duplicateRows} rows that share theirs with another`] : []),
  ];
  return new DataError(`sync ${sync.name}: ${sync.model} has ${parts.join(' and ')}`, {
    code: 'sync_key_invalid',
    origin: sync.primaryKeyOrigin,
    state: 'Nothing was sent.',
    next: 'Test the key with unique and not_null in the model, or leave such rows out with on_invalid_key: quarantine',
  });
}
