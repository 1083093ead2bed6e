import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AutomationPayload } from '../../src/server/index.ts';
import { millrace, millraceJson, startMillrace, type RunningCommand } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

const secret = '0123456789abcdef0123';

let project: NewProject;
const running: RunningCommand[] = [];

beforeEach(async () => {
  project = await newProject();
});
afterEach(async () => {
  for (const { child, result } of running.splice(0)) {
    child.kill('SIGTERM');
    await result;
  }
  await project.remove();
});

async function startDev(): Promise<string> {
  const command = startMillrace(['dev', '--port', '0', '--json'], {
    cwd: project.folder,
    env: { HOOK_SECRET: secret },
  });
  running.push(command);
  if (!command.child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface(command.child.stdout), 'line')) as [string];
  return (JSON.parse(line) as { url: string }).url;
}

interface Runs {
  readonly runs: readonly {
    readonly id: string;
    readonly state: string;
    readonly trigger: { readonly kind: string; readonly name?: string };
  }[];
}

async function finishedRuns(count: number): Promise<Runs['runs']> {
  for (;;) {
    const { runs } = await millraceJson<Runs>(['runs'], { cwd: project.folder });
    const finished = runs.filter(({ state }) => state === 'succeeded' || state === 'failed');
    if (finished.length >= count) return finished;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100));
}

const greeting = `
import { defineSensor, defineTask, defineWebhook } from 'millrace';
export const greet = defineTask({
  key: 'greet',
  run: async ({ input, log }) => {
    log('greets ' + JSON.stringify(input));
    return { metadata: { input: input ?? null } };
  },
});
`;

describe('millrace dev', () => {
  it('starts runs of a sensor and of a webhook, whose tasks are told why', async () => {
    await project.write(
      'assets/greet.ts',
      `${greeting}
export const drops = defineSensor({ name: 'drops', everySeconds: 1, select: 'task/greet', on: { files: 'drops/*.txt' } });
export const hook = defineWebhook({ name: 'greet', select: 'task/greet', secret: '\${HOOK_SECRET}' });
`,
    );
    const url = await startDev();
    await project.write('drops/one.txt', 'x');
    const [first] = await finishedRuns(1);
    expect(first).toMatchObject({ state: 'succeeded', trigger: { kind: 'sensor', name: 'drops' } });

    const body = '{"who":"ML"}';
    const seconds = Math.floor(Date.now() / 1000);
    const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    const response = await fetch(`${url}/hooks/greet`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'millrace-signature': `t=${seconds},v1=${signature}` },
    });
    expect(response.status).toBe(202);
    const { runId } = (await response.json()) as { runId: string };
    await finishedRuns(2);
    const { stdout } = await millrace(['runs', 'show', runId, '--logs'], { cwd: project.folder });
    expect(stdout).toContain('greets {"who":"ML"}');
    const status = await millrace(['status'], { cwd: project.folder });
    expect(status.stdout).toContain('sensor drops');
  });

  it('goes on beside a sensor that fails, and says so', async () => {
    await project.write(
      'assets/greet.ts',
      `${greeting}
export const broken = defineSensor({ name: 'broken', everySeconds: 1, select: 'task/greet',
  check: async () => { throw new Error('the partner is away'); } });
export const drops = defineSensor({ name: 'drops', everySeconds: 1, select: 'task/greet', on: { files: 'drops/*.txt' } });
`,
    );
    await project.write('drops/one.txt', 'x');
    const url = await startDev();
    await finishedRuns(1);
    const status = await millrace(['status'], { cwd: project.folder });
    expect(status.stdout).toMatch(/sensor broken.*failing.*the partner is away/);
    expect(status.stdout).toContain('Next: mend the sensor');
    const answer = await fetch(`${url}/api/automation`);
    const { triggers } = (await answer.json()) as AutomationPayload;
    expect(triggers.find(({ name }) => name === 'broken')).toMatchObject({
      condition: 'failing',
      lastTick: { outcome: 'failed', reason: expect.stringContaining('the partner is away') },
    });
    expect(triggers.find(({ name }) => name === 'drops')?.condition).toBe('working');
  });
});

