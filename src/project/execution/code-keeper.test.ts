import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StepContext, StepOutcome } from '../../core/executor.ts';
import { isProcessAlive } from '../../engine/index.ts';
import type { KeptCode } from '../code/code-elsewhere.ts';
import { keepCode } from './code-keeper.ts';

let folder: string;
const kept: KeptCode[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-kept-code-'));
  await mkdir(join(folder, 'assets'));
});
afterEach(async () => {
  for (const { code } of kept.splice(0)) code.retire();
  await rm(folder, { recursive: true, force: true });
});

async function keep(tasks: Readonly<Record<string, string>>): Promise<KeptCode> {
  const texts = Object.entries(tasks).map(
    ([key, body]) =>
      `export const ${key} = defineTask({ key: '${key}', run: async (context) => { ${body} } });`,
  );
  const imports = `import { appendFileSync } from 'node:fs';
    import { defineTask } from 'millrace';
    appendFileSync('${join(folder, 'loaded')}', process.pid + '\\n');\n`;
  await writeFile(join(folder, 'assets/t.ts'), imports + texts.join('\n'));
  const found = await keepCode(folder, process.env);
  kept.push(found);
  return found;
}

function call(
  { code }: KeptCode,
  key: string,
  signal: AbortSignal = new AbortController().signal,
  onLog: () => void = () => undefined,
): Promise<StepOutcome> {
  const facts = { runId: 'r', attempt: 1, input: undefined, idempotencyKey: 'r/t', batch: undefined };
  const around = { environment: {}, connections: () => Promise.reject(new Error('none')), lent: [] };
  const context: Pick<StepContext, 'signal' | 'log' | 'progress'> = {
    signal,
    log: onLog,
    progress: () => undefined,
  };
  return code.execute(
    { key: `task/${key}`, file: 'assets/t.ts' },
    { ...facts, item: undefined, results: undefined },
    around,
    context as StepContext,
  );
}

async function loadedBy(): Promise<readonly number[]> {
  return (await readFile(join(folder, 'loaded'), 'utf8')).trim().split('\n').map(Number);
}

const isGone = (id: number | undefined) =>
  expect.poll(() => isProcessAlive(id ?? 0), { timeout: 20_000 }).toBe(false);

it('has its code in one process, and one other after that has ended, whoever asks for it', async () => {
  const code = await keep({ pid: 'return { rows: process.pid };', end: 'process.exit(7);' });
  expect(code.tasks.map(({ definition }) => definition.key)).toEqual(['end', 'pid']);
  const [first] = await loadedBy();
  expect(first).not.toBe(process.pid);
  expect((await Promise.all([call(code, 'pid'), call(code, 'pid')])).map(({ rows }) => rows)).toEqual([
    first,
    first,
  ]);
  await expect(call(code, 'end')).rejects.toMatchObject({ code: 'code_process_ended', kind: 'transient' });
  const [a, b] = await Promise.all([call(code, 'pid'), call(code, 'pid')]);
  expect(a.rows).toBe(b.rows);
  expect(await loadedBy()).toEqual([first, a.rows]);
  code.code.retire();
  await isGone(a.rows);
}, 60_000);

it('ends what it has begun before it ends, and tells it to stop when it should', async () => {
  const code = await keep({
    wait: `context.log('begun'); while (!context.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10)); return { rows: 1 };`,
  });
  const [id] = await loadedBy();
  const stopping = new AbortController();
  const begun = Promise.withResolvers<void>();
  const waiting = call(code, 'wait', stopping.signal, begun.resolve);
  await begun.promise;
  code.code.retire();
  stopping.abort();
  expect((await waiting).rows).toBe(1);
  await isGone(id);
}, 60_000);

it('keeps no process for a project without functions', async () => {
  const code = await keep({});
  expect(code.tasks).toEqual([]);
  await isGone((await loadedBy())[0]);
}, 60_000);

it('names the file that cannot be loaded', async () => {
  await expect(keep({ broken: '}' })).rejects.toMatchObject({ origin: { file: 'assets/t.ts' } });
  await writeFile(join(folder, 'assets/t.ts'), 'process.exit(3);');
  await expect(keepCode(folder, process.env)).rejects.toMatchObject({
    message: expect.stringContaining('it ends the process that loads it (3)'),
    origin: { file: 'assets/t.ts' },
  });
}, 60_000);
