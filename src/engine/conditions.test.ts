import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Condition, eager, onCron, onMissing } from '../core/condition.ts';
import { DataError } from '../core/errors.ts';
import type { GraphNode } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Definitions, Engine } from './engine.ts';
import { createManualClock, type ManualClock } from './manual-clock.fixture.ts';
import { partitioned, windows } from './partition.fixture.ts';
import { makePlan } from './planner.ts';
import { worldAt } from './partition/partition-world.ts';
import { asset, check, definitionsOf, external, testExecutor, type StepBody } from './project.fixture.ts';

const noonMs = Date.parse('2026-01-01T12:00:00Z');
const minuteMs = 60_000;

let store: RunStore;
let clock: ManualClock;
let engine: Engine;
let definitions: Definitions;
let bodies: Record<string, StepBody>;

beforeEach(async () => {
  store = await openSqliteLedger(':memory:');
  clock = createManualClock(noonMs);
  bodies = {};
});
afterEach(async () => {
  await engine.shutdown('abort');
  await store.close();
});

function define(nodes: readonly GraphNode[], conditions: Readonly<Record<string, Condition>>): void {
  definitions = { ...definitionsOf(nodes), conditions: new Map(Object.entries(conditions)) };
}

async function start(
  nodes: readonly GraphNode[],
  conditions: Readonly<Record<string, Condition>>,
): Promise<void> {
  define(nodes, conditions);
  engine = createEngine({
    store,
    executors: [
      {
        name: 'test',
        execute: (node, context) => testExecutor(bodies).execute(node, context),
      },
    ],
    definitions: () => definitions,
    clock,
    pollMilliseconds: 60_000,
  });
  await engine.start({ schedules: true });
  await clock.advance(1000);
}

/** Runs by hand, and lets what follows from it happen. */
async function run(...keys: readonly string[]): Promise<void> {
  await engine.enqueue(
    makePlan(definitions.graph, { keys, manifestHash: 'h', world: worldAt(clock.nowMs()) }),
    { kind: 'code' },
  );
  await clock.advance(5000);
}

/** What ran because of conditions, oldest first: the steps of each run. */
async function asked(): Promise<readonly string[]> {
  const runs = (await store.listRuns({ limit: 100 })).filter(({ trigger }) => trigger.kind === 'condition');
  const found = await Promise.all(runs.toReversed().map(({ id }) => store.findRun(id)));
  return found.map((one) => one?.steps.map(({ key }) => key).join(' ') ?? '');
}

async function lastReason(key: string): Promise<string | undefined> {
  return (await store.triggerTicks(`condition ${key}`, 1))[0]?.reason;
}