describe('a trigger', () => {
  it('starts a run after one that failed, and after what was made, once for each', async () => {
    await project.write(
      'assets/work.ts',
      `import { defineTask, defineTrigger } from 'millrace';
export const fragile = defineTask({ key: 'fragile', run: async () => { throw new Error('no'); } });
export const well = defineTask({ key: 'well', run: async () => {} });
export const tell = defineTask({ key: 'tell', run: async ({ input }) => ({ metadata: { input } }) });
export const failed = defineTrigger({ name: 'failed', on: 'run_failed', of: 'kind:task', select: 'task/tell' });
export const made = defineTrigger({ name: 'made', on: 'updated', of: 'task/well', select: 'task/tell' });
`,
    );
    await startDev();
    await until(async () => {
      const { sensors } = await millraceJson<Status>(['status'], { cwd: project.folder });
      return sensors.every(({ condition }) => condition === 'working');
    });
    await millrace(['run', 'task/fragile'], { cwd: project.folder });
    const [told] = await finishedRuns(2);
    expect(told).toMatchObject({ state: 'succeeded', trigger: { kind: 'trigger', name: 'failed' } });
    await millrace(['run', 'task/well'], { cwd: project.folder });
    const runs = await finishedRuns(4);
    expect(runs[0]).toMatchObject({ state: 'succeeded', trigger: { kind: 'trigger', name: 'made' } });
    const shown = await millraceJson<{ run: { steps: { outcome: { metadata: unknown } }[] } }>(
      ['runs', 'show', runs[0]?.id ?? ''],
      { cwd: project.folder },
    );
    expect(shown.run.steps[0]?.outcome.metadata).toEqual({ input: { updated: ['task/well'] } });
    expect(await finishedRuns(4)).toHaveLength(4);
  });
});

