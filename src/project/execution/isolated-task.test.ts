import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ConnectionProvider } from '../../connector/connection.ts';
import { duckdbConnector } from '../../connectors/duckdb/index.ts';
import type { StepContext, StepOutcome } from '../../core/executor.ts';
import { isProcessAlive } from '../../engine/index.ts';
import { defineTask, isCodeNode } from '../code/code-definitions.ts';
import { createTaskExecutor } from './task-executor.ts';
import { taskNode } from '../code/tasks.ts';

let folder: string;
let connections: ConnectionProvider;
let logged: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-isolated-'));
  await mkdir(join(folder, 'assets'));
  logged = [];
  connections = (name) => Promise.reject(new Error(`the engine opens no ${name} for it`));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Makes one attempt at an isolated task of that body, which is given `context`. */
async function attempt(
  body: string,
  context: Partial<StepContext> = {},
  memoryMegabytes?: number,
): Promise<StepOutcome> {
  const code = `import { defineTask } from 'millrace';
    import { DataError, TransientError } from 'millrace/connector';
    import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    export default defineTask({ key: 't', isolation: 'process', run: async (context) => { ${body} } });`;
  await writeFile(join(folder, 'assets', 't.ts'), code);
  const file = 'assets/t.ts';
  const definition = defineTask({
    key: 't',
    isolation: 'process',
    ...(memoryMegabytes === undefined ? {} : { memoryMegabytes }),
    run: async () => {
      throw new Error('it is not to be called here');
    },
  });
  if (!isCodeNode(definition)) throw new Error('it is not defined');
  const surroundings = { folder, lent: ['LAKE'] };
  const task = { definition, file };
  const executor = createTaskExecutor([task], connections, { ...process.env, GIVEN: 'yes' }, surroundings);
  return executor.execute(taskNode(task), {
    runId: 'r',
    attempt: 2,
    idempotencyKey: 'r/task/t',
    options: { fullRefresh: false, input: { day: 1 } },
    signal: new AbortController().signal,
    log: (message, level = 'info') => logged.push(`${level} ${message}`),
    progress: ({ rows }) => logged.push(`progress ${rows}`),
    checkpoint: undefined,
    saveCheckpoint: () => Promise.resolve(),
    ...context,
  });
}

it('works elsewhere with what it is told, and what it says and prints comes back', async () => {
  const outcome = await attempt(
    `context.log('said'); console.log('one\\ntwo'); console.error('three'); context.progress({ rows: 5 });
     const added = await context.addPartitionKeys('customers', ['a']);
     return { rows: added, metadata: { pid: process.pid, attempt: context.attempt, input: context.input,
       key: context.idempotencyKey, given: context.environment.GIVEN, item: context.item } };`,
    {
      addPartitionKeys: async (set, keys) => (set === 'customers' ? keys.length + 6 : 0),
      item: { of: 'task/t', key: 'shop', value: { name: 'shop' } },
    },
  );
  const { pid, ...told } = outcome.metadata;
  expect(outcome.rows).toBe(7);
  expect(told).toEqual({
    attempt: 2,
    input: { day: 1 },
    key: 'r/task/t',
    given: 'yes',
    item: { name: 'shop' },
  });
  expect(pid).not.toBe(process.pid);
  expect(logged.toSorted()).toEqual(['info one', 'info said', 'info two', 'progress 5', 'warn three']);
});

it('keeps the kind of an error', async () => {
  const busy = attempt(`throw new TransientError('busy', { code: 'busy', retryAfterSeconds: 9 });`);
  await expect(busy).rejects.toMatchObject({ kind: 'transient', code: 'busy', retryAfterSeconds: 9 });
  await expect(attempt(`throw new DataError('bad', { code: 'bad' });`)).rejects.toMatchObject({
    kind: 'data',
  });
  const plain = attempt(`throw new Error('outer', { cause: new Error('inner') });`);
  await expect(plain).rejects.toMatchObject({
    kind: 'fatal',
    message: 'outer: inner',
    origin: { file: 'assets/t.ts' },
  });
});

