import { createHash } from 'node:crypto';

/**
 * The same UUID of version 7 for the same names, whichever process asks: OpenLineage wants UUIDs of runs, and a run that
 * another process continues has to keep its own. `createdAtMs` is the time in it.
 */
export function runUuid(createdAtMs: number, ...names: readonly string[]): string {
  const digest = createHash('sha256').update(names.join('\n')).digest('hex');
  const time = Math.max(0, createdAtMs).toString(16).padStart(12, '0');
  const variant = ((Number.parseInt(digest.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digest.slice(0, 3)}-${variant}${digest.slice(4, 7)}-${digest.slice(7, 19)}`;
}
