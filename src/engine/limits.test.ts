import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FatalError, TransientError } from '../core/errors.ts';
import type { RunLease, RunRecord } from '../core/ledger.ts';
import type { GraphNode } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { createManualClock } from './manual-clock.fixture.ts';
import { partitioned, windows } from './partition.fixture.ts';
import { makePlan, type PlanRequest } from './planner.ts';
import { aborted, asset, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

let store: RunStore;
const engines: Engine[] = [];
const gates: (() => void)[] = [];

beforeEach(async () => {
  store = await openSqliteLedger(':memory:');
});
afterEach(async () => {
  for (const open of gates.splice(0)) open();
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  await store.close();
});

/** What a step waits for that obeys nobody; opened after the test. */
function gate(): { readonly promise: Promise<undefined>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const open = (): void => resolve(undefined);
  gates.push(open);
  return { promise, open };
}

function engineOf(
  nodes: readonly GraphNode[],
  bodies: Readonly<Record<string, StepBody>>,
  options: Partial<EngineOptions> = {},
): Engine {
  const definitions = definitionsOf(nodes);
  const engine = createEngine({
    store,
    executors: [testExecutor(bodies)],
    definitions: () => definitions,
    pollMilliseconds: 5,
    ...options,
  });
  engines.push(engine);
  return engine;
}

function enqueue(
  engine: Engine,
  nodes: readonly GraphNode[],
  more: Pick<PlanRequest, 'select' | 'partitions'> & {
    readonly timeoutSeconds?: number;
    readonly priority?: number;
  } = {},
): Promise<string> {
  const { timeoutSeconds, priority, select, partitions } = more;
  const options = { fullRefresh: false, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
  const plan = makePlan(definitionsOf(nodes).graph, { select, partitions, manifestHash: 'h', options });
  return engine.enqueue(plan, { kind: 'code' }, { priority });
}

function states(run: RunRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(run.steps.map((step) => [step.key, step.state]));
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a step with a time limit', () => {
  it('is stopped when it takes longer, and tried again as its policy says', async () => {
    const retry = { maxAttempts: 2, delaySeconds: 0, maxDelaySeconds: 0 };
    const nodes = [asset('slow', [], { timeoutSeconds: 0.02, retry })];
    const engine = engineOf(nodes, {
      slow: async (context) => {
        if (context.attempt === 2) return undefined;
        await aborted(context);
        throw new Error('whatever it says when it is stopped');
      },
    });
    const id = await enqueue(engine, nodes);
    await engine.start();
    expect((await engine.waitForRun(id)).state).toBe('succeeded');
    const events = await store.events({ types: ['step_state'], afterSequence: 0, limit: 10 });
    expect(events[1]).toMatchObject({
      state: 'pending',
      failure: { code: 'step_timed_out', kind: 'transient' },
    });
  });

  it('has succeeded when it ends well in spite of it, and is left alone when it is in time', async () => {
    const nodes = [asset('late', [], { timeoutSeconds: 0.01 }), asset('quick', [], { timeoutSeconds: 3600 })];
    const engine = engineOf(nodes, {
      late: async (context) => {
        await aborted(context);
        return undefined;
      },
    });
    const id = await enqueue(engine, nodes);
    await engine.start();
    expect(states(await engine.waitForRun(id))).toEqual({ late: 'succeeded', quick: 'succeeded' });
  });
});

describe('a run with a time limit', () => {
  it('fails when it takes longer; what runs is stopped, what waits is cancelled', async () => {
    const nodes = [asset('a'), asset('slow', ['a']), asset('after', ['slow'])];
    const engine = engineOf(nodes, {
      slow: async (context) => {
        await aborted(context);
        throw new Error('stopped');
      },
    });
    const id = await enqueue(engine, nodes, { timeoutSeconds: 0.05 });
    await engine.start();
    const run = await engine.waitForRun(id);
    expect(run).toMatchObject({ state: 'failed', failure: { code: 'run_timed_out' } });
    expect(states(run)).toEqual({ a: 'succeeded', slow: 'cancelled', after: 'cancelled' });
    expect(run.steps[1]?.reason).toBe('The run took longer than it may');
  });

  it('counts the time that an earlier process spent on it', async () => {
    const clock = createManualClock(1_000_000);
    let isHeld = false;
    const nodes = [asset('a')];
    const body: StepBody = async (context) => {
      isHeld = true;
      await aborted(context);
      throw new Error('stopped');
    };
    const engine = engineOf(nodes, { a: body }, { clock });
    const id = await enqueue(engine, nodes, { timeoutSeconds: 60 });
    const claim = { runId: id, owner: 'dead', expectedEpoch: 0, expiresAtMs: 1_000_001, resetReason: '' };
    const lease = (await store.claimRun({ ...claim, atMs: 1_000_000 })) as RunLease;
    await store.moveRun(lease, { to: 'running', atMs: 1_000_000 });
    await clock.advance(59_000);
    await engine.start();
    await until(() => isHeld);
    await clock.advance(1000);
    expect(await store.findRun(id)).toMatchObject({ state: 'failed', failure: { code: 'run_timed_out' } });
  });
});

describe('a step that ignores its signal', () => {
  it('does not hold up a cancelled run, nor others; another attempt at it waits for its end', async () => {
    const held = gate();
    let calls = 0;
    const nodes = [asset('deaf'), asset('other')];
    const engine = engineOf(
      nodes,
      {
        deaf: () => {
          calls += 1;
          return calls === 1 ? held.promise : undefined;
        },
      },
      { stopGraceSeconds: 0.02, concurrency: 1 },
    );
    const first = await enqueue(engine, nodes, { select: 'deaf' });
    await engine.start();
    await until(() => calls === 1);
    await engine.cancel(first);
    const run = await engine.waitForRun(first);
    expect(run.state).toBe('failed');
    expect(run.steps[0]).toMatchObject({
      state: 'failed',
      failure: { code: 'step_ignores_stop' },
      reason: 'The run was cancelled',
    });

    expect((await engine.waitForRun(await enqueue(engine, nodes, { select: 'other' }))).state).toBe(
      'succeeded',
    );
    const second = await enqueue(engine, nodes, { select: 'deaf' });
    const logged = (): ReturnType<RunStore['events']> =>
      store.events({ runId: second, types: ['step_log'], afterSequence: 0, limit: 9 });
    await until(async () => (await logged()).length > 0);
    expect(calls).toBe(1);
    held.open();
    expect((await engine.waitForRun(second)).state).toBe('succeeded');
    expect(calls).toBe(2);
    expect(await logged()).toMatchObject([{ message: expect.stringContaining('goes on') }]);
  });

  it('keeps others from the partitions that it is at, and from no more', async () => {
    const held = gate();
    const began: string[] = [];
    const nodes = [partitioned('deaf', [], [windows()], { partitionsPerStep: 'all' })];
    const engine = engineOf(
      nodes,
      {
        deaf: ({ partitions }) => {
          began.push(partitions?.text ?? '');
          return began.length === 1 ? held.promise : undefined;
        },
      },
      { stopGraceSeconds: 0.02 },
    );
    const first = await enqueue(engine, nodes, { partitions: '2024-01-01..2024-01-05' });
    await engine.start();
    await until(() => began.length === 1);
    await engine.cancel(first);
    await engine.waitForRun(first);
    const within = await enqueue(engine, nodes, { partitions: '2024-01-03' });
    const beside = await enqueue(engine, nodes, { partitions: '2024-01-06' });
    expect((await engine.waitForRun(beside)).state).toBe('succeeded');
    await until(
      async () =>
        (await store.events({ runId: within, types: ['step_log'], afterSequence: 0, limit: 9 })).length > 0,
    );
    expect(began).toEqual(['2024-01-01..2024-01-05', '2024-01-06']);
    held.open();
    expect((await engine.waitForRun(within)).state).toBe('succeeded');
  });

  it('cannot log or save any more once it was given up', async () => {
    const held = gate();
    const tried = Promise.withResolvers<unknown>();
    const nodes = [asset('deaf', [], { timeoutSeconds: 0.01 })];
    const engine = engineOf(
      nodes,
      {
        deaf: async (context) => {
          await held.promise;
          context.log('too late');
          tried.resolve(await context.saveCheckpoint({ chunk: 9 }).catch((error: unknown) => error));
          return undefined;
        },
      },
      { stopGraceSeconds: 0.01 },
    );
    const id = await enqueue(engine, nodes);
    await engine.start();
    const run = await engine.waitForRun(id);
    expect(run.steps[0]).toMatchObject({
      state: 'failed',
      attempt: 1,
      failure: { code: 'step_ignores_stop' },
    });
    held.open();
    expect(await tried.promise).toMatchObject({ code: 'cancelled' });
    expect(await store.events({ types: ['step_log'], afterSequence: 0, limit: 9 })).toEqual([]);
    expect((await store.findRun(id))?.steps[0]?.checkpoint).toBeUndefined();
  });
});

describe('a step that was there when its process died', () => {
  /** As processes that were killed while they ran `keys`. */
  async function killed(runId: string, times: number, keys: readonly string[]): Promise<void> {
    for (let epoch = 0; epoch < times; epoch += 1) {
      const claim = { runId, owner: `dead-${epoch}`, expectedEpoch: epoch, atMs: 1, expiresAtMs: 2 };
      const lease = (await store.claimRun({ ...claim, resetReason: 'it died' })) as RunLease;
      if (epoch === 0) await store.moveRun(lease, { to: 'running', atMs: 1 });
      for (const step of keys) await store.startStep(lease, { step, attempt: epoch + 1, atMs: 1, locks: [] });
    }
  }

  it('three times in a row fails, and the rest of the run goes on', async () => {
    const calls: string[] = [];
    const nodes = [asset('poison'), asset('after', ['poison']), asset('fine')];
    const body: StepBody = ({ idempotencyKey }) => {
      calls.push(idempotencyKey.split('/')[1] ?? '');
      return undefined;
    };
    const engine = engineOf(nodes, { '*': body });
    const id = await enqueue(engine, nodes);
    await killed(id, 3, ['poison']);
    await engine.start();
    const run = await engine.waitForRun(id);
    expect(states(run)).toEqual({ poison: 'failed', after: 'skipped', fine: 'succeeded' });
    expect(run.steps.find(({ key }) => key === 'poison')?.failure).toMatchObject({
      code: 'step_interrupted',
      message: expect.stringContaining('3 times in a row'),
    });
    expect(calls).toEqual(['fine']);
  });

  it('twice is tried alone, so that only the culprit is blamed', async () => {
    let now = 0;
    let most = 0;
    const body: StepBody = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return undefined;
    };
    const nodes = [asset('a'), asset('b'), asset('c')];
    const engine = engineOf(nodes, { '*': body });
    const id = await enqueue(engine, nodes);
    await killed(id, 2, ['a', 'b', 'c']);
    await engine.start();
    expect((await engine.waitForRun(id)).state).toBe('succeeded');
    expect(most).toBe(1);
  });
});