it.each([
  ['exits', 'process.exit(0);', 'ended with code 0'],
  ['is killed', `process.kill(process.pid, 'SIGSEGV'); await new Promise(() => {});`, 'ended by SIGSEGV'],
  [
    'throws beside its function',
    `setTimeout(() => { throw new Error('late'); }); await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    'ended with code 1',
  ],
] as const)('fails when its process %s', async (_, body, message) => {
  const failing = attempt(body);
  await expect(failing).rejects.toMatchObject({ kind: 'fatal', code: 'step_process_ended' });
  await expect(failing).rejects.toThrow(message);
});

it.each([
  ['objects', `const all = []; for (;;) all.push('x'.repeat(1000) + all.length);`],
  [
    'buffers',
    `const all = []; for (;;) { all.push(Buffer.alloc(2e7, 1)); await new Promise((resolve) => setTimeout(resolve)); }`,
  ],
])('fails when its %s need more memory than it may take', async (_, body) => {
  await expect(attempt(body, {}, 200)).rejects.toMatchObject({
    code: 'step_out_of_memory',
  });
});

it('ends it with all that it has started, though it obeys nobody', async () => {
  const pids = join(folder, 'pids');
  const stopped = new AbortController();
  const log = (message: string): void => {
    if (message === 'ready') stopped.abort();
  };
  const body = `const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    writeFileSync('${pids}', process.pid + ' ' + child.pid);
    context.log('ready'); await new Promise((resolve) => setTimeout(resolve, 50)); for (;;);`;
  await expect(attempt(body, { signal: stopped.signal, log })).rejects.toMatchObject({ kind: 'cancelled' });
  const [step = 0, started = 0] = (await readFile(pids, 'utf8')).split(' ').map(Number);
  expect(step).toBeGreaterThan(1);
  await expect.poll(() => isAtWork(step) || isAtWork(started), { timeout: 5000 }).toBe(false);
}, 20_000);

/** What has ended may wait for somebody to ask how. */
function isAtWork(pid: number): boolean {
  if (!isProcessAlive(pid)) return false;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return isProcessAlive(pid);
  }
}

it('is told to stop, and may end by itself', async () => {
  const stopped = new AbortController();
  const log = (message: string): void => {
    logged.push(message);
    if (message === 'ready') stopped.abort();
  };
  const body = `context.log('ready');
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve)); context.log('tidied');
    throw new Error('stopped');`;
  await expect(attempt(body, { signal: stopped.signal, log })).rejects.toThrow('stopped');
  expect(logged).toEqual(['ready', 'tidied']);
});

it('asks the engine for what only that has open, and what it leaves open there is taken back', async () => {
  const options = {
    name: 'LAKE',
    projectFolder: folder,
    temporaryFolder: folder,
    memoryBudgetBytes: 64 * 1024 * 1024,
  };
  const lake = await duckdbConnector.open({ path: join(folder, 'lake.duckdb') }, options);
  connections = () => Promise.resolve(lake);
  const database = `const { database } = await context.connection('lake');`;
  const rows = async (): Promise<unknown> =>
    (await lake.database?.query('select n, s from t order by n'))?.rows;
  try {
    const outcome = await attempt(`${database}
      await database.execute('create table t (n bigint, s text)');
      await database.transaction(async (session) => {
        await session.execute('insert into t values (?, ?)', [9007199254740993n, 'a']);
        await session.execute("insert into t values (2, 'b')");
      });
      await database.transaction(async (session) => {
        await session.execute("insert into t values (3, 'c')");
        throw new Error('no');
      }).catch((error) => context.log(error.message));
      const { columns } = await database.describe({ schema: 'main', name: 't' });
      const found = await database.query('select n from t order by n desc');
      return { metadata: { big: String(found.rows[0][0]), columns: columns.length, tables: await database.list('main') } };`);
    expect(outcome.metadata).toEqual({
      big: '9007199254740993',
      columns: 2,
      tables: [{ name: 't', type: 'table' }],
    });
    expect(logged).toContain('info no');
    expect(await rows()).toHaveLength(2);
    await expect(attempt(`${database} await database.query('select nothing');`)).rejects.toMatchObject({
      message: expect.stringContaining('nothing'),
    });
    const killed = attempt(`${database}
      await database.transaction(async (session) => {
        await session.execute("insert into t values (4, 'd')");
        process.kill(process.pid, 'SIGKILL');
        await new Promise(() => {});
      });`);
    await expect(killed).rejects.toMatchObject({ code: 'step_process_ended' });
    expect(await rows()).toHaveLength(2);
  } finally {
    await lake.close();
  }
});
