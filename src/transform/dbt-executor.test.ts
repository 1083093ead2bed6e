import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { RunState } from '../core/run-state.ts';
import type { TransformProject } from './project.ts';
import { type TemporaryProject, temporaryProject } from './testing/temporary-project.fixture.ts';
import { createDbtExecutor } from './dbt-executor.ts';

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nprofile: shop\non-run-end: select 1\n',
  'seeds/orders.csv': 'id,city,amount\n1,Bern,10\n2,Oslo,20\n3,,30\n',
  'models/stg_orders.sql': "select * from {{ ref('orders') }}",
  'models/revenue.sql':
    "{{ config(materialized='table') }} select city, sum(amount) as revenue from {{ ref('stg_orders') }} group by city",
  'models/broken.sql': "select nothing from {{ ref('stg_orders') }}",
  'models/after_broken.sql': "select * from {{ ref('broken') }}",
  'models/schema.yml': `
models:
  - name: stg_orders
    columns:
      - { name: id, data_tests: [unique] }
      - { name: city, data_tests: [{ not_null: { config: { severity: warn } } }] }
  - { name: revenue, columns: [{ name: city, data_tests: [not_null] }] }
unit_tests:
  - name: adds_up
    model: revenue
    given: [{ input: ref('stg_orders'), rows: [{ city: a, amount: 1 }] }]
    expect: { rows: [{ city: a, revenue: 1 }] }
`,
};

const support = fileURLToPath(new URL('../../test/support/', import.meta.url));

interface Replay {
  readonly version?: '1.9' | '2.0';
  readonly until?: string;
  readonly end?: 'wait' | 'die' | 'exit';
}

let folder: string;
let temporary: TemporaryProject;
let project: TransformProject;
let runState: RunState;
/** Steps that have succeeded. */
let done: Set<string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-replay-'));
  temporary = await temporaryProject(files);
  project = await temporary.read();
  runState = 'running';
  done = new Set();
});
afterEach(async () => {
  await temporary.drop();
  await rm(folder, { recursive: true, force: true });
});

const inOrder = [
  'orders',
  'stg_orders',
  'check/unique_stg_orders_id',
  'check/not_null_stg_orders_city',
  'broken',
  'after_broken',
  'check/adds_up',
  'revenue',
  'check/not_null_revenue_city',
  'task/on_run_end',
];

function executorOf(replay: Replay | undefined, path = join(support, 'replayed-dbt.mjs')): Executor {
  const recording = join(support, 'dbt-recordings', `dbt-${replay?.version ?? '1.9'}.events.jsonl`);
  const environment = {
    PATH: process.env['PATH'],
    ...(replay ? { REPLAY: JSON.stringify({ ...replay, recording, calls: join(folder, 'calls') }) } : {}),
  };
  const keys = inOrder.filter((key) => project.nodes.some((node) => node.key === key));
  const stepsNow = (): object[] =>
    keys.map((key) => ({ key, state: done.has(key) ? 'succeeded' : 'pending', dependsOn: [] }));
  return createDbtExecutor(project, {
    settings: {
      path,
      profilesFolder: undefined,
      profile: undefined,
      target: undefined,
      threads: 3,
      vars: { least: 1 },
      stateFolder: folder,
      environment,
    },
    findRun: async () =>
      ({ state: runState, plan: { steps: stepsNow() }, steps: stepsNow() }) as unknown as RunRecord,
    makeProfile: async () => ({
      output: { type: 'postgres', password: "{{ env_var('DBT_ENV_SECRET_MILLRACE_PASSWORD') }}" },
      secrets: { DBT_ENV_SECRET_MILLRACE_PASSWORD: 'hush' },
    }),
    alone: (work) => work(),
  });
}

interface Attempt {
  readonly key: string;
  readonly signal?: AbortSignal;
  readonly said?: string[];
  readonly fullRefresh?: boolean;
}

async function attempt(
  executor: Executor,
  { key, signal, said, fullRefresh }: Attempt,
): Promise<StepOutcome> {
  const node = project.nodes.find((candidate) => candidate.key === key);
  if (!node) throw new Error(`no ${key} among ${project.nodes.map((other) => other.key).join(', ')}`);
  const context: StepContext = {
    runId: 'run',
    attempt: 1,
    idempotencyKey: `run/${key}`,
    options: { fullRefresh: fullRefresh ?? false },
    signal: signal ?? new AbortController().signal,
    log: (message) => void said?.push(message),
    progress: () => {},
    checkpoint: undefined,
    saveCheckpoint: async () => {},
  };
  return await executor.execute(node, context);
}

/** What became of a step: its outcome's gist, or its error's. */
async function gistOf(executor: Executor, key: string): Promise<unknown> {
  try {
    const { rows, check } = await attempt(executor, { key });
    return check ?? { ...(rows === undefined ? {} : { rows }) };
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0] : error;
  }
}

async function calls(): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(folder, 'calls'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string[]);
}