describe('eager', () => {
  it('makes what is missing once what it reads is there, and again after each change upstream', async () => {
    await start([asset('a'), asset('b', ['a'])], { b: eager() });
    expect(await asked()).toEqual([]);
    expect(await lastReason('b')).toBe('upstream missing (a)');
    await run('a');
    expect(await asked()).toEqual(['b']);
    await run('a');
    await run('a');
    expect(await asked()).toEqual(['b', 'b', 'b']);
    await clock.advance(10 * minuteMs);
    expect(await asked()).toHaveLength(3);
  });

  it('does not repeat what a run did that had both', async () => {
    await start([asset('a'), asset('b', ['a'])], { b: eager() });
    await run('a', 'b');
    await run('a', 'b');
    await clock.advance(5 * minuteMs);
    expect(await asked()).toEqual([]);
  });

  it('brings a whole chain along in one run, each node once', async () => {
    const nodes = [
      asset('a'),
      asset('b', ['a']),
      asset('c', ['a']),
      asset('d', ['b', 'c']),
      asset('e', ['d']),
    ];
    await start(nodes, { b: eager(), c: eager(), d: eager(), e: eager() });
    await run('a');
    await clock.advance(5 * minuteMs);
    expect(await asked()).toEqual(['b c d e']);
  });

  it('asks once for one cause: a failure is not retried before there is another', async () => {
    bodies['b'] = () => {
      throw new DataError('bad rows', { code: 'bad' });
    };
    await start([asset('a'), asset('b', ['a']), asset('c', ['b'])], { b: eager(), c: eager() });
    await run('a');
    await clock.advance(30 * minuteMs);
    expect(await asked()).toEqual(['b c']);
    expect(await lastReason('b')).toMatch(/^A run was asked for already, for the same cause: the run /);
    await run('a', 'b');
    await clock.advance(5 * minuteMs);
    expect(await asked()).toEqual(['b c']);
    delete bodies['b'];
    await run('a');
    expect(await asked()).toEqual(['b c', 'b c']);
  });

  it('waits for what goes on upstream and for its checks, and stops at one that failed', async () => {
    const hold = Promise.withResolvers<void>();
    let passes = false;
    bodies['c'] = async () => {
      await hold.promise;
      return undefined;
    };
    bodies['check/a'] = () => ({
      metadata: {},
      check: { passed: passes, failures: passes ? 0 : 1, message: 'a is odd' },
    });
    await start([asset('a'), check('check/a', 'a'), asset('c'), asset('b', ['a', 'c'])], { b: eager() });
    await run('a', 'c');
    expect(await lastReason('b')).toContain('upstream in progress (c)');
    hold.resolve();
    await clock.advance(5000);
    expect(await asked()).toEqual(['b']);
    await run('a', 'check/a');
    expect(await lastReason('b')).toBe('not checks passed (check/a)');
    expect(await asked()).toEqual(['b']);
    passes = true;
    await run('check/a');
    expect(await asked()).toEqual(['b', 'b']);
  });

  it('looks through what others keep up to date, and past what only sets an order', async () => {
    const task = asset('task/t', [], { kind: 'task' });
    const source = external('source', []);
    const nodes = [
      task,
      { ...source, edges: [{ kind: 'after' as const, from: 'task/t' }] },
      asset('b', ['source']),
      asset('c', [], { edges: [{ kind: 'after', from: 'task/t' }] }),
    ];
    await start(nodes, { b: eager(), c: eager() });
    expect(await asked()).toEqual(['c']);
    await run('task/t');
    expect(await asked()).toEqual(['c', 'b']);
  });

  it('goes on after a restart with what happened meanwhile', async () => {
    await start([asset('a'), asset('b', ['a'])], { b: eager() });
    await run('a');
    await engine.shutdown('abort');
    const only = createEngine({ store, executors: [testExecutor()], definitions: () => definitions, clock });
    await only.start();
    await only.enqueue(makePlan(definitions.graph, { keys: ['a'], manifestHash: 'h' }), { kind: 'code' });
    await clock.advance(5000);
    await only.shutdown('abort');
    expect(await asked()).toEqual(['b']);
    await start([asset('a'), asset('b', ['a'])], { b: eager() });
    await clock.advance(5000);
    expect(await asked()).toEqual(['b', 'b']);
  });
});

describe('onCron', () => {
  it('runs once after each time, when everything upstream was made since', async () => {
    await start([asset('a'), asset('b', ['a'])], { b: onCron('0 13 * * *') });
    await run('a');
    await clock.advance(61 * minuteMs);
    expect(await asked()).toEqual([]);
    expect(await lastReason('b')).toBe('not upstream updated since cron(0 13 * * * UTC) (a)');
    await run('a');
    expect(await asked()).toEqual(['b']);
    await run('a');
    await clock.advance(60 * minuteMs);
    expect(await asked()).toEqual(['b']);
    await clock.advance(24 * 60 * minuteMs);
    await run('a');
    expect(await asked()).toEqual(['b', 'b']);
  });

  it('of a source brings what is eager along, also the day after that run failed', async () => {
    bodies['a'] = () => {
      throw new DataError('away', { code: 'away' });
    };
    await start([asset('a'), asset('b', ['a'])], { a: onCron('0 13 * * *'), b: eager() });
    await clock.advance(61 * minuteMs);
    expect(await asked()).toEqual(['a b']);
    delete bodies['a'];
    await clock.advance(23 * 60 * minuteMs);
    expect(await asked()).toEqual(['a b']);
    await clock.advance(60 * minuteMs);
    expect(await asked()).toEqual(['a b', 'a b']);
  });

  it.each([
    ['left out by', '2026-03-29T00:50:00Z', '03-29T01:00'],
    ['twice in', '2026-10-25T00:20:00Z', '10-25T00:30'],
  ])('runs once for a time that is %s a clock change', async (_, from, expected) => {
    clock = createManualClock(Date.parse(from));
    await start([asset('a')], { a: onCron('30 2 * * *', 'Europe/Berlin') });
    await clock.advance(90 * minuteMs);
    const times = (await store.listRuns({ limit: 10 })).map(({ createdAtMs }) =>
      new Date(createdAtMs).toISOString().slice(5, 16),
    );
    expect(times).toEqual([expected]);
  });
});

