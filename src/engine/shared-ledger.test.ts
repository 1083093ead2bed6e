import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { RunStore } from '../core/ports.ts';
import { openPostgresLedger } from '../store/postgres/ledger.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { makePlan } from './planner.ts';
import { aborted, asset, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

/** Nobody polls in these tests: what is not told by the ledger is never found out. */
const never = 1_000_000_000;
const definitions = definitionsOf([asset('a'), asset('b', ['a'])]);

let database: TestDatabase;
let counter = 0;
const engines: Engine[] = [];
const stores: RunStore[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  counter += 1;
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  for (const store of stores.splice(0)) await store.close();
});

/** As another process would have it: with a ledger of its own. */
async function engineOf(body: StepBody): Promise<Engine> {
  const store = await openPostgresLedger(database.url, { schema: `shared_${counter}` });
  stores.push(store);
  const engine = createEngine({
    store,
    executors: [testExecutor({ '*': body })],
    definitions: () => definitions,
    pollMilliseconds: never,
  });
  engines.push(engine);
  return engine;
}

function enqueue(engine: Engine): Promise<string> {
  return engine.enqueue(makePlan(definitions.graph, { manifestHash: 'h' }), { kind: 'code' });
}

function noted(calls: string[], name: string): StepBody {
  return ({ idempotencyKey }) => {
    calls.push(`${name} ${idempotencyKey.split('/')[1]}`);
    return undefined;
  };
}

it('the owner is told of a run that another process adds, and that one of its end', async () => {
  const calls: string[] = [];
  const owner = await engineOf(noted(calls, 'owner'));
  const other = await engineOf(noted(calls, 'other'));
  expect((await owner.start()).acquired).toBe(true);
  expect((await other.start()).acquired).toBe(false);
  expect((await other.waitForRun(await enqueue(other))).state).toBe('succeeded');
  expect(calls).toEqual(['owner a', 'owner b']);
});

it('the owner is told that another process cancels its run', async () => {
  const started = Promise.withResolvers<undefined>();
  const owner = await engineOf(async (context) => {
    started.resolve(undefined);
    await aborted(context);
    throw new Error('stopped');
  });
  const other = await engineOf(() => undefined);
  await owner.start();
  await other.start();
  const id = await enqueue(other);
  await started.promise;
  expect(await other.cancel(id)).toBe('cancelling');
  expect((await other.waitForRun(id)).state).toBe('cancelled');
});

it('the next owner starts only after the last one has closed what it had open', async () => {
  const order: string[] = [];
  const first = await engineOf(() => undefined);
  const second = await engineOf(noted(order, 'second'));
  await first.start();
  await second.start();
  const ownedBySecond = (): Promise<boolean | undefined> =>
    stores[1]?.readOwnership().then(({ holder }) => holder?.owner === second.owner) ?? Promise.resolve(false);
  await first.shutdown('abort', async () => {
    await enqueue(second);
    expect(await ownedBySecond()).toBe(false);
    order.push('closed');
  });
  while (order.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(order).toEqual(['closed', 'second a', 'second b']);
});

it('who contends is told that the owner leaves, and takes its unfinished run over', async () => {
  const calls: string[] = [];
  const started = Promise.withResolvers<undefined>();
  const first = await engineOf(async (context) => {
    await noted(calls, 'first')(context);
    started.resolve(undefined);
    await aborted(context);
    throw new Error('stopped');
  });
  const second = await engineOf(noted(calls, 'second'));
  await first.start();
  await second.start();
  const id = await enqueue(second);
  await started.promise;
  await first.shutdown('abort');
  expect((await second.waitForRun(id)).state).toBe('succeeded');
  expect(calls).toEqual(['first a', 'second a', 'second b']);
});
