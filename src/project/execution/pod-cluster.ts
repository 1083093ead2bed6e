import { Writable } from 'node:stream';
import type * as Client from '@kubernetes/client-node';
import { ConfigError, FatalError, TransientError } from '../../core/errors.ts';

/** What steps need of a cluster, in one namespace. */
export interface Cluster {
  /** Nothing happens when it is there already. */
  createJob(job: Client.V1Job): Promise<void>;
  /** With their pods, which are told to end. */
  deleteJobs(selector: string): Promise<void>;
  pods(selector: string): Promise<readonly Client.V1Pod[]>;
  /** Calls back when one of the pods has changed, until the server ends that or `signal` aborts. */
  watchPods(selector: string, onChange: () => void, signal: AbortSignal): Promise<void>;
  /** Gives the lines of a pod's output from its beginning; with `follow` until it ends. Never rejects: what is missing is read again. */
  readLog(pod: string, follow: boolean, onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
}

/** Throws a `ConfigError` when the client is not installed or no cluster is named. */
export async function openCluster(namespace: string): Promise<Cluster> {
  const client = await loadClient();
  const config = new client.KubeConfig();
  config.loadFromDefault();
  if (!config.getCurrentCluster()) {
    throw new ConfigError('no Kubernetes cluster is named', {
      code: 'cluster_missing',
      next: 'Run in a pod with a service account, or set KUBECONFIG',
    });
  }
  const batch = config.makeApiClient(client.BatchV1Api);
  const core = config.makeApiClient(client.CoreV1Api);
  return {
    createJob: async (body) => {
      await told(batch.createNamespacedJob({ namespace, body }), [409]);
    },
    deleteJobs: async (labelSelector) => {
      const jobs = await told(batch.listNamespacedJob({ namespace, labelSelector }));
      for (const { metadata } of jobs?.items ?? []) {
        const job = { namespace, name: metadata?.name ?? '', propagationPolicy: 'Background' };
        await told(batch.deleteNamespacedJob(job), [404]);
      }
    },
    pods: async (labelSelector) =>
      (await told(core.listNamespacedPod({ namespace, labelSelector })))?.items ?? [],
    watchPods: async (labelSelector, onChange, signal) => {
      const over = Promise.withResolvers<void>();
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
      const stop = await new client.Watch(config).watch(path, { labelSelector }, onChange, () =>
        over.resolve(),
      );
      await untilOver(over.promise, stop, signal);
    },
    readLog: async (pod, follow, onLine, signal) => {
      const over = Promise.withResolvers<void>();
      const lines = lineSink(onLine);
      lines.on('close', () => over.resolve());
      // The client leaves a lost connection to whoever listens for it.
      lines.on('pipe', (source) => source.on('error', () => over.resolve()));
      try {
        const stop = await new client.Log(config).log(namespace, pod, 'step', lines, { follow });
        await untilOver(over.promise, stop, signal);
      } catch {
        // It has not started yet, or is gone.
      }
    },
  };
}

async function loadClient(): Promise<typeof Client> {
  try {
    return await import('@kubernetes/client-node');
  } catch (error) {
    throw new ConfigError("isolation: 'kubernetes' needs the package @kubernetes/client-node", {
      code: 'package_missing',
      next: 'Install it: npm install @kubernetes/client-node',
      cause: error,
    });
  }
}

async function untilOver(over: Promise<void>, stop: AbortController, signal: AbortSignal): Promise<void> {
  const end = (): void => stop.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  try {
    await Promise.race([over, aborted]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function lineSink(onLine: (line: string) => void): Writable {
  let rest = '';
  return new Writable({
    write: (chunk: Buffer, _, done) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      done();
    },
    final: (done) => {
      if (rest !== '') onLine(rest);
      done();
    },
  });
}

/** The answer; undefined for a status among `fine`. */
async function told<Answer>(
  call: Promise<Answer>,
  fine: readonly number[] = [],
): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    const status = (error as { readonly code?: unknown }).code;
    if (typeof status === 'number' && fine.includes(status)) return undefined;
    throw clusterError(error, status);
  }
}

function clusterError(error: unknown, status: unknown): Error {
  const reason = reasonOf(error);
  if (status === 401 || status === 403) {
    return new ConfigError(`the cluster refused it: ${reason}`, {
      code: 'cluster_refused',
      next: 'Its service account must be allowed to create, list and delete Jobs, and to list, watch and read the logs of pods',
      cause: error,
    });
  }
  if (typeof status !== 'number' || status >= 500 || status === 429)
    return new TransientError(`the cluster cannot be reached: ${reason}`, {
      code: 'cluster_unreachable',
      cause: error,
    });
  return new FatalError(`the cluster refused it (${status}): ${reason}`, {
    code: 'cluster_refused',
    cause: error,
  });
}

/** What the server says of itself, and not its headers. */
function reasonOf(error: unknown): string {
  const { body, message } = error as { readonly body?: unknown; readonly message?: unknown };
  try {
    const said = (typeof body === 'string' ? JSON.parse(body) : body) as
      | { readonly message?: unknown }
      | undefined;
    if (typeof said?.message === 'string') return said.message;
  } catch {
    // Not JSON.
  }
  return String(message).split('\n', 1)[0] ?? '';
}
