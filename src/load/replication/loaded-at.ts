import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

/** Form of `_sling_loaded_at`: seconds since 1970, or an instant. */
export type LoadedAt = 'unix' | 'timestamp';

/** The switch among the variables of a replication. */
export const loadedAtSwitch = 'SLING_LOADED_AT_COLUMN';

/** Reads the switch; undefined when the column is not wanted. */
export function loadedAtForm(text: string, origin: Origin): LoadedAt | undefined {
  const word = text.trim().toLowerCase();
  if (word === '' || word === 'false') return undefined;
  if (word === 'true' || word === 'unix') return 'unix';
  if (word === 'timestamp') return 'timestamp';
  throw new ConfigError(`${loadedAtSwitch} is '${text}'`, {
    code: 'invalid_value',
    origin,
    next: 'Use true, unix, timestamp or false',
  });
}
