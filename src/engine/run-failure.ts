import type { Failure } from '../core/errors.ts';
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
