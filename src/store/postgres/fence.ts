import type { RunLease } from '../../core/ledger.ts';
import type { RunState } from '../../core/run-state.ts';
import { requireNewestLease } from '../record/refusal.ts';
import type { Session } from './session.ts';

/**
 * Throws a `LeaseLostError` unless `lease` is still the newest; returns the run's state. Nobody else writes about
 * the run until the transaction ends.
 */
export async function requireLease(session: Session, lease: RunLease): Promise<RunState> {
  const row = await session.get(
    'SELECT state, owner, epoch FROM runs WHERE id = $1 FOR NO KEY UPDATE',
    lease.runId,
  );
  return requireNewestLease(lease, row);
}