describe('priorities', () => {
  it('let an urgent run and its steps go first', async () => {
    const order: string[] = [];
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => asset(key));
    const body: StepBody = ({ idempotencyKey }) => {
      order.push(idempotencyKey.split('/')[1] ?? '');
      return undefined;
    };
    const engine = engineOf(nodes, { '*': body }, { concurrency: 1 });
    const ids = [
      await enqueue(engine, nodes, { select: 'a b', priority: -5 }),
      await enqueue(engine, nodes, { select: 'c d' }),
      await enqueue(engine, nodes, { select: 'e f', priority: 5 }),
    ];
    await engine.start();
    for (const id of ids) await engine.waitForRun(id);
    expect(order.slice(0, 2).toSorted()).toEqual(['e', 'f']);
    expect(order.slice(-2).toSorted()).toEqual(['a', 'b']);
  });
});

describe('a pool', () => {
  it('limits the steps that name it, over all runs, and no others', async () => {
    const now = { pooled: 0, free: 0 };
    const most = { pooled: 0, free: 0 };
    const body =
      (kind: 'pooled' | 'free'): StepBody =>
      async () => {
        now[kind] += 1;
        most[kind] = Math.max(most[kind], now[kind]);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now[kind] -= 1;
        return undefined;
      };
    const pooled = ['p1', 'p2', 'p3', 'p4'].map((key) => asset(key, [], { pool: 'shop' }));
    const free = ['f1', 'f2', 'f3'].map((key) => asset(key, [], { pool: 'unlimited' }));
    const bodies = Object.fromEntries([
      ...pooled.map(({ key }) => [key, body('pooled')]),
      ...free.map(({ key }) => [key, body('free')]),
    ]) as Record<string, StepBody>;
    const nodes = [...pooled, ...free];
    const engine = engineOf(nodes, bodies, { concurrency: 8, pools: { shop: 1 } });
    const ids = [
      await enqueue(engine, nodes, { select: 'p1 p2 f1 f2 f3' }),
      await enqueue(engine, nodes, { select: 'p3 p4' }),
    ];
    await engine.start();
    for (const id of ids) expect((await engine.waitForRun(id)).state).toBe('succeeded');
    expect(most).toEqual({ pooled: 1, free: 3 });
  });
});

