import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFakeCluster, type FakeCluster } from '../support/fake-cluster.ts';
import { millrace, startMillrace, type CommandResult } from '../support/millrace-command.ts';

interface RunJson {
  readonly state: string;
  readonly steps: readonly {
    readonly key: string;
    readonly state: string;
    readonly attempt: number;
    readonly outcome?: { readonly rows?: number };
    readonly failure?: { readonly code: string; readonly message: string };
  }[];
}

let folder: string;
let cluster: FakeCluster;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-pods-'));
  cluster = await startFakeCluster(folder);
});
afterEach(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function project(body: string, more: string = '', kubernetes: string = ''): Promise<void> {
  const command = JSON.stringify([process.execPath, '--conditions=@millrace/source', main]);
  await write(
    'millrace.config.ts',
    `import { defineProject } from 'millrace';
export default defineProject({ name: 'pods', kubernetes: { image: 'shop:7', command: ${command}, ${kubernetes} } });
`,
  );
  await write(
    'assets/work.ts',
    `import { defineTask } from 'millrace';
import { setTimeout as sleep } from 'node:timers/promises';
export const far = defineTask({ key: 'far', isolation: 'kubernetes', ${more} retry: { delaySeconds: 0.1 }, run: async (context) => {
  ${body}
} });
`,
  );
}

async function run(): Promise<{ readonly result: CommandResult; readonly step: RunJson['steps'][number] }> {
  const result = await millrace(['run', '--json'], { cwd: folder, env: { KUBECONFIG: cluster.kubeconfig } });
  if (result.stdout === '') throw new Error(result.stderr);
  const [step] = (JSON.parse(result.stdout) as RunJson).steps;
  if (!step) throw new Error(result.stdout + result.stderr);
  return { result, step };
}

async function logs(): Promise<string> {
  return (await millrace(['runs', 'logs', 'last'], { cwd: folder })).stdout;
}

test('a step works in a pod: its log and outcome come back, and its Job is deleted', async () => {
  await project(
    `context.log('begin ' + context.attempt); console.log('printed'); return { rows: 3 };`,
    'memoryMegabytes: 512, timeoutSeconds: 60,',
  );
  cluster.cutLogAfterBytes = 40;
  const { step } = await run();
  expect(step).toMatchObject({ state: 'succeeded', outcome: { rows: 3 } });
  const text = await logs();
  expect(text.match(/begin 1/g)).toHaveLength(1);
  expect(text).toContain('printed');
  const [job] = cluster.jobs;
  expect(job).toMatchObject({ isDeleted: true, spec: { backoffLimit: 0, activeDeadlineSeconds: 80 } });
  expect(job?.spec.template.spec.containers[0]).toMatchObject({
    image: 'shop:7',
    resources: { limits: { memory: '768Mi' } },
  });
  expect(cluster.calls).toContain('GET pods?watch');
  expect(cluster.calls.filter((call) => call === 'POST jobs')).toHaveLength(1);
});

test('what the step throws keeps its kind', async () => {
  await project(`throw Object.assign(new Error('no such shop'), {});`);
  const { step, result } = await run();
  expect(step).toMatchObject({
    state: 'failed',
    attempt: 1,
    failure: { code: 'task_failed', message: 'no such shop' },
  });
  expect(result.code).toBe(1);
});

test('an evicted pod is a passing trouble: the step is tried again in another', async () => {
  await project(`context.log('begin'); if (context.attempt === 1) await sleep(60_000); return { rows: 1 };`);
  cluster.live = (index) => ({ kind: index === 0 ? 'evicted' : 'works' });
  const { step } = await run();
  expect(step).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(await logs()).toContain('The node was low on resource');
  expect(cluster.jobs.map(({ isDeleted }) => isDeleted)).toEqual([true, true]);
});

test('a pod whose memory is over fails the step', async () => {
  await project('');
  const terminated = { exitCode: 137, reason: 'OOMKilled' };
  const states = [
    { phase: 'Running', containerStatuses: [{ state: { running: {} } }] },
    { phase: 'Failed', containerStatuses: [{ state: { terminated } }] },
  ];
  cluster.live = () => ({ kind: 'scripted', states });
  expect((await run()).step.failure).toMatchObject({ code: 'step_out_of_memory' });
});

test('an image that cannot be fetched is told at once', async () => {
  await project('');
  const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "shop:7"' };
  cluster.live = () => ({
    kind: 'scripted',
    states: [{ phase: 'Pending', containerStatuses: [{ state: { waiting } }] }],
  });
  const { step } = await run();
  expect(step.failure).toMatchObject({
    code: 'pod_cannot_start',
    message: 'the pod of task/far cannot start: Back-off pulling image "shop:7"',
  });
});

test('a pod that gets no machine is given up after a while', async () => {
  await project('', '', 'startSeconds: 0.5');
  cluster.live = () => ({ kind: 'pending' });
  const { step } = await run();
  expect(step).toMatchObject({ state: 'failed', attempt: 3, failure: { code: 'pod_not_started' } });
  expect(cluster.jobs.every(({ isDeleted }) => isDeleted)).toBe(true);
});

test('a cancelled step ends its pod before it ends itself', async () => {
  await project(`context.log('begin'); await sleep(600_000, undefined, { signal: context.signal });`);
  const env = { KUBECONFIG: cluster.kubeconfig };
  const running = startMillrace(['run', '--json'], { cwd: folder, env });
  while (!cluster.jobs[0]?.log.includes('begin')) await sleep(50);
  running.child.kill('SIGINT');
  const result = await running.result;
  expect(result.code).toBe(130);
  const container = cluster.jobs[0]?.process;
  expect(container?.exitCode ?? container?.signalCode).not.toBeNull();
  expect(cluster.jobs[0]?.isDeleted).toBe(true);
});

test('what an earlier attempt has left at work is ended first', async () => {
  await project(`context.log('begin'); if (context.attempt === 1) await sleep(600_000); return { rows: 2 };`);
  const env = { KUBECONFIG: cluster.kubeconfig };
  const killed = startMillrace(['run', '--json'], { cwd: folder, env });
  while (!cluster.jobs[0]?.log.includes('begin')) await sleep(50);
  killed.child.kill('SIGKILL');
  await killed.result;
  const { step } = await run();
  expect(step).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(cluster.jobs).toHaveLength(2);
  const order = cluster.calls.filter((call) => /^(POST|DELETE)/.test(call));
  expect(order[1]).toBe(`DELETE jobs/${cluster.jobs[0]?.name}`);
  expect(order[2]).toBe('POST jobs');
});

test('an image with another version of the code does not run it', async () => {
  await project(`return { rows: 1 };`);
  await millrace(['check'], { cwd: folder });
  const path = join(folder, 'assets', 'work.ts');
  const changed = (await readFile(path, 'utf8')).replace('rows: 1', 'rows: 2');
  cluster.live = () => {
    void writeFile(path, changed);
    return { kind: 'works' };
  };
  expect((await run()).step.failure).toMatchObject({ code: 'pod_outdated' });
});

test('a cluster that refuses, and one that is not named, say what to do', async () => {
  await project('');
  cluster.refuseWith = 403;
  expect((await run()).step.failure).toMatchObject({
    code: 'cluster_refused',
    message: 'the cluster refused it: jobs.batch is forbidden',
  });
  await write('millrace.config.ts', `export default { name: 'pods' };\n`);
  expect((await run()).step.failure).toMatchObject({ code: 'kubernetes_missing' });
});
