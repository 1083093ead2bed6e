import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { TransientError } from '../core/errors.ts';
import type { RunStore } from '../core/ports.ts';
import { openPostgresLedger } from '../store/postgres/ledger.ts';
import { createEngine } from './create-engine.ts';
import type { Definitions, Engine, EngineOptions } from './engine.ts';
import { makePlan } from './planner.ts';
import { aborted, asset, check, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';
import { startWorker, type Worker, type WorkerOptions } from './worker.ts';

const definitions = definitionsOf([asset('a'), asset('b', ['a'])]);

let database: TestDatabase;
let counter = 0;
const engines: Engine[] = [];
const workers: Worker[] = [];
const stores: RunStore[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  counter += 1;
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.drain(0);
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  for (const store of stores.splice(0)) await store.close();
});

async function openStore(): Promise<RunStore> {
  const store = await openPostgresLedger(database.url, { schema: `workers_${counter}` });
  stores.push(store);
  return store;
}

/** As another process would have it: with a ledger of its own. It leaves all steps to workers. */
async function ownerOf(known: Definitions = definitions, more: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = createEngine({
    store: await openStore(),
    executors: [testExecutor({ '*': () => Promise.reject(new Error('the owner was not to do this')) })],
    definitions: () => known,
    executesSteps: false,
    ...more,
  });
  engines.push(engine);
  await engine.start();
  return engine;
}

async function workerWith(
  bodies: Readonly<Record<string, StepBody>>,
  more: Partial<WorkerOptions> = {},
): Promise<Worker> {
  const worker = await startWorker({
    store: await openStore(),
    executors: [testExecutor(bodies)],
    definitions: () => definitions,
    takes: [],
    onTrouble: () => undefined,
    ...more,
  });
  workers.push(worker);
  return worker;
}

function enqueue(engine: Engine, known: Definitions = definitions): Promise<string> {
  return engine.enqueue(makePlan(known.graph, { manifestHash: known.manifestHash }), { kind: 'code' });
}

it('a worker does what the owner of the project leaves to it, and its log and events are in the ledger', async () => {
  const owner = await ownerOf();
  const worker = await workerWith({
    a: (context) => {
      context.log('made here');
      return { rows: 7, metadata: { lane: 'copy' } };
    },
  });
  const run = await owner.waitForRun(await enqueue(owner));
  expect(run.state).toBe('succeeded');
  expect(run.steps.map(({ key, state, outcome }) => [key, state, outcome?.rows])).toEqual([
    ['a', 'succeeded', 7],
    ['b', 'succeeded', undefined],
  ]);
  const events = await stores[0]?.events({ runId: run.id, step: 'a', afterSequence: 0, limit: 100 });
  expect(events?.map((event) => event.type)).toEqual(['step_state', 'step_log', 'step_state']);
  expect(events?.[0]).toMatchObject({ state: 'running', worker: worker.owner });
});

