import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, startMillrace } from '../support/millrace-command.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-reload-'));
  for (const name of ['assets', 'parts']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'millrace.config.ts'), `export default { name: 'reload' };\n`);
  await writeFile(join(folder, 'parts/words.ts'), `export const word: string = 'one';\n`);
  await write('say', `log(word); console.log('in ' + process.pid);`);
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

test('millrace dev uses what has changed in code and what it imports; with a mistake in it, what was before', async () => {
  const dev = startMillrace(['dev', '--port', '0'], { cwd: folder });
  let told = '';
  for (const stream of [dev.child.stdout, dev.child.stderr])
    stream?.on('data', (text) => (told += String(text)));
  try {
    await expect.poll(() => told, { timeout: 50_000 }).toContain('http://');
    const started = told;
    expect(await said('say')).toContain('task/say: one');

    await write('speak', `log('spoken ' + word);`);
    await expect.poll(() => told, { timeout: 50_000 }).toContain('Read the project again');
    expect(await said('speak')).toContain('task/speak: spoken one');

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
