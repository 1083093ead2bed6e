import type { LoadMode } from './replication.ts';

/** Every mode that is built. */
export const loadModes: readonly LoadMode[] = [
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
