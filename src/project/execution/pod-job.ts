import { createHash } from 'node:crypto';
import type { V1Job } from '@kubernetes/client-node';
import { podWorkName, type PodWork } from './pod-message.ts';
import type { KubernetesDefinition } from '../settings/pod-settings.ts';

/** How long a pod that is told to end may take; shorter than the engine waits for a step that was stopped. */
const stopSeconds = 20;
/** Memory of what starts the step's process in the pod, which itself may have `memoryMegabytes`. */
const ownMegabytes = 256;
/** Of a Job that nobody has deleted, because its step's process died. */
const keptSeconds = 3600;

const label = 'millrace.dev/step';

/** Finds the Jobs and pods of all attempts at a step. */
export function stepSelector(runId: string, key: string): string {
  return `${label}=${stepName(runId, key)}`;
}

/** The Job of one attempt. Kubernetes does not repeat it: that is decided by the step's retry policy. */
export function podJob(
  settings: KubernetesDefinition,
  work: PodWork,
  timeoutSeconds: number | undefined,
): V1Job {
  const { runId, attempt } = work.facts;
  const step = stepName(runId, work.key);
  const labels = { [label]: step, 'app.kubernetes.io/managed-by': 'millrace' };
  const { memoryMegabytes } = work;
  const memory = memoryMegabytes === undefined ? {} : { memory: `${memoryMegabytes + ownMegabytes}Mi` };
  const requests = { ...memory, ...(settings.cpu === undefined ? {} : { cpu: settings.cpu }) };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `millrace-${step}-${attempt}`,
      labels,
      annotations: { 'millrace.dev/run': runId, 'millrace.dev/node': work.key },
    },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: keptSeconds,
      ...(timeoutSeconds === undefined
        ? {}
        : { activeDeadlineSeconds: Math.ceil(timeoutSeconds) + stopSeconds }),
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: stopSeconds,
          ...(settings.serviceAccount === undefined ? {} : { serviceAccountName: settings.serviceAccount }),
          containers: [
            {
              name: 'step',
              image: settings.image,
              command: [...(settings.command ?? ['npx', 'millrace']), 'pod-step'],
              env: [{ name: podWorkName, value: Buffer.from(JSON.stringify(work)).toString('base64') }],
              envFrom: (settings.secrets ?? []).map((name) => ({ secretRef: { name } })),
              resources: { requests, limits: memory },
            },
          ],
        },
      },
    },
  };
}

function stepName(runId: string, key: string): string {
  return createHash('sha256').update(`${runId} ${key}`).digest('hex').slice(0, 20);
}
