import { appendFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson, startMillrace } from '../support/millrace-command.ts';

let folder: string;
let diary: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-partitions-'));
  diary = join(folder, 'diary.txt');
  await mkdir(join(folder, 'assets'));
  appendFileSync(diary, '');
  await writeFile(
    join(folder, 'millrace.config.ts'),
    `import { defineProject } from 'millrace';\nexport default defineProject({ name: 'parts', concurrency: 2 });\n`,
  );
  await writeFile(
    join(folder, 'assets', 'events.ts'),
    `import { appendFileSync } from 'node:fs';
import { dailyPartitions, defineAsset, defineTask, dynamicPartitions, monthlyPartitions } from 'millrace';
const diary = ${JSON.stringify(diary)};
const zone = 'Europe/Berlin';
export const events = defineAsset({
  key: 'shop/events',
  partitions: dailyPartitions({ start: '2024-01-01', zone }),
  run: async ({ partition }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const hours = (partition.end.getTime() - partition.start.getTime()) / 3_600_000;
    appendFileSync(diary, partition.key + ' ' + hours + '\\n');
  },
});
export const months = defineAsset({
  key: 'shop/months',
  partitions: monthlyPartitions({ start: '2024-01-01', zone }),
  deps: [events],
  run: async ({ partition }) => appendFileSync(diary, partition.key + '\\n'),
});
export const mail = defineTask({
  key: 'mail',
  after: ['shop/months'],
  effects: 'external',
  partitions: monthlyPartitions({ start: '2024-01-01', zone }),
  run: async ({ partition }) => appendFileSync(diary, 'mail ' + partition.key + '\\n'),
});
export const customers = defineAsset({
  key: 'crm/customers',
  partitions: dynamicPartitions('customers'),
  run: async ({ partition }) => appendFileSync(diary, partition.key + '\\n'),
});
`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(): Promise<readonly string[]> {
  return (await readFile(diary, 'utf8')).split('\n').filter((line) => line !== '');
}

interface Status {
  readonly succeeded: { readonly count: number; readonly text: string };
}

test('a run makes the partitions that it is told, in order', async () => {
  await millraceJson(['run', 'shop/events+', '--partition', '2024-03-30..2024-04-01'], { cwd: folder });
  const lines = await written();
  expect(lines.toSorted()).toEqual([
    '2024-03',
    '2024-03-30 24',
    '2024-03-31 23',
    '2024-04',
    '2024-04-01 24',
    'mail 2024-03',
    'mail 2024-04',
  ]);
  expect(lines.indexOf('2024-03')).toBeGreaterThan(lines.indexOf('2024-03-31 23'));
  const status = await millraceJson<Status>(['partitions', 'shop/events'], { cwd: folder });
  expect(status.succeeded).toEqual({ count: 3, text: '2024-03-30..2024-04-01' });
  const nothing = await millrace(['run', 'shop/events', '--partition', '2024-02-30'], { cwd: folder });
  expect(nothing.code).toBe(2);
  expect(nothing.stderr).toContain('"2024-02-30" is no partition of the dimension time');
});

test('a backfill says what it costs, and one that was killed goes on where it was', async () => {
  const args = ['backfill', 'shop/events+', '--partition', '2024-01..2024-02', '--per-run', '20'];
  const plan = await millraceJson([...args, '--dry-run'], { cwd: folder });
  expect(plan).toMatchObject({ partitionCount: 62, stepCount: 62, runCount: 4, leftOut: ['task/mail'] });
  expect(await written()).toEqual([]);

  const killed = startMillrace(args, { cwd: folder });
  while ((await written()).length < 25) await sleep(10);
  killed.child.kill('SIGKILL');
  await killed.result;
  const before = await written();
  expect(before.length).toBeLessThan(62);

  const owner = startMillrace(['dev', '--port', '0', '--json'], { cwd: folder });
  const list = async (): Promise<readonly { readonly state: string }[]> =>
    (await millraceJson<{ backfills: { state: string }[] }>(['backfill'], { cwd: folder })).backfills;
  while ((await list())[0]?.state === 'running') await sleep(100);
  owner.child.kill('SIGTERM');
  await owner.result;
  expect((await list()).map(({ state }) => state)).toEqual(['succeeded']);
  const lines = await written();
  expect(new Set(lines).size).toBe(62);
  // Only what was at work when the process died is done again.
  expect(lines.length).toBeLessThanOrEqual(62 + 2);
  expect(lines.lastIndexOf('2024-01')).toBeGreaterThan(lines.lastIndexOf('2024-01-31 24'));
});

test('a paused run waits to be let go on, and keys of a list can be added', async () => {
  const nobody = await millrace(['run', 'crm/customers'], { cwd: folder });
  expect(nobody.code).toBe(2);
  await millraceJson(['partitions', 'add', 'customers', 'acme', 'zeta'], { cwd: folder });
  const wrong = await millrace(['partitions', 'add', 'customers', 'a|b'], { cwd: folder });
  expect(wrong.stderr).toContain('"a|b" cannot be the key of a partition');
  await millraceJson(['run', 'crm/customers'], { cwd: folder });
  expect((await written()).toSorted()).toEqual(['acme', 'zeta']);

  const running = startMillrace(['backfill', 'shop/events', '--partition', '2024', '--per-run', '50'], {
    cwd: folder,
  });
  while ((await written()).length < 10) await sleep(10);
  const list = async (): Promise<readonly { readonly id: string; readonly state: string }[]> =>
    (await millraceJson<{ backfills: { id: string; state: string }[] }>(['backfill'], { cwd: folder }))
      .backfills;
  const id = (await list())[0]?.id ?? '';
  await millraceJson(['runs', 'pause', id], { cwd: folder });
  expect((await running.result).code).toBe(0);
  const paused = (await written()).length;
  await millraceJson(['run', 'crm/customers'], { cwd: folder });
  expect((await written()).length).toBe(paused + 2);
  expect((await list())[0]?.state).toBe('paused');
  await millraceJson(['runs', 'cancel', id], { cwd: folder });
  expect((await list())[0]?.state).toBe('cancelled');
  const again = await millrace(['runs', 'resume', id], { cwd: folder });
  expect(again.stderr).toContain('is cancelled already');
});
