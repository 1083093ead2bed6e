import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteLedger } from '../../src/store/index.ts';
import { startMillrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;

beforeAll(async () => {
  project = await newProject();
  await project.write('list.txt', '');
  await project.write(
    'assets/work.ts',
    `import { readFileSync } from 'node:fs';
import { defineSensor, defineTask } from 'millrace';
export const work = defineTask({ key: 'work', run: async () => {} });
export const lines = defineSensor({ name: 'lines', everySeconds: 1, select: 'task/work', check: async ({ cursor }) => {
  const from = Number(cursor ?? 0);
  const found = readFileSync('list.txt', 'utf8').split('\\n').filter(Boolean).slice(from);
  return { runs: found.map((input) => ({ input })), cursor: from + found.length };
} });
`,
  );
});
afterAll(() => project.remove());

/** The lines that runs were started for, sorted. */
async function started(): Promise<readonly unknown[]> {
  const store = await openSqliteLedger(join(project.folder, '.millrace', 'ledger.db'));
  try {
    const runs = await store.listRuns({ limit: 1000 });
    const records = await Promise.all(runs.map(({ id }) => store.findRun(id)));
    return records.map((run) => run?.plan.options.input).toSorted((a, b) => Number(a) - Number(b));
  } finally {
    await store.close();
  }
}

test('what a sensor finds leads to one run, however often its process is killed', async () => {
  let count = 0;
  for (let life = 0; life < 8; life += 1) {
    const command = startMillrace(['dev', '--port', '0', '--json'], { cwd: project.folder });
    const isUp = new Promise((resolve) => command.child.stdout?.once('data', resolve));
    await isUp;
    const until = performance.now() + Math.random() * 1500;
    while (performance.now() < until) {
      count += 1;
      await appendFile(join(project.folder, 'list.txt'), `${count}\n`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    command.child.kill('SIGKILL');
    await command.result;
  }
  const last = startMillrace(['dev', '--port', '0', '--json'], { cwd: project.folder });
  while ((await started()).length < count) await new Promise((resolve) => setTimeout(resolve, 200));
  last.child.kill('SIGTERM');
  await last.result;
  expect(await started()).toEqual(Array.from({ length: count }, (_, index) => String(index + 1)));
}, 120_000);
