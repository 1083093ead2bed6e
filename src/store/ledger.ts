import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from './sqlite/ledger.ts';

/** Opens `postgres://...` as a ledger that machines share, and a path as an SQLite file. Throws a `ConfigError` for other URLs. */
export async function openLedger(urlOrPath: string): Promise<RunStore> {
  if (!isLedgerUrl(urlOrPath)) return openSqliteLedger(urlOrPath);
  const { openPostgresLedger } = await import('./postgres/ledger.ts');
  return openPostgresLedger(urlOrPath);
}

export function isLedgerUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}
