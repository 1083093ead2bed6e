import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What becomes of the pod of a Job. */
export type PodLife =
  /** Its container is a process of this machine. */
  | { readonly kind: 'works' }
  /** It goes through these states, one after another. */
  | { readonly kind: 'scripted'; readonly states: readonly PodStatus[] }
  /** It works until it is evicted. */
  | { readonly kind: 'evicted' }
  /** It is never given a machine. */
  | { readonly kind: 'pending' };

export interface PodStatus {
  readonly phase: string;
  readonly reason?: string;
  readonly message?: string;
  readonly containerStatuses?: readonly unknown[];
}

/** An API server as far as Jobs and their pods go, as Kubernetes 1.31 speaks it; its containers run here. */
export interface FakeCluster {
  /** For `KUBECONFIG`. */
  readonly kubeconfig: string;
  /** `POST jobs`, `DELETE jobs/name` and so on, in their order. */
  readonly calls: string[];
  readonly jobs: FakeJob[];
  /** Says what becomes of the pods of Jobs, by their number from 0. */
  live: (index: number) => PodLife;
  /** Breaks connections of logs after so many bytes, once. */
  cutLogAfterBytes: number | undefined;
  /** Refuses everything with this status. */
  refuseWith: number | undefined;
  close(): Promise<void>;
}

export interface FakeJob {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: JobSpec;
  isDeleted: boolean;
  status: PodStatus;
  log: string;
  process: ChildProcess | undefined;
}

interface JobSpec {
  readonly backoffLimit: number;
  readonly activeDeadlineSeconds?: number;
  readonly template: {
    readonly spec: {
      readonly containers: readonly [
        {
          readonly image: string;
          readonly command: readonly string[];
          readonly env: readonly { readonly name: string; readonly value: string }[];
          readonly resources: unknown;
        },
      ];
    };
  };
}

