import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, ConfigError, TransientError } from '../../core/errors.ts';
import type { StepContext, StepOutcome } from '../../core/executor.ts';
import { receiveError, type StepMessage } from './isolated-message.ts';
import { type Cluster, openCluster } from './pod-cluster.ts';
import { podJob, stepSelector } from './pod-job.ts';
import { type PodWork, readMessage } from './pod-message.ts';
import type { KubernetesDefinition } from '../settings/pod-settings.ts';
import { podGone, podState } from './pod-state.ts';

const usualStartSeconds = 300;
/** Pods are watched; this is for what was missed. */
const lookMilliseconds = 5000;

/**
 * Does one attempt in a pod, by a Job, and says what came of it. Before, it ends what an earlier attempt may have left at work; in the end
 * the Job is deleted, and its pods have ended.
 */
export async function executeInPod(
  settings: KubernetesDefinition | undefined,
  work: PodWork,
  timeoutSeconds: number | undefined,
  context: StepContext,
): Promise<StepOutcome> {
  if (!settings) throw notSet(work.key);
  const cluster = await openCluster(settings.namespace ?? 'default');
  const selector = stepSelector(work.facts.runId, work.key);
  await removeAll(cluster, selector, context);
  try {
    await cluster.createJob(podJob(settings, work, timeoutSeconds));
    return await followPod(cluster, selector, settings, work.key, context);
  } finally {
    // When the cluster cannot be reached now, the next attempt ends what is left, and a Job deletes itself after a while.
    await removeAll(cluster, selector).catch(() => undefined);
  }
}

/** Until no pod of them works any more; with a `context` it says so when that takes a while, and stops with it. */
async function removeAll(cluster: Cluster, selector: string, context?: StepContext): Promise<void> {
  await cluster.deleteJobs(selector);
  for (let looks = 0; (await cluster.pods(selector)).length > 0; looks += 1) {
    if (looks === 4) context?.log('Waits for the pod of an earlier attempt to end');
    if (context?.signal.aborted) return;
    await sleep(500);
  }
}

/** Tells the step's log what the pod says, until it has said what came of it, or has ended without. */
async function followPod(
  cluster: Cluster,
  selector: string,
  settings: KubernetesDefinition,
  key: string,
  context: StepContext,
): Promise<StepOutcome> {
  const over = new AbortController();
  const changes = createSignal();
  const voice = hearPod(context, changes.notify);
  context.signal.addEventListener('abort', changes.notify);
  void watch(cluster, selector, changes.notify, over.signal);
  const startedAtMs = performance.now();
  let isThere = false;
  let isHeard = false;
  try {
    for (;;) {
      const change = changes.next();
      if (context.signal.aborted) throw new CancelledError(`${key} was stopped`, { code: 'cancelled' });
      if (voice.last) return outcomeOf(voice.last);
      const [pod] = await cluster.pods(selector);
      const name = pod?.metadata?.name ?? '';
      if (isThere && !pod) throw podGone(key);
      isThere = pod !== undefined;
      const state = podState(key, pod);
      if (state.phase === 'ended') {
        await cluster.readLog(name, false, voice.hear, over.signal);
        if (voice.last) return outcomeOf(voice.last);
        throw state.error;
      }
      if (state.phase === 'working' && !isHeard) {
        isHeard = true;
        void hearOut(cluster, name, voice, over.signal).finally(() => {
          isHeard = false;
          changes.notify();
        });
      }
      const waited = (performance.now() - startedAtMs) / 1000;
      const limit = settings.startSeconds ?? usualStartSeconds;
      if (state.phase === 'waiting' && waited > limit) throw notStarted(key, limit, state.reason);
      await Promise.race([
        change,
        sleep(Math.min(lookMilliseconds, limit * 1000), undefined, { ref: false }),
      ]);
    }
  } finally {
    over.abort();
    context.signal.removeEventListener('abort', changes.notify);
  }
}

async function watch(
  cluster: Cluster,
  selector: string,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await cluster.watchPods(selector, onChange, signal).catch(() => undefined);
    if (!signal.aborted) await sleep(1000, undefined, { ref: false });
  }
}

/** Until the connection ends; it may be made again a little later. */
async function hearOut(cluster: Cluster, pod: string, voice: Voice, signal: AbortSignal): Promise<void> {
  await cluster.readLog(pod, true, voice.hear, signal);
  if (!signal.aborted && !voice.last) await sleep(300, undefined, { ref: false });
}

interface Voice {
  hear(this: void, line: string): void;
  /** How it ended, by its own account. */
  readonly last: StepMessage | undefined;
}

/** A log that is read again from its beginning is heard once. */
function hearPod(context: StepContext, onLast: () => void): Voice {
  let heard = 0;
  let last: StepMessage | undefined;
  return {
    get last() {
      return last;
    },
    hear: (line) => {
      const said = readMessage(line);
      if (!said || said.number <= heard) return;
      heard = said.number;
      const { message } = said;
      if (message.type === 'log') context.log(message.message, message.level);
      else if (message.type === 'progress') context.progress(message.progress);
      else if (message.type === 'done' || message.type === 'failed') {
        last = message;
        onLast();
      }
    },
  };
}

function outcomeOf(last: StepMessage): StepOutcome {
  if (last.type === 'done') return last.outcome;
  if (last.type === 'failed') throw receiveError(last.error);
  throw new TypeError('only the last message of a pod says what came of it');
}

/** Wakes who waits for the next change. */
function createSignal(): { notify(this: void): void; next(this: void): Promise<void> } {
  let waiting = Promise.withResolvers<void>();
  return {
    notify: () => {
      waiting.resolve();
      waiting = Promise.withResolvers();
    },
    next: () => waiting.promise,
  };
}

function notSet(key: string): ConfigError {
  return new ConfigError(`${key} has isolation: 'kubernetes', and the project does not say in which image`, {
    code: 'kubernetes_missing',
    next: "Write kubernetes: { image: '...' } in millrace.config.ts",
  });
}

function notStarted(key: string, seconds: number, reason: string): TransientError {
  return new TransientError(`the pod of ${key} did not start within ${seconds} s: ${reason}`, {
    code: 'pod_not_started',
    state: 'Its Job was deleted.',
    next: 'Look whether the cluster has room for it, or raise kubernetes.startSeconds',
  });
}
