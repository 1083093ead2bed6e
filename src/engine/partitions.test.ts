import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backfill } from '../core/backfill.ts';
import { FatalError } from '../core/errors.ts';
import type { StepContext } from '../core/executor.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { cancelBackfill, holdBackfill } from './backfill-loop.ts';
import { explainBackfill, startBackfill } from './backfill-request.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { explainState, projectStatus } from './explain-state.ts';
import { partitionStatus } from './partition-status.ts';
import { worldAt } from './partition/partition-world.ts';
import { keys, partitioned, windows } from './partition.fixture.ts';
import { makePlan } from './planner.ts';
import { aborted, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

const nowMs = Date.UTC(2024, 1, 1);
const world = worldAt(nowMs);
const usual = definitionsOf([
  partitioned('a', [], [windows()]),
  partitioned('b', ['a'], [windows('month')]),
  partitioned('c', [], [windows(), keys('us', 'eu')], { partitionsPerStep: 'all' }),
]);

describe('partitions in an engine', () => {
  let store: RunStore;
  const engines: Engine[] = [];
  let definitions = usual;

  beforeEach(async () => {
    definitions = usual;
    store = await openSqliteLedger(':memory:');
  });
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.shutdown('abort');
    await store.close();
  });

  const open = async (bodies: Readonly<Record<string, StepBody>> = {}): Promise<Engine> => {
    const engine = createEngine({
      store,
      executors: [testExecutor(bodies)],
      definitions: () => definitions,
      pollMilliseconds: 10,
    });
    engines.push(engine);
    await engine.start();
    return engine;
  };
  const plan = (select: string, partitions: string): ReturnType<typeof makePlan> =>
    makePlan(definitions.graph, { manifestHash: 'h', select, partitions, world });
  const status = (key: string): ReturnType<typeof partitionStatus> =>
    partitionStatus(definitions.graph, store, key, world);
  const begin = async (select: string, partitions: string, stepsPerRun: number): Promise<string> => {
    const request = { select, partitions, stepsPerRun };
    return startBackfill(store, await explainBackfill(definitions, store, request, nowMs), request, nowMs);
  };
  const untilEnd = async (id: string): Promise<Backfill> => {
    for (;;) {
      const backfill = await store.findBackfill(id);
      if (backfill && backfill.state !== 'running') return backfill;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it('knows which partitions read what was made after them, and makes these alone again', async () => {
    const engine = await open();
    const run = async (select: string, partitions: string): Promise<unknown> =>
      engine.waitForRun(await engine.enqueue(plan(select, partitions), { kind: 'code' }));
    await run('a', '2023-12..2024-01');
    await run('b', '2024-01');
    expect((await status('b')).stale.count).toBe(0);
    await run('a', '2024-01-05');
    expect(await status('b')).toMatchObject({
      stale: { count: 1, text: '2024-01' },
      succeeded: { count: 0 },
    });
    const explained = await explainState({ ...definitions, schedules: [] }, store, 'b', nowMs);
    expect(explained.node.condition).toBe('stale');
    expect(explained.node.reasons.map(({ code }) => code)).toContain('partitions_stale');
    const request = { select: 'a+', partitions: 'all', onlyStale: true };
    const stale = await explainBackfill(definitions, store, request, nowMs);
    expect(stale.nodes.map(({ key, partitions }) => [key, partitions])).toEqual([['b', '2024-01']]);
    await untilEnd(await startBackfill(store, stale, request, nowMs));
    expect(await status('b')).toMatchObject({ stale: { count: 0 }, succeeded: { count: 1 } });
    await expect(explainBackfill(definitions, store, request, nowMs)).rejects.toThrow('is stale');
  });

  it('makes those that write one table one after another, and goes on after one that fails', async () => {
    const nodes = [
      partitioned('table', [], [windows()], { oneAtATime: true }),
      partitioned('free', [], [windows()]),
    ];
    definitions = definitionsOf(nodes);
    let atOnce = 0;
    const most: Record<string, number> = {};
    const count =
      (name: string) =>
      async (context: StepContext): Promise<undefined> => {
        atOnce += 1;
        most[name] = Math.max(most[name] ?? 0, atOnce);
        for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        atOnce -= 1;
        if (context.partitions?.text === '2024-01-02') throw new FatalError('no', { code: 'no' });
        return undefined;
      };
    const engine = await open({ table: count('table'), free: count('free') });
    for (const key of ['table', 'free'])
      await engine.waitForRun(await engine.enqueue(plan(key, '2024-01-01..2024-01-08'), { kind: 'code' }));
    expect(most).toEqual({ table: 1, free: 4 });
    expect(await status('table')).toMatchObject({ succeeded: { count: 7 }, failed: { text: '2024-01-02' } });
  });

  it('says what reads something stale, and makes both again in one backfill', async () => {
    const chain = (key: string, ...reads: readonly string[]) => partitioned(key, reads, [windows()]);
    definitions = definitionsOf([chain('a'), chain('b', 'a'), chain('c', 'b'), chain('d', 'c')]);
    const engine = await open();
    const run = async (select: string, partitions: string): Promise<unknown> =>
      engine.waitForRun(await engine.enqueue(plan(select, partitions), { kind: 'code' }));
    await run('a b c d', '2024-01-01..2024-01-10');
    await run('a', '2024-01-05');
    const groups = async (key: string): Promise<readonly string[]> => {
      const { stale, behind } = await status(key);
      return [stale.text, behind.text];
    };
    expect(await groups('b')).toEqual(['2024-01-05', '']);
    expect(await groups('c')).toEqual(['', '2024-01-05']);
    expect(await groups('d')).toEqual(['', '2024-01-05']);
    expect((await status('d')).succeeded.count).toBe(9);
    const request = { select: 'b+', partitions: 'all', onlyStale: true };
    const both = await explainBackfill(definitions, store, request, nowMs);
    expect(both.nodes.map(({ key, partitions }) => [key, partitions])).toEqual([
      ['b', '2024-01-05'],
      ['c', '2024-01-05'],
      ['d', '2024-01-05'],
    ]);
    await untilEnd(await startBackfill(store, both, request, nowMs));
    for (const key of ['b', 'c', 'd']) expect(await groups(key)).toEqual(['', '']);
  });

  it('says which windows are late, from the first one that was made on', async () => {
    const engine = await open();
    const expected = new Map([['a', { windowLagSeconds: 6 * 3600 }]]);
    const day = (date: number, hour: number): number => Date.UTC(2024, 0, date, hour);
    const freshness = async (atMs: number): Promise<unknown> =>
      (await projectStatus(definitions.graph, store, atMs, expected)).freshness['a'];
    // None was made: the newest window, that of the 9th, is due.
    expect(await freshness(day(10, 5))).toEqual({ condition: 'fresh', staleAtMs: day(10, 6) });
    expect(await freshness(day(10, 6))).toEqual({ condition: 'stale', staleAtMs: day(10, 6) });
    for (const made of ['2024-01-07', '2024-01-09'])
      await engine.waitForRun(await engine.enqueue(plan('a', made), { kind: 'code' }));
    // What was before the first one is nobody's concern, the one that is left out is.
    expect(await freshness(day(10, 1))).toEqual({ condition: 'stale', staleAtMs: day(9, 6) });
    await engine.waitForRun(await engine.enqueue(plan('a', '2024-01-08'), { kind: 'code' }));
    expect(await freshness(day(10, 1))).toEqual({ condition: 'fresh', staleAtMs: day(11, 6) });
    expect(await freshness(day(11, 7))).toEqual({ condition: 'stale', staleAtMs: day(11, 6) });
  });

  it('tells a step which partitions it makes, with their windows', async () => {
    const seen: unknown[] = [];
    const note = ({ partitions }: StepContext): undefined => {
      seen.push(partitions && { text: partitions.text, values: [...partitions.values()] });
    };
    const engine = await open({ '*': note });
    await engine.waitForRun(await engine.enqueue(plan('a c', '2024-01-05..2024-01-06'), { kind: 'code' }));
    const window = (day: number): object => {
      return { key: `2024-01-0${day}`, startMs: Date.UTC(2024, 0, day), endMs: Date.UTC(2024, 0, day + 1) };
    };
    const value = (day: number, region: string): object => {
      return { key: `2024-01-0${day}|${region}`, dimensions: { time: window(day), key: { key: region } } };
    };
    expect(seen).toEqual([
      { text: '2024-01-05', values: [{ key: '2024-01-05', dimensions: { time: window(5) } }] },
      { text: '2024-01-06', values: [{ key: '2024-01-06', dimensions: { time: window(6) } }] },
      {
        text: '2024-01-05..2024-01-06|us..eu',
        values: [value(5, 'us'), value(5, 'eu'), value(6, 'us'), value(6, 'eu')],
      },
    ]);
  });

  it('keeps how each partition ended; one that failed holds up only what reads it', async () => {
    const engine = await open({
      a: ({ partitions }) => {
        if (partitions?.text === '2024-01-03') throw new FatalError('bad day', { code: 'bad' });
        return undefined;
      },
    });
    const id = await engine.enqueue(plan('a b', '2024-01-02..2024-01-04'), { kind: 'code' });
    const run = await engine.waitForRun(id);
    expect(run).toMatchObject({ state: 'failed', stepCounts: { succeeded: 2, failed: 1, skipped: 1 } });
    expect(await status('a')).toMatchObject({
      count: 31,
      succeeded: { text: '2024-01-02,2024-01-04' },
      failed: { text: '2024-01-03' },
      missing: { count: 28 },
    });
    expect((await store.latestCompletions(['a'])).map(({ partitions }) => partitions)).toHaveLength(1);
  });

  it('says of a node how many of its partitions failed or are missing', async () => {
    const engine = await open({
      a: ({ partitions }) => {
        if (partitions?.text === '2024-01-03') throw new FatalError('bad day', { code: 'bad' });
        return undefined;
      },
    });
    await engine.waitForRun(await engine.enqueue(plan('a', '2024-01-02..2024-01-04'), { kind: 'code' }));
    const { node } = await explainState(definitions, store, 'a', nowMs);
    expect(node).toMatchObject({ condition: 'failed' });
    expect(node.reasons.map(({ code }) => code).slice(-2)).toEqual([
      'partitions_failed',
      'partitions_missing',
    ]);
    await engine.waitForRun(await engine.enqueue(makePlan(definitions.graph, { manifestHash: 'h', select: 'a', partitions: '*', world: worldAt(nowMs - 28 * 86_400_000) }), { kind: 'code' })); // prettier-ignore
    const all = await projectStatus(definitions.graph, store, nowMs);
    expect(all.nodes.find(({ key }) => key === 'a')?.reasons.at(-1)).toMatchObject({
      code: 'partitions_missing',
    });
  });

  it('lets a step add keys that later runs make', async () => {
    const engine = await open({
      a: async (context) => {
        expect(await context.addPartitionKeys?.('customers', ['acme', 'zeta'])).toBe(2);
        await expect(context.addPartitionKeys?.('customers', ['a|b'])).rejects.toThrow();
        return undefined;
      },
    });
    const run = await engine.waitForRun(await engine.enqueue(plan('a', '2024-01-02'), { kind: 'code' }));
    expect(run.state).toBe('succeeded');
    expect(await store.partitionKeys('customers')).toEqual(['acme', 'zeta']);
  });

  it('makes a backfill in runs of so many steps, and remembers what could not be made', async () => {
    await open({
      a: ({ partitions }) => {
        if (partitions?.text === '2024-01-20') throw new FatalError('bad day', { code: 'bad' });
        return undefined;
      },
    });
    const first = await untilEnd(await begin('a b', '2024-01', 10));
    expect(first).toMatchObject({ state: 'failed', partitionCount: 32, runCount: 4 });
    expect(Object.keys(first.unmade)).toEqual(['a', 'b']);
    expect(await status('a')).toMatchObject({ succeeded: { count: 30 }, failed: { text: '2024-01-20' } });
    expect(await status('b')).toMatchObject({ missing: { text: '2024-01' } });
    const runs = await store.listRuns({ limit: 100 });
    expect(runs.every(({ trigger }) => trigger.backfill === first.id)).toBe(true);
  });

  it('pauses a backfill with the step that is at work, which goes on at its checkpoint', async () => {
    const checkpoints: unknown[] = [];
    let isSlow = true;
    const engine = await open({
      a: async (context) => {
        checkpoints.push(context.checkpoint);
        if (!isSlow) return undefined;
        await context.saveCheckpoint('half');
        await aborted(context);
        throw new Error('stopped');
      },
    });
    const id = await begin('a', '2024-01-01', 10);
    while (checkpoints.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await holdBackfill(store, id, true, nowMs)).toMatchObject({ state: 'paused' });
    const runId = (await store.findBackfill(id))?.runId ?? '';
    for (;;) {
      const run = await store.findRun(runId);
      if (run?.lease === undefined && run?.steps[0]?.state === 'pending') {
        expect(run.steps[0].reason).toBe('The run was paused');
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    isSlow = false;
    expect(await holdBackfill(store, id, false, nowMs)).toMatchObject({ state: 'running' });
    expect(await untilEnd(id)).toMatchObject({ state: 'succeeded' });
    expect(checkpoints).toEqual([undefined, 'half']);
    await expect(engine.hold('nothing')).rejects.toMatchObject({ code: 'run_unknown' });
  });

  it('ends a backfill with its run, from either side', async () => {
    await open({
      a: async (context) => {
        await aborted(context);
        throw new Error('stopped');
      },
    });
    const first = await begin('a', '2024-01', 10);
    const runOf = async (id: string): Promise<string> => {
      for (;;) {
        const found = await store.findBackfill(id);
        if (found?.runId !== undefined) return found.runId;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await runOf(first);
    expect(await cancelBackfill(store, first, nowMs)).toMatchObject({ state: 'cancelled' });
    const second = await begin('a', '2024-01', 10);
    await store.requestCancel(await runOf(second), nowMs);
    expect(await untilEnd(second)).toMatchObject({ state: 'cancelled', runCount: 1 });
  });

  it('goes on with a backfill whose process has ended', async () => {
    const before = await open({
      a: async (context) => {
        await aborted(context);
        throw new Error('stopped');
      },
    });
    const id = await begin('a b', '2024-01', 7);
    while ((await store.findBackfill(id))?.runId === undefined)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await before.shutdown('abort');
    await open();
    expect(await untilEnd(id)).toMatchObject({ state: 'succeeded' });
    expect(await status('a')).toMatchObject({ succeeded: { count: 31 }, missing: { count: 0 } });
  });
});
