import { isStepLease } from '../../core/dispatch.ts';
import type { RunLease } from '../../core/ledger.ts';
import type { NodeKey } from '../../core/node.ts';
import type { StepMove } from '../../core/ports.ts';
import type { Session } from './session.ts';

/** True of a row of `steps` that a worker has: what the run's owner does about its own steps leaves it alone. */
export const isAtWorker = `EXISTS (SELECT 1 FROM step_offers
  WHERE step_offers.run_id = steps.run_id AND step_offers.step = steps.key AND step_offers.worker IS NOT NULL)`;

/** True of a row of `locks` whose step is offered to workers, or done by one. */
export const isOfOfferedStep = `EXISTS (SELECT 1 FROM step_offers
  WHERE step_offers.run_id = locks.run_id AND step_offers.step = locks.step)`;

/** True of a row of `locks` whose step is done by a worker that is alive. */
export const isOfLivingWorker = `EXISTS (SELECT 1 FROM step_offers JOIN workers ON workers.owner = step_offers.worker
  WHERE step_offers.run_id = locks.run_id AND step_offers.step = locks.step AND workers.expires_at > now())`;

/** A step that its worker has ended, or failed to, is its no more. */
export async function endOffers(
  session: Session,
  lease: RunLease,
  moves: readonly StepMove[],
): Promise<void> {
  if (!isStepLease(lease)) return;
  await deleteOffers(
    session,
    lease.runId,
    moves.filter(({ to }) => to !== 'running').map(({ step }) => step),
  );
}

export async function deleteOffers(
  session: Session,
  runId: string,
  steps: readonly NodeKey[],
): Promise<void> {
  if (steps.length === 0) return;
  await session.run('DELETE FROM step_offers WHERE run_id = $1 AND step = ANY($2)', runId, steps);
}

export async function deleteAllOffers(session: Session, runId: string): Promise<void> {
  await session.run('DELETE FROM step_offers WHERE run_id = $1', runId);
}
