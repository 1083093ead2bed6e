import { createHash } from 'node:crypto';
import type { StepJob, WorkerNeed } from '../../core/dispatch.ts';

/** The ledger's schema holds the ledger's tables and nothing else, so the queue has one beside it. */
export function queueSchema(ledgerSchema: string): string {
  return `${ledgerSchema.slice(0, 57)}_queue`;
}

/** What is notified of how far steps are. */
export function progressChannelOf(ledgerSchema: string): string {
  return `${ledgerSchema.slice(0, 54)}_progress`;
}

/** The task that a job is of. A worker asks the queue for the tasks that it can do, and sees no others. */
export function taskName({ pool = '', manifestHash }: WorkerNeed): string {
  return `${pool.slice(0, 60)}@${digest(`${pool} ${manifestHash}`)}`;
}

/** One for each attempt, so that the end of an older one cannot remove the job of a newer one. */
export function jobKey({
  runId,
  step,
  attempt,
}: Pick<StepJob, 'runId' | 'attempt'> & { readonly step: string }): string {
  return digest(`${runId} ${attempt} ${step}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
