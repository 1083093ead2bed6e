import { isStepLease, type StepLease } from '../../core/dispatch.ts';
import type { RunLease } from '../../core/ledger.ts';
import type { RunState } from '../../core/run-state.ts';
import { requireNewestLease, stepLeaseLost } from '../record/refusal.ts';
import { text } from '../record/row.ts';
import type { Session } from './session.ts';

/**
 * Throws a `LeaseLostError` unless `lease` is still the newest; returns the run's state. Nobody else writes about
 * the run until the transaction ends.
 */
export async function requireLease(session: Session, lease: RunLease): Promise<RunState> {
  if (isStepLease(lease)) return requireStepLease(session, lease);
  const row = await session.get(
    'SELECT state, owner, epoch FROM runs WHERE id = $1 FOR NO KEY UPDATE',
    lease.runId,
  );
  return requireNewestLease(lease, row);
}

/** The same for the attempt that a worker makes, whoever owns the run meanwhile. */
async function requireStepLease(session: Session, lease: StepLease): Promise<RunState> {
  const row = await session.get('SELECT state FROM runs WHERE id = $1 FOR NO KEY UPDATE', lease.runId);
  const held = await session.get(
    'SELECT 1 FROM step_offers WHERE run_id = $1 AND step = $2 AND attempt = $3 AND worker = $4',
    lease.runId,
    lease.step,
    lease.attempt,
    lease.owner,
  );
  if (!row || !held) throw stepLeaseLost(lease);
  return text(row, 'state') as RunState;
}