/** @param folder the working folder of containers */
export async function startFakeCluster(folder: string): Promise<FakeCluster> {
  const home = await mkdtemp(join(tmpdir(), 'millrace-cluster-'));
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const server: Server = createServer((request, response) => void answer(request, response));
  const cluster: FakeCluster = {
    kubeconfig: join(home, 'config'),
    calls: [],
    jobs: [],
    live: () => ({ kind: 'works' }),
    cutLogAfterBytes: undefined,
    refuseWith: undefined,
    close: async () => {
      for (const job of cluster.jobs) job.process?.kill('SIGKILL');
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(home, { recursive: true, force: true });
    },
  };

  const begin = (job: FakeJob): void => {
    const life = cluster.live(cluster.jobs.indexOf(job));
    if (life.kind === 'pending') return;
    if (life.kind === 'scripted') {
      for (const [index, status] of life.states.entries())
        setTimeout(() => move(job, status), 50 * (index + 1));
      return;
    }
    const [container] = job.spec.template.spec.containers;
    const [file = '', ...args] = container.command;
    const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
    job.process = spawn(file, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    move(job, { phase: 'Running', containerStatuses: [{ state: { running: {} } }] });
    job.process.stdout?.on('data', (chunk: Buffer) => {
      job.log += chunk.toString();
      changed();
      if (life.kind === 'evicted' && job.log.includes('begin')) {
        job.process?.kill('SIGKILL');
        move(job, { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' });
      }
    });
    job.process.on('close', (code) => {
      if (job.status.phase !== 'Running') return;
      const terminated = { exitCode: code ?? 137, reason: code === 0 ? 'Completed' : 'Error' };
      move(job, {
        phase: code === 0 ? 'Succeeded' : 'Failed',
        containerStatuses: [{ state: { terminated } }],
      });
    });
  };
  const move = (job: FakeJob, status: PodStatus): void => {
    job.status = status;
    changed();
  };
  const end = (job: FakeJob): void => {
    job.isDeleted = true;
    job.process?.kill('SIGTERM');
    changed();
  };
  const pods = (selector: string): readonly FakeJob[] =>
    // A pod is there until its process has ended.
    cluster.jobs.filter((job) => matches(job, selector) && !(job.isDeleted && hasEnded(job)));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://cluster');
    const selector = url.searchParams.get('labelSelector') ?? '';
    const resource = url.pathname.replace(/^.*\/namespaces\/[^/]+\//, '');
    cluster.calls.push(`${request.method} ${resource}${url.searchParams.has('watch') ? '?watch' : ''}`);
    if (cluster.refuseWith !== undefined)
      return status(response, cluster.refuseWith, 'jobs.batch is forbidden');
    if (request.method === 'POST' && resource === 'jobs') {
      const body = (await readJson(request)) as {
        metadata: { name: string; labels: Record<string, string> };
        spec: JobSpec;
      };
      if (cluster.jobs.some((job) => job.name === body.metadata.name && !job.isDeleted))
        return status(response, 409, 'already exists');
      const job: FakeJob = {
        ...{ name: body.metadata.name, labels: body.metadata.labels, spec: body.spec },
        ...{ isDeleted: false, status: { phase: 'Pending' }, log: '', process: undefined },
      };
      cluster.jobs.push(job);
      setTimeout(() => begin(job), 50);
      return json(response, 201, { kind: 'Job', apiVersion: 'batch/v1', ...body });
    }
    if (request.method === 'GET' && resource === 'jobs') {
      const items = cluster.jobs
        .filter((job) => matches(job, selector) && !job.isDeleted)
        .map(({ name }) => ({ metadata: { name } }));
      return json(response, 200, { kind: 'JobList', apiVersion: 'batch/v1', metadata: {}, items });
    }
    if (request.method === 'DELETE' && resource.startsWith('jobs/')) {
      const job = cluster.jobs.find(({ name, isDeleted }) => resource === `jobs/${name}` && !isDeleted);
      if (!job) return status(response, 404, 'not found');
      end(job);
      return json(response, 200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
    }
    if (request.method === 'GET' && resource === 'pods') {
      if (!url.searchParams.has('watch'))
        return json(response, 200, {
          kind: 'PodList',
          apiVersion: 'v1',
          metadata: {},
          items: pods(selector).map(toPod),
        });
      response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
      response.flushHeaders();
      const tell = (): void => {
        for (const job of pods(selector))
          response.write(`${JSON.stringify({ type: 'MODIFIED', object: toPod(job) })}\n`);
      };
      listeners.add(tell);
      request.on('close', () => listeners.delete(tell));
      return;
    }
    const log = /^pods\/(.+)-pod\/log$/.exec(resource);
    const logged = cluster.jobs.find(({ name }) => name === log?.[1]);
    if (logged) return sendLog(logged, url.searchParams.get('follow') === 'true', request, response);
    return status(response, 404, 'the server could not find the requested resource');
  }

  function sendLog(job: FakeJob, follow: boolean, request: IncomingMessage, response: ServerResponse): void {
    let sent = 0;
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const send = (): void => {
      const limit = cluster.cutLogAfterBytes;
      if (follow && limit !== undefined && job.log.length > limit) {
        cluster.cutLogAfterBytes = undefined;
        response.write(job.log.slice(sent, limit));
        response.destroy();
        return;
      }
      response.write(job.log.slice(sent));
      sent = job.log.length;
      if (!follow || job.status.phase !== 'Running') {
        listeners.delete(send);
        response.end();
      }
    };
    if (follow) listeners.add(send);
    request.on('close', () => listeners.delete(send));
    send();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await writeFile(
    cluster.kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'fake', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
      ],
      users: [{ name: 'me', user: {} }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'me' } }],
      'current-context': 'fake',
    }),
  );
  return cluster;
}

function matches({ labels }: FakeJob, selector: string): boolean {
  const [name = '', value] = selector.split('=');
  return labels[name] === value;
}

function hasEnded({ process: container }: FakeJob): boolean {
  return container === undefined || container.exitCode !== null || container.signalCode !== null;
}

function toPod(job: FakeJob): object {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: `${job.name}-pod`, labels: job.labels },
    status: job.status,
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}

function json(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function status(response: ServerResponse, code: number, message: string): void {
  json(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });
}
