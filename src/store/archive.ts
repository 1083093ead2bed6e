import type { LedgerArchive } from './record/archive-table.ts';
import { isLedgerUrl } from './ledger.ts';
import { openSqliteArchive } from './sqlite/archive.ts';

/** The ledger at a URL or path, as a whole: see `openLedger`. */
export async function openArchive(urlOrPath: string): Promise<LedgerArchive> {
  if (!isLedgerUrl(urlOrPath)) return openSqliteArchive(urlOrPath);
  const { openPostgresArchive } = await import('./postgres/archive.ts');
  return openPostgresArchive(urlOrPath);
}