describe('a ledger that has trouble for a while', () => {
  /** Lets `calls` of a method through, then throws `error` for `times` calls. */
  function troubled(method: keyof RunStore, error: () => Error, times: number, calls = 0): RunStore {
    let count = 0;
    return new Proxy(store, {
      get: (target, name) => {
        const original = Reflect.get(target, name) as (...args: readonly unknown[]) => Promise<unknown>;
        if (name !== method) return original;
        return async (...args: readonly unknown[]) => {
          count += 1;
          if (count > calls && count <= calls + times) throw error();
          return original(...args);
        };
      },
    });
  }

  it('because others keep it busy is asked again', async () => {
    const busy = troubled('moveSteps', () => new TransientError('busy', { code: 'ledger_busy' }), 2);
    const nodes = [asset('a'), asset('b', ['a'])];
    const engine = engineOf(nodes, {}, { store: busy });
    const id = await enqueue(engine, nodes);
    await engine.start();
    expect((await engine.waitForRun(id)).state).toBe('succeeded');
    expect(await store.completionHistory('a', 5)).toHaveLength(1);
  });

  it('because it cannot be reached does not end the engine: it continues where the ledger is', async () => {
    const away = (): Error => new TransientError('away', { code: 'ledger_unreachable' });
    const calls: string[] = [];
    const body: StepBody = ({ idempotencyKey }) => {
      calls.push(idempotencyKey.split('/')[1] ?? '');
      return undefined;
    };
    const nodes = [asset('a'), asset('b', ['a']), asset('c', ['b'])];
    const engine = engineOf(nodes, { '*': body }, { store: troubled('moveSteps', away, 1, 1) });
    const id = await enqueue(engine, nodes);
    await engine.start();
    const run = await engine.waitForRun(id);
    expect(run.state).toBe('succeeded');
    expect(calls).toEqual(['a', 'b', 'b', 'c']);
    expect(run.steps[1]?.interruptions).toBe(0);
  });

  it('does not end the waiting for a run, nor the tail of its events', async () => {
    const away = (): Error => new TransientError('away', { code: 'ledger_unreachable' });
    const nodes = [asset('a')];
    const waiting = engineOf(nodes, {}, { store: troubled('runState', away, 3) });
    const id = await enqueue(waiting, nodes);
    const run = waiting.waitForRun(id);
    const tail = Array.fromAsync(waiting.tailEvents({ runId: id, types: ['run_state'] }));
    await engineOf(nodes, {}).start();
    expect((await run).state).toBe('succeeded');
    expect(await tail).toHaveLength(3);
  });

  it('for good ends it with that error', async () => {
    const broken = troubled('moveSteps', () => new FatalError('full', { code: 'ledger_full' }), 99);
    const nodes = [asset('a')];
    const engine = engineOf(nodes, {}, { store: broken });
    const id = await enqueue(engine, nodes);
    await engine.start();
    await expect(engine.waitForRun(id)).rejects.toMatchObject({ code: 'ledger_full' });
  });
});