it('how far a step is at a worker is shown by the owner of the project', async () => {
  const owner = await ownerOf();
  const shown = Promise.withResolvers<unknown>();
  owner.onProgress((event) => {
    if (event.progress.rows === 9) shown.resolve(event);
  });
  const over = new AbortController();
  await workerWith({
    a: async (context) => {
      // What is told while nobody listens yet is lost: it is shown, not kept.
      for (let rows = 0; !over.signal.aborted; rows = (rows + 1) % 10) {
        context.progress({ rows, phase: 'copying' });
        if (rows === 9) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return undefined;
    },
  });
  const id = await enqueue(owner);
  expect(await shown.promise).toMatchObject({
    runId: id,
    step: 'a',
    progress: { rows: 9, phase: 'copying' },
  });
  over.abort();
  expect((await owner.waitForRun(id)).state).toBe('succeeded');
});

it('what waits for a failed step is skipped, and what failed for a moment is tried again', async () => {
  const known = definitionsOf([
    asset('a', [], { retry: { maxAttempts: 2, delaySeconds: 0.01, maxDelaySeconds: 1 } }),
    asset('b', ['a']),
    check('check/a', 'a'),
  ]);
  const owner = await ownerOf(known);
  await workerWith(
    {
      a: (context) => {
        if (context.attempt > 1) return { rows: Number(context.checkpoint), metadata: {} };
        return context.saveCheckpoint(5).then(() => {
          throw new TransientError('not now', { code: 'busy' });
        });
      },
      'check/a': () => ({ check: { passed: false, failures: 1, message: 'one is null' }, metadata: {} }),
    },
    { definitions: () => known },
  );
  const run = await owner.waitForRun(await enqueue(owner, known));
  expect(run.state).toBe('failed');
  expect(run.steps.map(({ key, state, attempt, outcome }) => [key, state, attempt, outcome?.rows])).toEqual([
    ['a', 'succeeded', 2, 5],
    ['check/a', 'failed', 1, undefined],
    ['b', 'skipped', 0, undefined],
  ]);
});

it('a run that is cancelled stops at the worker', async () => {
  const owner = await ownerOf();
  const started = Promise.withResolvers<undefined>();
  await workerWith({
    a: async (context) => {
      started.resolve(undefined);
      await aborted(context);
      throw new Error('stopped');
    },
  });
  const id = await enqueue(owner);
  await started.promise;
  await owner.cancel(id);
  const run = await owner.waitForRun(id);
  expect(run.state).toBe('cancelled');
  expect(run.steps.map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
});

it('the owner does the steps itself while no worker fits, and hands them over when one is there', async () => {
  const done: string[] = [];
  const owner = await ownerOf(definitions, {
    executesSteps: true,
    executors: [testExecutor({ '*': ({ idempotencyKey }) => note(done, 'owner', idempotencyKey) })],
  });
  await workerWith({}, { definitions: () => ({ ...definitions, manifestHash: 'another' }) });
  expect((await owner.waitForRun(await enqueue(owner))).state).toBe('succeeded');
  expect(done).toEqual(['owner a', 'owner b']);

  await workerWith({ '*': ({ idempotencyKey }) => note(done, 'worker', idempotencyKey) });
  while (done.filter((line) => line.startsWith('worker')).length < 2)
    await owner.waitForRun(await enqueue(owner));
  expect(done.slice(-2)).toEqual(['worker a', 'worker b']);
});

it('what only the owner can do is done by it, and workers get the rest', async () => {
  const known = definitionsOf([asset('a', [], { runsOn: 'owner' }), asset('b', ['a'])]);
  const done: string[] = [];
  const owner = await ownerOf(known, {
    executors: [testExecutor({ '*': ({ idempotencyKey }) => note(done, 'owner', idempotencyKey) })],
  });
  await workerWith(
    { '*': ({ idempotencyKey }) => note(done, 'worker', idempotencyKey) },
    { definitions: () => known },
  );
  await owner.waitForRun(await enqueue(owner, known));
  expect(done).toEqual(['owner a', 'worker b']);
});

it('a run that is paused goes on later at the checkpoint of the worker’s step', async () => {
  const owner = await ownerOf();
  const started = Promise.withResolvers<undefined>();
  await workerWith({
    a: async (context) => {
      if (context.checkpoint !== undefined) return { rows: Number(context.checkpoint), metadata: {} };
      await context.saveCheckpoint(41);
      started.resolve(undefined);
      await aborted(context);
      throw new Error('stopped');
    },
  });
  const id = await enqueue(owner);
  await started.promise;
  await owner.hold(id);
  const state = async (): Promise<string | undefined> => {
    const run = await stores[0]?.findRun(id);
    return run?.lease === undefined ? run?.steps[0]?.state : undefined;
  };
  while ((await state()) !== 'pending') await new Promise((resolve) => setTimeout(resolve, 20));
  await owner.resume(id);
  const run = await owner.waitForRun(id);
  expect(run.steps.map(({ state, attempt, outcome }) => [state, attempt, outcome?.rows])).toEqual([
    ['succeeded', 2, 41],
    ['succeeded', 1, undefined],
  ]);
});

it('a run that takes longer than it may is stopped at the worker', async () => {
  const owner = await ownerOf();
  await workerWith({
    a: async (context) => {
      await aborted(context);
      throw new Error('stopped');
    },
  });
  const plan = makePlan(definitions.graph, {
    manifestHash: 'h',
    options: { fullRefresh: false, timeoutSeconds: 1 },
  });
  const run = await owner.waitForRun(await owner.enqueue(plan, { kind: 'code' }));
  expect(run.state).toBe('failed');
  expect(run.steps.map(({ state, reason }) => [state, reason])).toEqual([
    ['cancelled', 'The run took longer than it may'],
    ['cancelled', 'The run took longer than it may'],
  ]);
});

it('what a worker finds is worked on item by item', async () => {
  const known = definitionsOf([
    asset('found'),
    asset('each', ['found'], { forEach: 'found' }),
    asset('after', ['each']),
  ]);
  const done: string[] = [];
  const owner = await ownerOf(known);
  await workerWith(
    {
      found: () => ({ items: ['x', 'y'].map((key) => ({ key, value: key })), metadata: {} }),
      each: ({ item }) => note(done, 'each', `/${item?.key}`),
      after: () => note(done, 'after', '/all'),
    },
    { definitions: () => known },
  );
  const run = await owner.waitForRun(await enqueue(owner, known));
  expect(run.state).toBe('succeeded');
  expect(done.toSorted()).toEqual(['after all', 'each x', 'each y']);
  expect(done.at(-1)).toBe('after all');
});

it('workers hand over what they had begun when they are drained', async () => {
  const owner = await ownerOf();
  const started = Promise.withResolvers<undefined>();
  const first = await workerWith({
    a: async (context) => {
      await context.saveCheckpoint('half');
      started.resolve(undefined);
      await aborted(context);
      throw new Error('stopped');
    },
  });
  const id = await enqueue(owner);
  await started.promise;
  await workerWith({ a: ({ checkpoint }) => ({ metadata: { from: checkpoint ?? null } }) });
  await first.drain(0);
  const run = await owner.waitForRun(id);
  expect(run.steps[0]).toMatchObject({
    state: 'succeeded',
    attempt: 2,
    outcome: { metadata: { from: 'half' } },
  });
  expect(run.steps[0]?.interruptions).toBe(0);
});

function note(done: string[], who: string, idempotencyKey: string): undefined {
  done.push(`${who} ${idempotencyKey.split('/')[1]}`);
  return undefined;
}
