import { isBackfillOpen, type Backfill } from '../../core/backfill.ts';
import type { NewRun } from '../../core/ports.ts';
import { text } from '../record/row.ts';
import { tellOthers } from './event-log.ts';
import { createRun } from './runs.ts';
import type { Session } from './session.ts';

export async function createBackfill(session: Session, backfill: Backfill): Promise<void> {
  await session.run(
    'INSERT INTO backfills (id, version, is_open, created_at_ms, backfill) VALUES ($1, $2, $3, $4, $5)',
    backfill.id,
    backfill.version,
    String(isBackfillOpen(backfill)),
    backfill.createdAtMs,
    JSON.stringify(backfill),
  );
  await tellOthers(session, 'runs');
}

export async function updateBackfill(
  session: Session,
  backfill: Backfill,
  run: NewRun | undefined,
): Promise<boolean> {
  const changed = await session.run(
    'UPDATE backfills SET version = $1, is_open = $2, backfill = $3 WHERE id = $4 AND version = $5',
    backfill.version,
    String(isBackfillOpen(backfill)),
    JSON.stringify(backfill),
    backfill.id,
    backfill.version - 1,
  );
  if (changed === 0) return false;
  await tellOthers(session, 'runs');
  if (run) await createRun(session, run, undefined);
  return true;
}

export async function findBackfill(session: Session, id: string): Promise<Backfill | undefined> {
  const row = await session.get('SELECT backfill FROM backfills WHERE id = $1', id);
  return row && (JSON.parse(text(row, 'backfill')) as Backfill);
}

export async function listBackfills(
  session: Session,
  filter: { readonly isOpen?: boolean; readonly limit: number },
): Promise<readonly Backfill[]> {
  const rows = await session.all(
    `SELECT backfill FROM backfills WHERE ${filter.isOpen ? 'is_open' : 'true'}
     ORDER BY created_at_ms DESC, id DESC LIMIT $1`,
    filter.limit,
  );
  return rows.map((row) => JSON.parse(text(row, 'backfill')) as Backfill);
}
