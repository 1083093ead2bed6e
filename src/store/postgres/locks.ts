import type { LockHolder, RunLease } from '../../core/ledger.ts';
import { lockedNode, locksOverlap } from '../../core/lock.ts';
import type { StepStart } from '../../core/ports.ts';
import { text } from '../record/row.ts';
import { takeTurn } from './partitions.ts';
import type { Session } from './session.ts';
import { isOfLivingWorker } from './step-offers.ts';

/** A holder whose run is finished has no lease any more. Leases of the same owner hold: after a jump of its clock it has not renewed them yet. */
const isHeldByAnother = `NOT (locks.run_id = $2 AND locks.step = $3) AND (EXISTS (
  SELECT 1 FROM runs WHERE runs.id = locks.run_id AND (runs.lease_expires_at_ms > $4 OR runs.owner = $5))
  OR ${isOfLivingWorker})`;

/**
 * Takes all locks of a step or none; returns who holds those it could not get. Two that want the same lock at the
 * same time wait for each other's commit.
 */
export async function takeLocks(
  session: Session,
  lease: RunLease,
  start: StepStart,
): Promise<readonly LockHolder[]> {
  const { runId } = lease;
  if (start.locks.length === 0) return [];
  const wanted = [...new Set(start.locks)].sort();
  const overlapping = await overlappingHolders(session, lease, start, wanted);
  if (overlapping.length > 0) return overlapping;
  const mayTakeSome = wanted.length > 1;
  if (mayTakeSome) await session.run('SAVEPOINT locks');
  const taken = await session.run(
    `INSERT INTO locks (lock, run_id, step)
     SELECT lock, $2, $3 FROM unnest($1::text[]) WITH ORDINALITY AS wanted(lock, position) ORDER BY position
     ON CONFLICT (lock) DO UPDATE SET run_id = excluded.run_id, step = excluded.step WHERE NOT (${isHeldByAnother})`,
    wanted,
    runId,
    start.step,
    start.atMs,
    lease.owner,
  );
  if (taken === wanted.length) return [];
  if (mayTakeSome) await session.run('ROLLBACK TO SAVEPOINT locks');
  const holders = await session.all(
    `SELECT lock, run_id, step FROM locks WHERE lock = ANY($1) AND ${isHeldByAnother} ORDER BY lock`,
    wanted,
    runId,
    start.step,
    start.atMs,
    lease.owner,
  );
  return holders.map((row) => ({
    lock: text(row, 'lock'),
    runId: text(row, 'run_id'),
    step: text(row, 'step'),
  }));
}

/** Who holds other stretches of partitions that overlap the wanted ones, which have other names. */
async function overlappingHolders(
  session: Session,
  lease: RunLease,
  start: StepStart,
  wanted: readonly string[],
): Promise<readonly LockHolder[]> {
  const holders: LockHolder[] = [];
  for (const node of new Set(wanted.filter((lock) => lock.includes('@')).map((lock) => lockedNode(lock)))) {
    await takeTurn(session, node);
    const rows = await session.all(
      `SELECT lock, run_id, step FROM locks WHERE (lock = $1 OR starts_with(lock, $1 || '@')) AND ${isHeldByAnother}`,
      node,
      lease.runId,
      start.step,
      start.atMs,
      lease.owner,
    );
    for (const lock of wanted) {
      const row = rows.find((held) => locksOverlap(text(held, 'lock'), lock));
      if (row) holders.push({ lock, runId: text(row, 'run_id'), step: text(row, 'step') });
    }
  }
  return holders;
}
