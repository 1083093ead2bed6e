import type { LockHolder, RunLease } from '../../core/ledger.ts';
import { lockedNode, locksOverlap } from '../../core/lock.ts';
import type { NodeKey } from '../../core/node.ts';
import type { StepStart } from '../../core/ports.ts';
import { text } from '../record/row.ts';
import type { LedgerDatabase } from './database.ts';

/**
 * Takes all locks of a step or none; returns who holds those it could not get. Those of the same owner hold although their
 * lease looks expired: after a jump of its clock it has not renewed them yet. Call it inside the writing transaction.
 */
export function takeLocks(
  database: LedgerDatabase,
  lease: RunLease,
  start: StepStart,
): readonly LockHolder[] {
  const { runId } = lease;
  const holders = start.locks.flatMap((lock) => {
    const node = lockedNode(lock);
    const rows = database.all(
      `SELECT lock, locks.run_id, locks.step FROM locks JOIN runs ON runs.id = locks.run_id
       WHERE (lock = ? OR lock >= ? AND lock < ?) AND NOT (locks.run_id = ? AND locks.step = ?)
         AND (runs.lease_expires_at_ms > ? OR runs.owner = ?)`,
      node,
      `${node}@`,
      `${node}A`,
      runId,
      start.step,
      start.atMs,
      lease.owner,
    );
    const row = rows.find((held) => locksOverlap(text(held, 'lock'), lock));
    return row ? [{ lock, runId: text(row, 'run_id'), step: text(row, 'step') }] : [];
  });
  if (holders.length > 0) return holders;
  for (const lock of start.locks) {
    database.run(
      `INSERT INTO locks (lock, run_id, step) VALUES (?, ?, ?)
       ON CONFLICT (lock) DO UPDATE SET run_id = excluded.run_id, step = excluded.step`,
      lock,
      runId,
      start.step,
    );
  }
  return [];
}

export function dropLocks(database: LedgerDatabase, runId: string, step: NodeKey): void {
  database.run('DELETE FROM locks WHERE run_id = ? AND step = ?', runId, step);
}
