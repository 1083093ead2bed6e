import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSmtpServer } from '../support/smtp-server.ts';
import { startReceiver, type HttpReceiver } from '../support/http-receiver.ts';
import { millrace, startMillrace } from '../support/millrace-command.ts';

let folder: string;
let receiver: HttpReceiver;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-alerts-'));
  receiver = await startReceiver();
  await mkdir(join(folder, 'assets'));
  await writeFile(
    join(folder, 'assets', 'fragile.ts'),
    `import { defineTask } from 'millrace';
export default defineTask({ key: 'fragile', run: async ({ environment }) => {
  if (environment.BROKEN) throw new Error('it broke, with ' + environment.ALERT_SECRET);
} });\n`,
  );
});
afterEach(async () => {
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
});

async function configure(alerts: string): Promise<void> {
  await writeFile(
    join(folder, 'millrace.config.ts'),
    `import { defineProject } from 'millrace';\nexport default defineProject({ name: 'fragile', alerts: ${alerts} });\n`,
  );
}

const hook = `{ hook: { webhook: '\${ALERT_URL}/hook', secret: '\${ALERT_SECRET}' }, ops: { slack: '\${ALERT_URL}/slack/T00/secret-path' } }`;

function run(broken: boolean): ReturnType<typeof millrace> {
  return millrace(['run'], { cwd: folder, env: env(broken) });
}

function env(broken: boolean): Record<string, string> {
  return {
    ALERT_URL: receiver.url,
    ALERT_SECRET: 'sesame-open-up',
    ...(broken ? { BROKEN: 'yes' } : { BROKEN: '' }),
  };
}

interface HookBody {
  readonly id: string;
  readonly on: string;
  readonly state: string;
  readonly subject: string;
  readonly text: string;
  readonly error?: string;
}

function hooks(): readonly HookBody[] {
  return receiver.taken
    .filter(({ path }) => path === '/hook')
    .map(({ body }) => JSON.parse(body) as HookBody);
}

test('a run that failed is told by mail, without the secrets of the server and of the error', async () => {
  const server = await startSmtpServer();
  try {
    await configure(`{
      channels: { mail: { email: 'ops@shop.test, data@shop.test', from: 'millrace@shop.test', smtp: '\${SMTP_URL:-}' } },
      rules: [{ on: 'step_failed', to: ['mail'] }],
    }`);
    const told = await millrace(['run'], {
      cwd: folder,
      env: { ...env(true), ALERT_SECRET: 'sesame', SMTP_URL: `smtp://me:sesame@${server.address}` },
    });
    expect(told.code).toBe(1);
    expect(server.mails).toHaveLength(1);
    const [mail] = server.mails;
    expect(mail).toMatchObject({ to: ['ops@shop.test', 'data@shop.test'], login: 'me:sesame' });
    expect(mail?.content).toContain('Subject: fragile: task/fragile failed');
    expect(mail?.content).toContain('it broke, with');
    expect(`${mail?.content} ${told.stderr}`).not.toContain('sesame');
  } finally {
    await server.close();
  }
});

test('the first failure and the recovery are told once, over processes, signed and without secrets', async () => {
  await configure(`{ channels: ${hook}, rules: [
    { on: 'run_failed', to: ['ops'] },
    { on: 'step_failed', select: 'task/fragile', to: ['hook'] },
  ] }`);
  for (const broken of [false, true, true, false, false]) {
    const ran = await run(broken);
    expect(ran.stdout + ran.stderr).not.toContain('sesame-open-up');
    expect(ran.stdout + ran.stderr).not.toContain('secret-path');
  }
  expect(hooks().map(({ on, state, subject }) => [on, state, subject])).toEqual([
    ['step_failed', 'raised', 'task/fragile'],
    ['step_failed', 'recovered', 'task/fragile'],
  ]);
  expect(hooks()[0]?.error).toContain('it broke, with ***');

  const sent = receiver.taken.find(({ path }) => path === '/hook');
  const [, seconds = '', digest] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(sent?.headers['millrace-signature'])) ?? [];
  const expected = createHmac('sha256', 'sesame-open-up').update(`${seconds}.${sent?.body}`).digest('hex');
  expect(digest).toBe(expected);
  expect(sent?.headers['millrace-delivery']).toBe(hooks()[0]?.id);

  const slack = receiver.taken.filter(({ path }) => path.startsWith('/slack'));
  expect(slack.map(({ body }) => (JSON.parse(body) as { text: string }).text)).toEqual([
    expect.stringMatching(
      /^fragile: run of everything failed\n1 of 1 steps failed: task\/fragile\ntask\/fragile: .*\nmillrace runs show \d/,
    ),
    'fragile: run of everything is well again (failed before)',
  ]);
});