describe('a condition', () => {
  it('makes what is downstream as soon as upstream was made, and why tells how it came to that', async () => {
    await project.write(
      'assets/work.ts',
      `import { defineAsset, defineTask, eager } from 'millrace';
export const first = defineAsset({ key: 'code/first', freshness: { maxAge: '6h' }, run: async () => {} });
export const second = defineAsset({ key: 'code/second', deps: ['code/first'], automation: eager(), run: async () => {} });
export const last = defineTask({ key: 'tell', after: ['code/second'], automation: eager(), run: async () => {} });
`,
    );
    const url = await startDev();
    const stale = await millraceJson<Status>(['status'], { cwd: project.folder });
    expect(stale.freshness['code/first']).toMatchObject({ condition: 'stale' });
    await millraceJson(['run', 'code/first'], { cwd: project.folder });
    const runs = await finishedRuns(2);
    expect(runs.map(({ trigger }) => trigger)).toEqual([
      { kind: 'condition', name: 'code/second and 1 more' },
      { kind: 'command' },
    ]);
    const { stdout } = await millrace(['why', 'code/second'], { cwd: project.folder });
    expect(stdout).toContain(`started run ${runs[0]?.id}`);
    const answer = (await (await fetch(`${url}/api/status`)).json()) as {
      nodes: { key: string; freshness?: object }[];
    };
    expect(answer.nodes.filter(({ freshness }) => freshness)).toMatchObject([
      { key: 'code/first', freshness: { condition: 'fresh' } },
    ]);
    const fresh = await millraceJson<Status>(['status'], { cwd: project.folder });
    expect(fresh.freshness['code/first']).toMatchObject({ condition: 'fresh' });
  });

  it('of a model is written in its meta', async () => {
    await project.edit(
      'transform/models/schema.yml',
      '    columns:',
      '    config: {meta: {millrace: {automation: eager, freshness: {max_age: 6h, warn_after: 5h}}}}\n    columns:',
    );
    await startDev();
    await millraceJson(['run', 'raw/orders'], { cwd: project.folder });
    const runs = await finishedRuns(2);
    expect(runs[0]).toMatchObject({
      state: 'succeeded',
      trigger: { kind: 'condition', name: expect.stringContaining('revenue_by_city') as string },
    });
    const { freshness } = await millraceJson<Status>(['status'], { cwd: project.folder });
    expect(Object.values(freshness)).toMatchObject([{ condition: 'fresh' }]);
  });

  it('of a replication is written in its meta, for one stream or for all', async () => {
    await project.edit(
      'replications/orders.yaml',
      '  mode: full-refresh',
      '  mode: full-refresh\n  meta: {millrace: {automation: on_missing, freshness: 6h}}',
    );
    await startDev();
    const runs = await finishedRuns(1);
    expect(runs[0]).toMatchObject({
      state: 'succeeded',
      trigger: { kind: 'condition', name: 'of raw/orders' },
    });
    const { freshness } = await millraceJson<Status>(['status'], { cwd: project.folder });
    expect(freshness).toMatchObject({ 'raw/orders': { condition: 'fresh' } });
  });

  it.each([
    ['automation: egaer', 'Did you mean eager'],
    ['automation: {on_cron: "61 * * * *"}', 'cron'],
    ['freshness: soon', '"soon" is no duration'],
    ['freshness: {max_age: 6h, warn_after: 7h}', "'warn_after' has to be shorter"],
  ])('with a mistake in %s is found with its file', async (written, message) => {
    await project.edit(
      'transform/models/schema.yml',
      '    columns:',
      `    config: {meta: {millrace: {${written}}}}\n    columns:`,
    );
    const result = await millrace(['check'], { cwd: project.folder });
    expect(result.code).toBe(2);
    expect(result.stderr.toLowerCase()).toContain(message.toLowerCase());
    expect(result.stderr).toMatch(/transform\/models\//);
  });
});

interface Status {
  readonly sensors: readonly { readonly condition: string }[];
  readonly freshness: Readonly<Record<string, { readonly condition: string }>>;
}

describe('millrace check', () => {
  it.each([
    ["defineSensor({ name: 's', select: '' })", "it needs either 'on' or 'check'"],
    ["defineSensor({ name: 's', select: 'nope', check: async () => {} })", 'nope'],
    [
      "defineSensor({ name: 's', select: '', on: { files: 'sftp://host/*.csv' } })",
      'it cannot watch sftp://',
    ],
    [
      "defineSensor({ name: 's', select: '', on: { files: 's3://*/a.csv' } })",
      's3://*/a.csv names no bucket',
    ],
    [
      "defineSensor({ name: 's', select: '', on: { files: 'a.csv', region: 'x' } })",
      'region means nothing beside',
    ],
    [
      "defineSensor({ name: 's', select: '', on: { files: 's3://b/a', accessKeyId: 'x' } })",
      'accessKeyId and secretAccessKey go together',
    ],
    [
      "defineSensor({ name: 's', select: '', on: { files: 'gs://b/a', what: 'latest' as 'newest' } })",
      'what cannot be "latest"',
    ],
    ["defineWebhook({ name: 'w', select: '' })", "it needs either 'secret' or 'token'"],
    ["defineWebhook({ name: 'w/x', select: '', token: 'x' })", 'its name is part of an address'],
  ])('finds the mistake in %s', async (definition, message) => {
    await project.write(
      'assets/bad.ts',
      `import { defineSensor, defineWebhook } from 'millrace';\nvoid [defineSensor, defineWebhook];\nexport const bad = ${definition};\n`,
    );
    const result = await millrace(['check'], { cwd: project.folder });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('assets/bad.ts');
    expect(result.stderr).toContain(message);
  });
});