describe.each(['1.9', '2.0'] as const)('dbt %s', (version) => {
  test('one call builds all steps, which end as it says', async () => {
    const executor = executorOf({ version });
    const gists: Record<string, unknown> = {};
    for (const key of inOrder) gists[key] = await gistOf(executor, key);
    expect(gists).toEqual({
      orders: version === '1.9' ? { rows: 3 } : {},
      stg_orders: {},
      'check/unique_stg_orders_id': { passed: true, failures: 0, message: 'passed' },
      'check/not_null_stg_orders_city': { passed: false, failures: 1, message: 'warn: 1 failing row' },
      broken: expect.stringMatching(
        /^(Runtime|Database) Error: Binder Error: Referenced column "nothing" not found/,
      ),
      after_broken: expect.stringContaining('dbt skipped it'),
      'check/adds_up': { passed: true, failures: 0, message: 'passed' },
      revenue: {},
      'check/not_null_revenue_city': { passed: false, failures: 1, message: '1 failing row' },
      'task/on_run_end': {},
    });
    expect(await calls()).toHaveLength(1);
  });
});

test('what is called is told, with what the run says of it', async () => {
  const said: string[] = [];
  await attempt(executorOf({}), { key: 'orders', said, fullRefresh: true });
  const [call] = await calls();
  const line = call?.join(' ') ?? '';
  expect(line).toContain('--log-format json');
  expect(line).toContain('--profile millrace --target dev');
  expect(line).toContain('--threads 3 --vars {"least":1} --full-refresh');
  expect(line).not.toContain('--select');
  expect(said[0]).toContain('build --profiles-dir');
  const profiles = await readFile(join(folder, 'dbt', 'profiles.yml'), 'utf8');
  expect(profiles).toContain('DBT_ENV_SECRET_MILLRACE_PASSWORD');
  expect(profiles).not.toContain('hush');
});

test('the statements of a node are in the log of its step, also those before it began', async () => {
  const executor = executorOf({});
  await attempt(executor, { key: 'orders' });
  await expect(attempt(executor, { key: 'after_broken' })).rejects.toThrow('dbt skipped it');
  const said: string[] = [];
  const outcome = await attempt(executor, { key: 'revenue', said });
  expect(said.join('\n')).toContain('sum(amount) as revenue');
  expect(outcome.metadata).toMatchObject({ executor: 'dbt', message: 'OK', dbtVersion: '1.9.11' });
});

test('a step that is tried again is built by another call, alone', async () => {
  const executor = executorOf({});
  await attempt(executor, { key: 'orders' });
  done = new Set(inOrder.filter((key) => key !== 'orders'));
  await attempt(executor, { key: 'orders' });
  const [, second] = await calls();
  expect(second).toContain('fqn:shop.orders,resource_type:seed');
});

describe('when it goes wrong', () => {
  test('no dbt is a mistake of the project, and names the way out', async () => {
    const executor = executorOf({}, 'no-such-dbt');
    await expect(attempt(executor, { key: 'orders' })).rejects.toMatchObject({
      kind: 'config',
      code: 'dbt_missing',
      message: 'there is no "no-such-dbt" on PATH to build the models',
      next: expect.stringContaining("take executor: 'dbt' out"),
    });
  });

  test('something else of that name', async () => {
    await expect(attempt(executorOf(undefined), { key: 'orders' })).rejects.toMatchObject({
      code: 'dbt_unknown',
      message: expect.stringContaining('this is no dbt'),
    });
  });

  test('a dbt that was killed may be tried again', async () => {
    const executor = executorOf({ until: 'NodeStart', end: 'die' });
    await expect(attempt(executor, { key: 'orders' })).rejects.toMatchObject({
      kind: 'transient',
      code: 'dbt_lost',
      message: 'dbt was ended by SIGKILL',
    });
  });

  test('results of an earlier call are not taken for those of one that ended early', async () => {
    const first = executorOf({});
    await attempt(first, { key: 'orders' });
    await attempt(first, { key: 'task/on_run_end' });
    const results = join(temporary.folder, 'target', 'run_results.json');
    const earlier = JSON.parse(await readFile(results, 'utf8')) as { metadata: object };
    await writeFile(results, JSON.stringify({ ...earlier, metadata: { invocation_id: 'earlier' } }));
    const executor = executorOf({ until: 'MainReportVersion', end: 'exit' });
    await expect(attempt(executor, { key: 'orders' })).rejects.toMatchObject({ code: 'dbt_failed' });
  });

  test('a step that is stopped stops dbt', async () => {
    const executor = executorOf({ until: 'NodeStart', end: 'wait' });
    const stop = new AbortController();
    const waiting = attempt(executor, { key: 'stg_orders', signal: stop.signal });
    while ((await calls()).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
  });

  test('a run that ends while none of its steps waits for dbt stops it too', async () => {
    const executor = executorOf({ until: 'SQLQuery', end: 'wait' });
    await attempt(executor, { key: 'orders' });
    runState = 'cancelled';
    // Comes after the call has ended.
    await expect(attempt(executor, { key: 'task/on_run_end' })).resolves.toMatchObject({ metadata: {} });
  });
});
