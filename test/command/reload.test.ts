import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isProcessAlive } from '../../src/engine/index.ts';
import { millrace, startMillrace } from '../support/millrace-command.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-reload-'));
  for (const name of ['assets', 'parts']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'millrace.config.ts'), `export default { name: 'reload' };\n`);
  await writeFile(join(folder, 'parts/words.ts'), `export const word: string = 'one';\n`);
  await write('say', `log(word); log('in ' + process.pid);`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(key: string, body: string): Promise<void> {
  const code = `import { defineTask } from 'millrace';
    import { word } from '../parts/words.ts';
    export default defineTask({ key: '${key}', run: async ({ log }) => { ${body} } });\n`;
  await writeFile(join(folder, 'assets/say.ts'), code);
}

/** What the task says when it is run by the command that has the project open. */
async function said(task: string): Promise<string> {
  const ran = await millrace(['run', `task/${task}`, '--json'], { cwd: folder });
  expect(ran.code, ran.stderr).toBe(0);
  const { stdout } = await millrace(['runs', 'show', 'last', '--logs'], { cwd: folder });
  return stdout;
}

function processIds(text: string): readonly number[] {
  return [...text.matchAll(/: in (\d+)/g)].map(([, id]) => Number(id));
}

test('millrace dev uses what has changed in code and what it imports; with a mistake in it, what was before', async () => {
  const dev = startMillrace(['dev', '--port', '0'], { cwd: folder });
  let told = '';
  for (const stream of [dev.child.stdout, dev.child.stderr])
    stream?.on('data', (text) => (told += String(text)));
  try {
    await expect.poll(() => told, { timeout: 50_000 }).toContain('http://');
    const started = told;
    const first = await said('say');
    expect(first).toContain('task/say: one');
    const [firstId = 0] = processIds(first);
    expect(firstId).not.toBe(dev.child.pid);

    await write('speak', `log('spoken ' + word); log('in ' + process.pid);`);
    await expect.poll(() => told, { timeout: 50_000 }).toContain('Read the project again');
    const second = await said('speak');
    expect(second).toContain('task/speak: spoken one');
    // What was loaded before has ended with its process.
    expect(processIds(second)).not.toContain(firstId);
    await expect.poll(() => isProcessAlive(firstId), { timeout: 50_000 }).toBe(false);

    told = '';
    await writeFile(join(folder, 'parts/words.ts'), `export const word: string = 'two';\n`);
    await expect.poll(() => told, { timeout: 50_000 }).toContain('Read the project again');
    expect(await said('speak')).toContain('task/speak: spoken two');

    told = '';
    await writeFile(join(folder, 'assets/say.ts'), 'export default defineTask({ key: 5\n');
    await expect.poll(() => told, { timeout: 50_000 }).toMatch(/assets\/say\.ts(:1)?: cannot be loaded/);
    told = '';
    await writeFile(join(folder, 'assets/say.ts'), 'process.exit(7);\n');
    await expect.poll(() => told, { timeout: 50_000 }).toContain('it ends the process that loads it (7)');
    const url = /http:\/\/[^\s]+/.exec(started)?.[0] ?? '';
    expect(await (await fetch(new URL('/api/graph', url))).text()).toContain('task/speak');
  } finally {
    dev.child.kill('SIGTERM');
    await dev.result;
  }
}, 300_000);

test('code that ends its process, and a sensor of code, do so beside millrace dev, with its warehouse', async () => {
  const files = {
    'connections.yaml': 'connections: { LAKE: { type: duckdb, path: lake.duckdb } }',
    'assets/say.ts': `import { defineSensor, defineTask } from 'millrace';
      export const end = defineTask({ key: 'end', retry: { maxAttempts: 1 }, run: async () => process.exit(7) });
      export const count = defineTask({ key: 'count', run: async ({ connection, log, input }) => {
        const { database } = await connection('LAKE');
        await database.execute('create table if not exists t as select 41 as n');
        await database.transaction((session) => session.execute('update t set n = n + 1'));
        log('counted ' + (await database.query('select n from t')).rows[0][0] + ' for ' + input);
      } });
      export const once = defineSensor({ name: 'once', select: 'task/count', everySeconds: 1, check: async ({ cursor }) =>
        cursor === undefined ? { runs: [{ key: 'once', input: 'the sensor' }], cursor: 1 } : {} });`,
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  const dev = startMillrace(['dev', '--port', '0', '--json'], { cwd: folder });
  const logs = async (): Promise<string> =>
    (await millrace(['runs', 'show', 'last', '--logs'], { cwd: folder })).stdout;
  try {
    await expect.poll(logs, { timeout: 50_000, interval: 500 }).toContain('counted 42 for the sensor');
    const ended = await millrace(['run', 'task/end'], { cwd: folder });
    expect(ended.code).not.toBe(0);
    expect(ended.stdout + ended.stderr).toContain("the process of the project's code ended (7)");
    const after = await millrace(['run', 'task/count'], { cwd: folder });
    expect(after.code, after.stderr).toBe(0);
    expect(await logs()).toContain('counted 43');
    expect(dev.child.exitCode).toBe(null);
  } finally {
    dev.child.kill('SIGTERM');
    await dev.result;
  }
}, 300_000);
