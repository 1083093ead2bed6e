import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson, startMillrace } from '../support/millrace-command.ts';
import { newProject } from '../support/new-project.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-logs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the log of a run is followed from another process until the run ends', async () => {
  await mkdir(join(folder, 'assets'));
  await writeFile(
    join(folder, 'millrace.config.ts'),
    `import { defineProject } from 'millrace';\nexport default defineProject({ name: 'logs' });\n`,
  );
  await writeFile(
    join(folder, 'assets', 'slow.ts'),
    `import { existsSync } from 'node:fs';
import { defineTask } from 'millrace';
export default defineTask({ key: 'slow', run: async ({ log }) => {
  log('has begun');
  while (!existsSync(${JSON.stringify(join(folder, 'go'))})) await new Promise((resolve) => setTimeout(resolve, 20));
  log('may go', 'warn');
} });\n`,
  );
  const running = startMillrace(['run'], { cwd: folder });
  const hasRun = async (): Promise<boolean> =>
    (await millraceJson<{ runs: unknown[] }>(['runs'], { cwd: folder })).runs.length > 0;
  while (!(await hasRun()));
  const following = startMillrace(['runs', 'logs', 'last', '-f'], { cwd: folder });
  await new Promise<void>((resolve) => {
    following.child.stdout?.on('data', (chunk) => String(chunk).includes('has begun') && resolve());
  });
  await writeFile(join(folder, 'go'), '');
  expect((await running.result).code).toBe(0);
  const followed = await following.result;
  expect(followed.code).toBe(0);
  const words = followed.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s+/).slice(1).join(' '));
  expect(words.slice(-5)).toEqual([
    'running task/slow',
    'info task/slow: has begun',
    'warn task/slow: may go',
    'succeeded task/slow',
    expect.stringMatching(/^succeeded run \d/),
  ]);
  const json = await millrace(['runs', 'logs', 'last', '--step', 'task/slow', '--json'], { cwd: folder });
  const events = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type);
  expect(events).toEqual(['step_state', 'step_log', 'step_log', 'step_state']);
});

test('a run shows what its loads did: rows, bytes, rate, watermarks, lane and schema changes', async () => {
  const project = await newProject();
  try {
    const { folder: cwd } = project;
    await project.write(
      'replications/orders.yaml',
      `source: FILES
target: WAREHOUSE
streams:
  file://data/orders.csv:
    object: raw.orders
    mode: incremental
    primary_key: [order_id]
    update_key: ordered_on
`,
    );
    expect((await millrace(['run', '--select', 'raw/orders'], { cwd })).code).toBe(0);
    const { run } = await millraceJson<{ run: { steps: { streams?: Record<string, unknown>[] }[] } }>(
      ['runs', 'show', 'last'],
      { cwd },
    );
    expect(run.steps[0]?.streams).toEqual([
      {
        stream: 'file://data/orders.csv',
        mode: 'incremental',
        lane: expect.any(String),
        laneReason: expect.stringContaining(' '),
        rowsRead: 5,
        rowsInserted: 5,
        rowsUpdated: 0,
        rowsDeleted: 0,
        rowsRejected: 0,
        bytes: expect.any(Number),
        rowsPerSecond: expect.any(Number),
        watermarkBefore: 'none',
        watermarkAfter: expect.stringMatching(/^ordered_on = 20/),
        schemaChanges: expect.any(Array),
      },
    ]);
    const shown = await millrace(['runs', 'show', 'last'], { cwd });
    expect(shown.stdout).toMatch(/incremental by \w+, because /);
    expect(shown.stdout).toContain('rows: read 5, inserted 5, updated 0, deleted 0, rejected 0; ');
    expect(shown.stdout).toMatch(/watermark: none -> ordered_on = 20/);
  } finally {
    await project.remove();
  }
});
