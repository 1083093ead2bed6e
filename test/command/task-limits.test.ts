import { mkdtemp, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace } from '../support/millrace-command.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-limits-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(
    join(folder, 'millrace.config.ts'),
    `import { defineProject } from 'millrace';\nexport default defineProject({ name: 'limits', pools: { press: 1 } });\n`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function task(name: string, body: string): Promise<void> {
  await writeFile(
    join(folder, 'assets', `${name}.ts`),
    `import { defineTask } from 'millrace';\nexport default defineTask({ key: '${name}', ${body} });\n`,
  );
}

test('a task that takes too long is stopped, and those of a pool go one after another', async () => {
  const wait = `run: ({ signal, log }) => new Promise((resolve, reject) => {
    log('began');
    setTimeout(() => { log('ended'); resolve(); }, 100);
    signal.addEventListener('abort', () => reject(new Error('stopped')));
  })`;
  await task('one', `pool: 'press', ${wait}`);
  await task('two', `pool: 'press', ${wait}`);
  await task(
    'slow',
    `timeoutSeconds: 0.05, run: ({ signal }) => new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('stopped')));
  })`,
  );
  const pooled = await millrace(['run', '--select', 'task/one task/two'], { cwd: folder });
  expect(pooled.code, pooled.stdout + pooled.stderr).toBe(0);
  const logs = await millrace(['runs', 'show', 'last', '--logs'], { cwd: folder });
  expect(logs.stdout.match(/began|ended/g)).toEqual(['began', 'ended', 'began', 'ended']);

  const slow = await millrace(['run', '--select', 'task/slow'], { cwd: folder });
  expect(slow.code).not.toBe(0);
  expect(slow.stdout + slow.stderr).toContain('task/slow took longer than 0.05 s and was stopped');
});

test('a limit that cannot be is told with its file', async () => {
  await task('never', 'timeoutSeconds: 0, run: async () => {}');
  const checked = await millrace(['check'], { cwd: folder });
  expect(checked.code).not.toBe(0);
  expect(checked.stdout + checked.stderr).toMatch(/assets\/never\.ts.*timeoutSeconds: 0/);
});