describe('conditions', () => {
  it('onMissing makes a node once', async () => {
    await start([asset('a'), asset('b', ['a'])], { a: onMissing(), b: onMissing() });
    await run('a');
    await clock.advance(5 * minuteMs);
    expect(await asked()).toEqual(['a b']);
  });

  it('see a changed definition, unless a run was made with it', async () => {
    const node = (version: number): GraphNode => asset('a', [], { spec: { version } });
    const changed: Condition = { kind: 'code_changed' };
    await start([node(1)], { a: changed });
    define([{ ...node(1), origin: { file: 'moved.sql' } }], { a: changed });
    await clock.advance(10_000);
    expect(await asked()).toEqual([]);
    define([node(2)], { a: changed });
    await clock.advance(10_000);
    expect(await asked()).toEqual(['a']);
    define([node(3)], { a: { kind: 'and', of: [changed, { kind: 'stale' }] } });
    await clock.advance(10_000);
    await run('a');
    define([node(3)], { a: changed });
    await clock.advance(10_000);
    expect(await asked()).toEqual(['a']);
  });

  it('remember with since, and never ask in circles', async () => {
    const stale: Condition = { kind: 'stale' };
    const latched: Condition = {
      kind: 'since',
      of: { kind: 'cron_passed', cron: '0 13 * * *', timeZone: 'UTC' },
      reset: { kind: 'in_progress' },
    };
    await start([asset('a'), asset('b', ['a']), asset('c', ['a'])], {
      b: { kind: 'or', of: [stale, { kind: 'not', of: stale }] },
      c: { kind: 'and', of: [latched, stale] },
    });
    expect(await asked()).toEqual(['b']);
    await clock.advance(10 * minuteMs);
    expect(await asked()).toEqual(['b']);
    await run('a', 'c');
    expect(await asked()).toEqual(['b', 'b']);
    await clock.advance(60 * minuteMs);
    await run('a');
    expect(await asked()).toEqual(['b', 'b', 'b c']);
  });

  it('that cannot be planned say so, and hold up nothing', async () => {
    await start([asset('a'), asset('b', ['a'])], { b: eager() });
    const { byKey } = definitions.graph;
    const broken = new Map(byKey);
    broken.delete('b');
    definitions = { ...definitions, graph: { ...definitions.graph, byKey: broken } };
    await run('a');
    expect((await store.triggerTicks('condition b', 1))[0]?.outcome).toBe('failed');
    await run('a');
    expect((await store.listRuns({ limit: 10 })).map(({ state }) => state)).toEqual([
      'succeeded',
      'succeeded',
    ]);
  });
});

describe('partitions', () => {
  const days = (key: string, reads: readonly string[] = []): GraphNode =>
    partitioned(key, reads, [windows()], {});
  const customers = (key: string, reads: readonly string[] = []): GraphNode =>
    partitioned(key, reads, [{ kind: 'dynamic', name: 'customer', set: 'customers' }]);

  it('are made when a key was added, those that are new only', async () => {
    await store.addPartitionKeys('customers', ['x', 'y'], noonMs);
    await start([customers('c')], { c: eager() });
    expect(await asked()).toEqual(['c@x c@y']);
    await store.addPartitionKeys('customers', ['z'], noonMs);
    await clock.advance(2 * minuteMs);
    expect(await asked()).toEqual(['c@x c@y', 'c@z']);
    await clock.advance(10 * minuteMs);
    expect(await asked()).toHaveLength(2);
  });

  it('of time are made when a window is over and those that it reads are there, at once', async () => {
    await start([days('a'), days('b', ['a'])], { b: onMissing() });
    await run('a');
    expect(await asked()).toEqual(['b@2025-12-31']);
    await clock.advance(12 * 60 * minuteMs);
    expect(await asked()).toEqual(['b@2025-12-31']);
    await run('a');
    expect(await asked()).toEqual(['b@2025-12-31', 'b@2026-01-01']);
  });

  it('that failed are not tried again by themselves', async () => {
    await store.addPartitionKeys('customers', ['x'], noonMs);
    bodies['c'] = () => {
      throw new DataError('bad rows', { code: 'bad' });
    };
    await start([customers('c')], { c: eager() });
    await clock.advance(10 * minuteMs);
    expect(await asked()).toEqual(['c@x']);
  });
});
