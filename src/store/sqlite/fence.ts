import type { RunLease } from '../../core/ledger.ts';
import type { RunState } from '../../core/run-state.ts';
import { requireNewestLease } from '../record/refusal.ts';
import type { LedgerDatabase } from './database.ts';

/** Throws a `LeaseLostError` unless `lease` is still the newest; returns the run's state. Call it inside the writing transaction. */
export function requireLease(database: LedgerDatabase, lease: RunLease): RunState {
  const row = database.get('SELECT state, owner, epoch FROM runs WHERE id = ?', lease.runId);
  return requireNewestLease(lease, row);
}
