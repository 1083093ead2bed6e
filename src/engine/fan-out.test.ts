import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, TransientError } from '../core/errors.ts';
import type { StepOutcome } from '../core/executor.ts';
import type { FoundItem } from '../core/fan-out.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { GraphNode } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { retireOwner } from './owner.ts';
import { makePlan } from './planner.ts';
import { asset, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

let store: RunStore;
const engines: Engine[] = [];

beforeEach(async () => {
  store = await openSqliteLedger(':memory:');
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  await store.close();
});

type Bodies = Readonly<Record<string, StepBody>>;

const retry = { maxAttempts: 3, delaySeconds: 0, maxDelaySeconds: 0 };

/** Databases are found, each is loaded, a report reads all. */
function world(more: Partial<GraphNode> = {}): readonly GraphNode[] {
  return [
    asset('found'),
    asset('load', ['found'], { forEach: 'found', retry, ...more }),
    asset('report', ['load']),
  ];
}

function engineOf(
  nodes: readonly GraphNode[],
  bodies: Bodies,
  options: Partial<EngineOptions> = {},
  ledger: RunStore = store,
): Engine {
  const definitions = definitionsOf(nodes);
  const engine = createEngine({
    store: ledger,
    executors: [testExecutor(bodies)],
    definitions: () => definitions,
    pollMilliseconds: 5,
    ...options,
  });
  engines.push(engine);
  return engine;
}

async function run(nodes: readonly GraphNode[], bodies: Bodies, select = ''): Promise<RunRecord> {
  const engine = engineOf(nodes, bodies);
  await engine.acquireOwnership();
  const plan = makePlan(definitionsOf(nodes).graph, { manifestHash: 'h', select });
  return engine.waitForRun(await engine.enqueue(plan, { kind: 'code' }));
}

const finds =
  (...keys: readonly string[]): StepBody =>
  () => ({ items: keys.map((key): FoundItem => ({ key, value: { database: key } })), metadata: {} });

function states(record: RunRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(record.steps.map(({ key, state }) => [key, state]));
}

describe('a node for each item', () => {
  it('has a step of its own for each, and who comes after it is told of all', async () => {
    let heard: readonly (readonly [string | undefined, StepOutcome['value']])[] = [];
    const record = await run(world(), {
      found: finds('a', 'b', 'c'),
      load: (context) => {
        const { item } = context;
        context.log(`loads ${item?.key}`);
        return { rows: 2, value: `${item?.key}!`, metadata: {} };
      },
      report: async (context) => {
        const steps = (await context.upstream?.()) ?? [];
        heard = steps.flatMap(({ item, outcome }) => (item ? [[item.key, outcome?.value] as const] : []));
        return undefined;
      },
    });
    expect(record.state).toBe('succeeded');
    expect(states(record)).toEqual({
      found: 'succeeded',
      'load@a': 'succeeded',
      'load@b': 'succeeded',
      'load@c': 'succeeded',
      load: 'succeeded',
      report: 'succeeded',
    });
    expect(heard).toEqual([
      ['a', 'a!'],
      ['b', 'b!'],
      ['c', 'c!'],
    ]);
    const [whole] = await store.latestCompletions(['load']);
    expect(whole).toMatchObject({ rows: 6, metadata: { items: 3 } });
    expect(await store.completionHistory('load', 10)).toHaveLength(1);
    const logs = await store.events({ runId: record.id, types: ['step_log'], afterSequence: 0, limit: 10 });
    expect(logs.map((line) => ('step' in line ? line.step : ''))).toEqual(['load@a', 'load@b', 'load@c']);
  });

  it('may have none', async () => {
    const record = await run(world(), { found: finds() });
    expect(states(record)).toEqual({ found: 'succeeded', load: 'succeeded', report: 'succeeded' });
  });

  it('is tried again by item, and one that fails holds up only what reads all', async () => {
    const attempts: string[] = [];
    const record = await run(world(), {
      found: finds('a', 'b', 'c'),
      load: ({ item, attempt }) => {
        attempts.push(`${item?.key}${attempt}`);
        if (item?.key === 'b') throw new DataError('bad rows', { code: 'bad' });
        if (item?.key === 'c' && attempt === 1) throw new TransientError('not now', { code: 'busy' });
        return undefined;
      },
    });
    expect(attempts.toSorted()).toEqual(['a1', 'b1', 'c1', 'c2']);
    expect(states(record)).toMatchObject({
      'load@a': 'succeeded',
      'load@b': 'failed',
      'load@c': 'succeeded',
      load: 'skipped',
      report: 'skipped',
    });
    expect(record.failure?.message).toBe('1 of 6 steps failed: load@b');
  });

  it('works on no more at a time than it may', async () => {
    let atWork = 0;
    let most = 0;
    await run(world({ itemsAtOnce: 2 }), {
      found: finds('a', 'b', 'c', 'd', 'e'),
      load: async () => {
        atWork += 1;
        most = Math.max(most, atWork);
        await new Promise((resolve) => setImmediate(resolve));
        atWork -= 1;
        return undefined;
      },
    });
    expect(most).toBe(2);
  });

  it('takes what finds its items along when it is selected alone', async () => {
    const record = await run(world(), { found: finds('a') }, 'load');
    expect(Object.keys(states(record))).toEqual(['found', 'load@a', 'load']);
    const nodes = [...world(), asset('all', ['load'], { collect: 'load' })];
    const plan = makePlan(definitionsOf(nodes).graph, { manifestHash: 'h', select: 'all' });
    expect(plan.steps.map(({ key }) => key)).toEqual(['found', 'load', 'all']);
  });

  it.each([
    ['of one key', { items: [1, 2].map((value) => ({ key: 'a', value })), metadata: {} }, 'item_duplicate'],
    ['with a key that names a step', { items: [{ key: 'a@b', value: 1 }], metadata: {} }, 'item_key_invalid'],
    ['that are not there', { metadata: {} }, 'items_missing'],
  ] as const)('refuses items %s', async (_, outcome, code) => {
    const record = await run(world(), { found: () => outcome });
    expect(record.steps[0]?.failure).toMatchObject({ code });
    expect(states(record)).toEqual({ found: 'failed', load: 'skipped', report: 'skipped' });
  });

  it('refuses an item that holds a secret', async () => {
    const nodes = world();
    const engine = engineOf(
      nodes,
      { found: finds('hunter2') },
      { redact: (text) => text.replaceAll('hunter2', '***') },
    );
    await engine.acquireOwnership();
    const plan = makePlan(definitionsOf(nodes).graph, { manifestHash: 'h' });
    const record = await engine.waitForRun(await engine.enqueue(plan, { kind: 'code' }));
    expect(record.steps[0]?.failure).toMatchObject({ code: 'item_secret' });
    expect(JSON.stringify(record)).not.toContain('hunter2');
  });
});

/** A store whose process dies at its `crashAt`-th write: that one and all later ones are not done. */
function dyingStore(crashAt: number, onDeath: () => void): RunStore {
  let count = 0;
  const writes = new Set<string | symbol>(['claimRun', 'moveRun', 'startStep', 'moveSteps']);
  return new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as ((...args: readonly unknown[]) => unknown) | undefined;
      if (!method || !writes.has(name)) return method;
      return (...args: readonly unknown[]) => {
        count += 1;
        if (count < crashAt) return method(...args);
        onDeath();
        return new Promise(() => undefined);
      };
    },
  });
}

