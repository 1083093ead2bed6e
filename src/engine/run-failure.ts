import type { Failure } from '../core/errors.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { NodeKey } from '../core/node.ts';

/** Says in one sentence which steps of a run failed. */
export function runFailure(
  runId: string,
  stepCount: number,
  failed: readonly NodeKey[],
  skipped: readonly NodeKey[],
): Failure {
  const more = failed.length > 5 ? ` and ${failed.length - 5} more` : '';
  return {
    kind: 'fatal',
    code: 'steps_failed',
    message: `${failed.length} of ${stepCount} steps failed: ${failed.slice(0, 5).join(', ')}${more}`,
    ...(skipped.length === 0 ? {} : { state: `${skipped.length} steps that need them were skipped.` }),
    next: `To see why, run: millrace runs show ${runId} --logs`,
  };
}

export function timedOutFailure(run: RunRecord, cancelled: readonly NodeKey[]): Failure {
  return {
    kind: 'fatal',
    code: 'run_timed_out',
    message: `The run took longer than ${run.plan.options.timeoutSeconds} s and was stopped`,
    state: `${cancelled.length} of ${run.plan.steps.length} steps were not finished.`,
    next: `To see where the time went, run: millrace runs show ${run.id}`,
  };
}
