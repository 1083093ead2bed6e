import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

/** What `target_options.isolation_level` may say. */
export type IsolationWord = (typeof words)[number];

const words = [
  'default',
  'read_uncommitted',
  'read_committed',
  'repeatable_read',
  'snapshot',
  'serializable',
] as const;

/** Reads `target_options.isolation_level`; undefined for the default. */
export function isolationWord(value: unknown, origin: Origin): IsolationWord | undefined {
  if (value === undefined || value === null || value === 'default') return undefined;
  const found = words.find((word) => word === value);
  if (found) return found;
  throw new ConfigError(`isolation_level is ${JSON.stringify(value)}`, {
    code: 'invalid_value',
    origin,
    next: `Use one of: ${words.join(', ')}`,
  });
}
