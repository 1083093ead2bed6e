import { isBackfillOpen, type Backfill } from '../../core/backfill.ts';
import type { NewRun } from '../../core/ports.ts';
import { text } from '../record/row.ts';
import type { LedgerDatabase } from './database.ts';
import { insertRun } from './runs.ts';

export function createBackfill(database: LedgerDatabase, backfill: Backfill): void {
  database.write(() => {
    database.run(
      'INSERT INTO backfills (id, version, is_open, created_at_ms, backfill) VALUES (?, ?, ?, ?, ?)',
      backfill.id,
      backfill.version,
      isBackfillOpen(backfill) ? 1 : 0,
      backfill.createdAtMs,
      JSON.stringify(backfill),
    );
  });
}

export function updateBackfill(
  database: LedgerDatabase,
  backfill: Backfill,
  run: NewRun | undefined,
): boolean {
  return database.write(() => {
    const changed = database.run(
      'UPDATE backfills SET version = ?, is_open = ?, backfill = ? WHERE id = ? AND version = ?',
      backfill.version,
      isBackfillOpen(backfill) ? 1 : 0,
      JSON.stringify(backfill),
      backfill.id,
      backfill.version - 1,
    );
    if (changed > 0 && run) insertRun(database, run);
    return changed > 0;
  });
}

export function findBackfill(database: LedgerDatabase, id: string): Backfill | undefined {
  const row = database.get('SELECT backfill FROM backfills WHERE id = ?', id);
  return row && (JSON.parse(text(row, 'backfill')) as Backfill);
}

export function listBackfills(
  database: LedgerDatabase,
  filter: { readonly isOpen?: boolean; readonly limit: number },
): readonly Backfill[] {
  const rows = database.all(
    `SELECT backfill FROM backfills WHERE ${filter.isOpen ? 'is_open = 1' : 'true'}
     ORDER BY created_at_ms DESC, rowid DESC LIMIT ?`,
    filter.limit,
  );
  return rows.map((row) => JSON.parse(text(row, 'backfill')) as Backfill);
}
