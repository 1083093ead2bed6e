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

it('what waits for a failed step is skipped, and what failed for a moment is tried again', async () => {
  const known = definitionsOf([
    asset('a', [], { retry: { maxAttempts: 2, delaySeconds: 0.01, maxDelaySeconds: 1 } }),
    asset('b', ['a']),
    check('check/a', 'a'),
  ]);
  const owner = await ownerOf(known);
  await workerWith(
    {
      a: ({ attempt, checkpoint, saveCheckpoint }) => {
        if (attempt > 1) return { rows: Number(checkpoint), metadata: {} };
        return saveCheckpoint(5).then(() => {
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