test('an alert of a process that was killed before it was sent is sent by the next one, with its id', async () => {
  await configure(`{ channels: ${hook}, rules: [{ on: 'step_failed', to: ['hook'] }] }`);
  receiver.answer = () => undefined;
  const { child, result } = startMillrace(['run'], { cwd: folder, env: env(true) });
  await receiver.arrived(1);
  child.kill('SIGKILL');
  await result;

  receiver.answer = () => 200;
  await run(true);
  expect(hooks()).toHaveLength(1);
  expect(receiver.requests[0]?.headers['millrace-delivery']).toBe(hooks()[0]?.id);
  await run(true);
  expect(hooks()).toHaveLength(1);
});

test('a channel that is away holds up neither the run nor other channels', async () => {
  await configure(`{ channels: ${hook}, rules: [{ on: 'step_failed', to: ['ops', 'hook'] }] }`);
  receiver.answer = ({ path }) => (path.startsWith('/slack') ? 500 : 200);
  const ran = await run(true);
  expect(ran.stderr).toMatch(/alerts: ops: .* answered 500/);
  expect(hooks()).toHaveLength(1);
});

test('quiet hours hold back what is not urgent', async () => {
  const hourAt = (offset: number): string =>
    `${String((new Date().getUTCHours() + 24 + offset) % 24).padStart(2, '0')}:00`;
  const quietHours = `quietHours: { from: '${hourAt(-6)}', to: '${hourAt(6)}', timeZone: 'Etc/GMT' }`;
  await configure(`{ channels: ${hook}, ${quietHours}, rules: [
    { name: 'calm', on: 'step_failed', to: ['hook'] },
    { name: 'urgent', on: 'step_failed', to: ['hook'], urgent: true },
  ] }`);
  await run(true);
  expect(receiver.taken.map(({ body }) => (JSON.parse(body) as { rule: string }).rule)).toEqual(['urgent']);
  await configure(`{ channels: ${hook}, rules: [
    { name: 'calm', on: 'step_failed', to: ['hook'] },
    { name: 'urgent', on: 'step_failed', to: ['hook'], urgent: true },
  ] }`);
  await run(true);
  expect(hooks()).toHaveLength(2);
});

test.each([
  [`{ on: 'run_failed', to: ['opps'] }`, "there is no channel 'opps'"],
  [`{ on: 'late', to: ['ops'] }`, "late needs 'withinMinutes'"],
  [`{ on: 'step_failed', select: 'task/frgile', to: ['ops'] }`, 'frgile'],
  [`{ on: 'run_failed', to: ['ops'], template: '{{ eror }}' }`, "there is no placeholder 'eror'"],
  [`{ on: 'run_failed', schedule: 'nightly', to: ['ops'] }`, "there is no schedule 'nightly'"],
])('the rule %s is a mistake', async (rule, message) => {
  await configure(`{ channels: ${hook}, rules: [${rule}] }`);
  const checked = await millrace(['check'], { cwd: folder });
  expect(checked.code).not.toBe(0);
  expect(checked.stdout + checked.stderr).toContain(message);
});

test('a channel whose address is empty is off', async () => {
  await configure(`{ channels: { ops: { slack: '\${NO_SUCH_ADDRESS:-}' }, hook: { webhook: '\${ALERT_URL}/hook' } }, rules: [
    { on: 'step_failed', to: ['ops', 'hook'] },
  ] }`);
  const ran = await run(true);
  expect(ran.stderr).not.toContain('alerts:');
  expect(hooks()).toHaveLength(1);
});