it('is continued after a crash at any write: items are found once, and none that is done is done again', async () => {
  for (let crashAt = 1; crashAt <= 14; crashAt += 1) {
    const nodes = world();
    const done: string[] = [];
    let finding = 0;
    const bodies: Bodies = {
      found: () => {
        finding += 1;
        // What is found a second time differs: the steps must be of the list that the ledger took.
        return { items: [`a${finding}`, `b${finding}`].map((key) => ({ key, value: key })), metadata: {} };
      },
      load: ({ item }) => {
        done.push(item?.key ?? '');
        return undefined;
      },
    };
    const died = Promise.withResolvers<undefined>();
    const first = engineOf(
      nodes,
      bodies,
      { concurrency: 1 },
      dyingStore(crashAt, () => died.resolve(undefined)),
    );
    await first.acquireOwnership();
    const plan = makePlan(definitionsOf(nodes).graph, { manifestHash: 'h' });
    const id = await first.enqueue(plan, { kind: 'code' });
    await Promise.race([died.promise, first.waitForRun(id)]);
    const run = await store.findRun(id);
    if (run?.lease) {
      const { owner } = run.lease;
      await store.releaseOwnership(owner);
      await store.releaseRun(run.lease, Date.now(), 'its process died');
    } else await store.releaseOwnership(first.owner);
    engines.splice(engines.indexOf(first), 1);
    retireOwner(first.owner);

    const second = engineOf(nodes, bodies);
    await second.acquireOwnership();
    const record = await second.waitForRun(id);
    expect(record.state).toBe('succeeded');
    const items = record.steps.flatMap(({ item }) => item?.key ?? []);
    expect(items).toEqual([`a${finding}`, `b${finding}`]);
    expect(record.steps.every(({ state }) => state === 'succeeded')).toBe(true);
    for (const key of items) expect(done.filter((one) => one === key).length).toBeLessThanOrEqual(2);
    await second.shutdown('abort');
    engines.splice(0);
  }
});
