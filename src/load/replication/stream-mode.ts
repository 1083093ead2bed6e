import { ConfigError } from '../../core/errors.ts';
import { nearest } from '../../core/near-name.ts';
import type { Origin } from '../../core/origin.ts';
import type { LoadMode } from './replication.ts';

/** Every mode that is built. */
const loadModes: readonly LoadMode[] = [
  'full-refresh',
  'truncate',
  'snapshot',
  'incremental',
  'backfill',
  'definition-only',
];

/** True if rows are brought into what the target holds, by their keys. */
export function followsKeys(mode: LoadMode): boolean {
  return mode === 'incremental' || mode === 'backfill';
}

/**
 * Lets through what is a mode, built or not.
 * @throws ConfigError code `invalid_value`
 */
export function checkMode(mode: string, origin: Origin): void {
  const modes: readonly string[] = loadModes;
  if (mode === '' || mode === 'change-capture' || modes.includes(mode)) return;
  const near = nearest(mode, modes);
  throw new ConfigError(`unknown mode '${mode}'${near ? `, did you mean '${near}'?` : ''}`, {
    code: 'invalid_value',
    origin,
    next: `Use one of: ${modes.join(', ')}`,
  });
}
