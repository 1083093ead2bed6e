import { FatalError } from '../../core/errors.ts';
import type { StepLease } from '../../core/dispatch.ts';
import type { RunLease } from '../../core/ledger.ts';
import { LeaseLostError } from '../../core/ports.ts';
import type { RunState } from '../../core/run-state.ts';
import { integer, optionalText, text, type Row } from './row.ts';

/** Throws a `LeaseLostError` unless `lease` is the newest by its run's row (`state, owner, epoch`); returns the run's state. */
export function requireNewestLease(lease: RunLease, row: Row | undefined): RunState {
  if (row && integer(row, 'epoch') === lease.epoch && optionalText(row, 'owner') === lease.owner) {
    return text(row, 'state') as RunState;
  }
  const holder = row ? optionalText(row, 'owner') : undefined;
  throw new LeaseLostError(
    `The run ${lease.runId} is no longer executed by ${lease.owner}, but by ${holder ?? 'nobody'}`,
    { code: 'lease_lost', state: 'This write was refused; the ledger is as the newer owner left it.' },
  );
}

export function stepLeaseLost(lease: StepLease): LeaseLostError {
  return new LeaseLostError(
    `${lease.step} of the run ${lease.runId} was taken from ${lease.owner}, which had begun attempt ${lease.attempt}`,
    { code: 'lease_lost', state: 'This write was refused; the ledger is as those after it left it.' },
  );
}

/** A transition that the state machine does not know: a mistake of the caller. */
export function refusedTransition(what: string, from: string, to: string): FatalError {
  return new FatalError(`${what} cannot go from ${from} to ${to}`, {
    code: 'transition_refused',
    state: 'Nothing was written.',
  });
}
