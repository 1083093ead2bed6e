import type { V1Pod } from '@kubernetes/client-node';
import { ConfigError, FatalError, type MillraceError, TransientError } from '../../core/errors.ts';

/** `ended`: with why it cannot have said so itself. */
export type PodState =
  | { readonly phase: 'waiting'; readonly reason: string }
  | { readonly phase: 'working' }
  | { readonly phase: 'ended'; readonly error: MillraceError };

/** Reasons that waiting does not mend. https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff */
const hopeless = new Set([
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** Reasons for which the cluster ends pods that have done nothing wrong. */
const evictions = new Set([
  'Evicted',
  'Preempting',
  'Preempted',
  'NodeLost',
  'NodeShutdown',
  'Terminated',
  'Shutdown',
]);

/** How a pod is, for the step `key`. Undefined: it is not there yet, or not any more. */
export function podState(key: string, pod: V1Pod | undefined): PodState {
  const status = pod?.status;
  const container = status?.containerStatuses?.[0]?.state;
  const waiting = container?.waiting?.reason;
  if (waiting !== undefined && hopeless.has(waiting)) {
    return ended(
      new ConfigError(`the pod of ${key} cannot start: ${container?.waiting?.message ?? waiting}`, {
        code: 'pod_cannot_start',
        state: 'Its Job was deleted.',
        next: 'Mend kubernetes in millrace.config.ts, or what it names in the cluster',
      }),
    );
  }
  if (status?.phase === 'Failed') return ended(failure(key, pod));
  if (status?.phase === 'Succeeded') return ended(saidNothing(key, 'ended'));
  if (status?.phase === 'Running') return { phase: 'working' };
  const unscheduled = status?.conditions?.find(
    ({ type, status: is }) => type === 'PodScheduled' && is === 'False',
  );
  return { phase: 'waiting', reason: waiting ?? unscheduled?.message ?? 'it was not created yet' };
}

/** For a pod that was there, and is not any more. */
export function podGone(key: string): TransientError {
  return new TransientError(`the pod of ${key} was taken away`, {
    code: 'pod_evicted',
    next: 'Its attempt is made again, by its retry policy',
  });
}

function failure(key: string, pod: V1Pod | undefined): MillraceError {
  const { reason, message, containerStatuses, conditions } = pod?.status ?? {};
  const disrupted = conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  if (disrupted ?? (reason !== undefined && evictions.has(reason))) {
    return new TransientError(
      `the pod of ${key} was taken away: ${message ?? disrupted?.message ?? reason}`,
      {
        code: 'pod_evicted',
        next: 'Its attempt is made again, by its retry policy',
      },
    );
  }
  if (reason === 'DeadlineExceeded') {
    return new TransientError(`the pod of ${key} worked for longer than it may`, { code: 'step_timed_out' });
  }
  const terminated = containerStatuses?.[0]?.state?.terminated;
  if (terminated?.reason === 'OOMKilled') {
    return new FatalError(`the pod of ${key} needed more memory than it may`, {
      code: 'step_out_of_memory',
      next: 'Raise its memoryMegabytes, or let it hold less at a time',
    });
  }
  return saidNothing(key, `ended with exit code ${terminated?.exitCode ?? 'unknown'}`);
}

function saidNothing(key: string, how: string): FatalError {
  return new FatalError(`the pod of ${key} ${how} without saying what came of it`, {
    code: 'step_process_ended',
    next: 'Look at the last lines of its log',
  });
}

function ended(error: MillraceError): PodState {
  return { phase: 'ended', error };
}
