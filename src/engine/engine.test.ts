import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, FatalError, TransientError } from '../core/errors.ts';
import type { StepOutcome } from '../core/executor.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { GraphNode } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import type { RunEvent, StepProgressEvent } from '../core/run-event.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { createManualClock } from './manual-clock.fixture.ts';
import { makePlan } from './planner.ts';
import { aborted, asset, check, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

let folder: string;
let store: RunStore;
const engines: Engine[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-engine-'));
  store = await openSqliteLedger(join(folder, 'ledger.db'));
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.shutdown('abort');
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Bench {
  readonly engine: Engine;
  readonly enqueue: (select?: string) => Promise<string>;
  /** Enqueues and waits. */
  readonly run: (select?: string) => Promise<RunRecord>;
}

function bench(
  nodes: readonly GraphNode[],
  bodies: Readonly<Record<string, StepBody>>,
  options: Partial<EngineOptions> = {},
): Bench {
  const definitions = definitionsOf(nodes);
  const engine = createEngine({
    store,
    executors: [testExecutor(bodies)],
    definitions: () => definitions,
    pollMilliseconds: 20,
    ...options,
  });
  engines.push(engine);
  const enqueue = (select = ''): Promise<string> =>
    engine.enqueue(makePlan(definitions.graph, { select, manifestHash: 'h' }), { kind: 'code' });
  const run = async (select = ''): Promise<RunRecord> => {
    const id = await enqueue(select);
    await engine.start();
    return engine.waitForRun(id);
  };
  return { engine, enqueue, run };
}

function states(run: RunRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(run.steps.map((step) => [step.key, step.state]));
}

async function collect(events: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  return Array.fromAsync(events);
}

/** Resolves when `condition` holds. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const retryFast = { maxAttempts: 3, delaySeconds: 0.01, maxDelaySeconds: 0.02 };

describe('a run', () => {
  it('executes every step once, after what it depends on', async () => {
    const order: string[] = [];
    const nodes = [asset('a'), asset('b', ['a']), asset('c', ['a']), asset('d', ['b', 'c'])];
    const note =
      (key: string): StepBody =>
      () => {
        order.push(key);
        return { rows: 1, metadata: {} };
      };
    const bodies = Object.fromEntries(nodes.map(({ key }) => [key, note(key)]));
    const run = await bench(nodes, bodies).run();
    expect(run.state).toBe('succeeded');
    expect(order.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(order[0]).toBe('a');
    expect(order.at(-1)).toBe('d');
    expect((await store.latestCompletions()).map(({ key, rows }) => [key, rows])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ]);
  });

  it('runs as many steps at a time as it is allowed, over all runs', async () => {
    let now = 0;
    let most = 0;
    const body: StepBody = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return undefined;
    };
    const nodes = Array.from({ length: 12 }, (_, index) => asset(`n${index}`));
    const { engine, enqueue } = bench(nodes, { '*': body }, { concurrency: 3 });
    const first = await enqueue('n0 n1 n2 n3 n4 n5');
    const second = await enqueue('n6 n7 n8 n9 n10 n11');
    await engine.start();
    await engine.waitForRun(first);
    await engine.waitForRun(second);
    expect(most).toBe(3);
  });

  it('waits in the queue while many others are executed', async () => {
    const gate = Promise.withResolvers<undefined>();
    const { engine, enqueue } = bench([asset('a')], { a: () => gate.promise });
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) ids.push(await enqueue());
    await engine.start();
    await until(async () => (await store.listRuns({ states: ['running'], limit: 99 })).length === 16);
    expect(await store.listRuns({ states: ['queued'], limit: 99 })).toHaveLength(4);
    gate.resolve(undefined);
    for (const id of ids) expect((await engine.waitForRun(id)).state).toBe('succeeded');
  });

  it('skips what needs a failed step, and says why; the rest goes on', async () => {
    const nodes = [asset('a'), asset('b', ['a']), asset('c', ['b']), asset('other')];
    const run = await bench(nodes, {
      a: () => {
        throw new DataError('3 rows do not fit', { code: 'rows_unfit', next: 'Look at them.' });
      },
    }).run();
    expect(states(run)).toEqual({ a: 'failed', b: 'skipped', c: 'skipped', other: 'succeeded' });
    expect(run.steps.find((step) => step.key === 'a')).toMatchObject({
      attempt: 1,
      failure: { kind: 'data', code: 'rows_unfit', message: '3 rows do not fit', next: 'Look at them.' },
    });
    expect(run.steps.find((step) => step.key === 'c')?.reason).toBe('b, which it needs, was skipped');
    expect(run).toMatchObject({
      state: 'failed',
      failure: {
        code: 'steps_failed',
        message: '1 of 4 steps failed: a',
        state: '2 steps that need them were skipped.',
        next: `To see why, run: millrace runs show ${run.id} --logs`,
      },
    });
  });

  it('fails the step of an executor that throws anything, or that is not there', async () => {
    const nodes = [asset('a'), asset('b', [], { executor: 'nobody' })];
    const run = await bench(nodes, {
      a: () => {
        throw new TypeError('x is not a function');
      },
    }).run();
    expect(run.steps.map((step) => step.failure)).toMatchObject([
      { kind: 'fatal', code: 'unexpected', message: 'x is not a function' },
      { kind: 'config', code: 'executor_missing' },
    ]);
  });

  it('fails the step that hands over what the ledger cannot keep, and no other', async () => {
    const bigint = { rows: 1n } as unknown as StepOutcome;
    const nodes = [asset('a'), asset('b'), asset('c')];
    const run = await bench(nodes, {
      a: () => bigint,
      b: (context) => context.saveCheckpoint(1n as unknown as number).then(() => undefined),
    }).run();
    expect(run.steps.map((step) => step.failure?.code ?? step.state)).toEqual([
      'not_plain_data',
      'not_plain_data',
      'succeeded',
    ]);
  });

  it('tells whoever tails it, past and present, and then ends', async () => {
    const { engine, enqueue } = bench([asset('a')], {
      a: (context) => {
        context.log('reading', 'debug');
        context.log('done');
        return undefined;
      },
    });
    const id = await enqueue();
    const tail = collect(engine.tailEvents({ runId: id }));
    await engine.start();
    const events = await tail;
    expect(events.map((event) => event.type)).toEqual([
      'run_state',
      'lease_taken',
      'run_state',
      'step_state',
      'step_log',
      'step_log',
      'step_state',
      'run_state',
    ]);
    const again = await collect(engine.tailEvents({ runId: id, types: ['step_log'] }));
    expect(again).toMatchObject([
      { message: 'reading', level: 'debug', step: 'a', attempt: 1 },
      { message: 'done', level: 'info' },
    ]);
    const rest = await collect(engine.tailEvents({ runId: id, afterSequence: events[5]?.sequence ?? 0 }));
    expect(rest).toHaveLength(2);
    await expect(collect(engine.tailEvents({ runId: 'none' }))).rejects.toMatchObject({
      code: 'run_unknown',
    });
  });

  it('shows progress live', async () => {
    const { engine, run } = bench([asset('a')], {
      a: (context) => {
        context.progress({ rows: 5, totalRows: 10 });
        return undefined;
      },
    });
    const seen: StepProgressEvent[] = [];
    const stop = engine.onProgress((event) => seen.push(event));
    await run();
    stop();
    await run();
    expect(seen).toMatchObject([{ type: 'step_progress', step: 'a', progress: { rows: 5, totalRows: 10 } }]);
  });

  it('keeps secrets out of logs, failures and outcomes', async () => {
    const { run } = bench(
      [asset('a'), asset('b')],
      {
        a: (context) => {
          context.log('connecting with hunter2');
          return { metadata: { url: 'x://hunter2@y', list: [{ deep: 'hunter2' }] } };
        },
        b: () => {
          throw new FatalError('hunter2 was refused', { code: 'refused', state: 'hunter2', next: 'hunter2' });
        },
      },
      { redact: (text) => text.replaceAll('hunter2', '***') },
    );
    const { id } = await run();
    const everything = JSON.stringify([
      await store.findRun(id),
      await store.events({ afterSequence: 0, limit: 100 }),
      await store.latestCompletions(),
    ]);
    expect(everything).not.toContain('hunter2');
    expect(everything).toContain('*** was refused');
  });
});

describe('retries', () => {
  it('are for transient errors, with the checkpoint of the last attempt and the same idempotency key', async () => {
    const seen: unknown[] = [];
    const { run } = bench([asset('a', [], { retry: retryFast })], {
      a: async (context) => {
        seen.push([context.attempt, context.checkpoint, context.idempotencyKey]);
        if (context.attempt === 3) return { rows: 1, metadata: {} };
        await context.saveCheckpoint({ chunk: context.attempt });
        throw new TransientError('again', { code: 'busy' });
      },
    });
    const finished = await run();
    const key = `${finished.id}/a`;
    expect(seen).toEqual([
      [1, undefined, key],
      [2, { chunk: 1 }, key],
      [3, { chunk: 2 }, key],
    ]);
    expect(finished.steps[0]).toMatchObject({ state: 'succeeded', attempt: 3 });
    const moves = await store.events({ types: ['step_state'], afterSequence: 0, limit: 20 });
    expect(moves[1]).toMatchObject({
      state: 'pending',
      reason: 'Attempt 1 failed; the next one follows in 0.01 s',
      failure: { code: 'busy' },
    });
  });

  it('end with the policy', async () => {
    let calls = 0;
    const { run } = bench([asset('a', [], { retry: retryFast })], {
      a: () => {
        calls += 1;
        throw new TransientError('again', { code: 'busy' });
      },
    });
    expect((await run()).state).toBe('failed');
    expect(calls).toBe(3);
  });

  it('wait as long as the other side asks, else twice as long each time', async () => {
    const clock = createManualClock(0);
    const startedAtMs: number[] = [];
    const retry = { maxAttempts: 5, delaySeconds: 1, maxDelaySeconds: 3 };
    const { engine, enqueue } = bench(
      [asset('a', [], { retry })],
      {
        a: ({ attempt }) => {
          startedAtMs.push(clock.nowMs());
          const asked = attempt === 2 ? { retryAfterSeconds: 20 } : {};
          throw new TransientError('again', { code: 'busy', ...asked });
        },
      },
      { clock },
    );
    await enqueue();
    await engine.start();
    await clock.advance(60_000);
    expect(startedAtMs).toEqual([0, 1000, 21_000, 24_000, 27_000]);
    await engine.shutdown('abort');
  });
});

describe('checks', () => {
  const nodes = [asset('a'), check('check/a', 'a'), asset('b', ['a']), asset('c', ['b'])];
  const failing: StepBody = () => ({
    check: { passed: false, failures: 2, message: '2 rows twice' },
    metadata: {},
  });

  it('that fail stop what reads their asset', async () => {
    const run = await bench(nodes, { 'check/a': failing }).run();
    expect(states(run)).toEqual({ a: 'succeeded', 'check/a': 'failed', b: 'skipped', c: 'skipped' });
    expect(run.steps.find((step) => step.key === 'b')?.reason).toBe('The check check/a of a did not pass');
    expect(run.steps.find((step) => step.key === 'check/a')).toMatchObject({
      failure: { kind: 'data', code: 'check_failed', message: '2 rows twice' },
      outcome: { check: { failures: 2 } },
    });
    expect((await store.latestCompletions(['check/a']))[0]?.check?.passed).toBe(false);
  });

  it('that only warn do not', async () => {
    const lax = [asset('a'), check('check/a', 'a', [], 'warn'), asset('b', ['a'])];
    const run = await bench(lax, { 'check/a': failing }).run();
    expect(run.state).toBe('succeeded');
    expect(run.steps.find((step) => step.key === 'check/a')?.outcome?.check?.passed).toBe(false);
  });
});

describe('cancelling', () => {
  it('aborts running steps and drops the others', async () => {
    const { engine, enqueue } = bench([asset('a'), asset('b', ['a'])], {
      a: async (context) => {
        await aborted(context);
        throw new Error('stopped');
      },
    });
    const id = await enqueue();
    await engine.start();
    await until(async () => (await store.findRun(id))?.steps[0]?.state === 'running');
    expect(await engine.cancel(id)).toBe('cancelling');
    const run = await engine.waitForRun(id);
    expect(run.state).toBe('cancelled');
    expect(states(run)).toEqual({ a: 'cancelled', b: 'cancelled' });
    expect(await engine.cancel(id)).toBe('cancelled');
    await expect(engine.cancel('none')).rejects.toMatchObject({ code: 'run_unknown' });
  });

  it('ends the wait for a retry and for a slot', async () => {
    const retry = { maxAttempts: 3, delaySeconds: 3600, maxDelaySeconds: 3600 };
    const { engine, enqueue } = bench(
      [asset('a', [], { retry }), asset('b'), asset('c')],
      {
        a: () => {
          throw new TransientError('again', { code: 'busy' });
        },
        '*': (context) => aborted(context).then(() => undefined),
      },
      { concurrency: 1 },
    );
    const id = await enqueue();
    await engine.start();
    await until(
      async () => (await store.findRun(id))?.steps.some((step) => step.state === 'running') ?? false,
    );
    await engine.cancel(id);
    expect((await engine.waitForRun(id)).state).toBe('cancelled');
  });

  it('of a run in the queue needs no owner', async () => {
    const { engine, enqueue } = bench([asset('a')], {});
    const id = await enqueue();
    expect(await engine.cancel(id)).toBe('cancelled');
    expect((await engine.waitForRun(id)).steps[0]?.state).toBe('cancelled');
  });
});

describe('two runs at once', () => {
  it('do not write the same asset; the second says for whom it waits', async () => {
    let writing = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const { engine, enqueue } = bench([asset('a')], {
      a: async () => {
        writing += 1;
        most = Math.max(most, writing);
        await gate.promise;
        writing -= 1;
        return undefined;
      },
    });
    const first = await enqueue();
    await engine.start();
    const second = await enqueue();
    const log = async (): Promise<readonly RunEvent[]> =>
      store.events({ runId: second, types: ['step_log'], afterSequence: 0, limit: 10 });
    await until(async () => (await log()).length > 0);
    gate.resolve();
    expect((await engine.waitForRun(first)).state).toBe('succeeded');
    expect((await engine.waitForRun(second)).state).toBe('succeeded');
    expect(most).toBe(1);
    expect(await log()).toMatchObject([{ message: `Waits for the run ${first}, which is writing a` }]);
  });
});

describe('ownership', () => {
  it('is with one engine, which executes what others enqueue', async () => {
    const nodes = [asset('a')];
    const one = bench(nodes, { a: () => ({ metadata: { by: 'one' } }) });
    const two = bench(nodes, { a: () => ({ metadata: { by: 'two' } }) });
    expect(await one.engine.acquireOwnership('http://127.0.0.1:1')).toMatchObject({ acquired: true });
    expect(await two.engine.acquireOwnership()).toMatchObject({
      acquired: false,
      holder: { owner: one.engine.owner, address: 'http://127.0.0.1:1' },
    });
    const id = await two.enqueue();
    expect((await two.engine.waitForRun(id)).steps[0]?.outcome?.metadata).toEqual({ by: 'one' });
  });

  it('does not take a run whose steps it does not know from an engine that does', async () => {
    const one = bench([asset('a')], {});
    const two = bench([asset('b')], { b: () => ({ metadata: { by: 'two' } }) });
    await one.engine.start();
    const foreign = await two.enqueue();
    const own = await one.enqueue();
    await one.engine.waitForRun(own);
    await two.engine.start();
    expect(await store.runState(foreign)).toBe('queued');
    await one.engine.shutdown('finish');
    expect((await two.engine.waitForRun(foreign)).steps[0]?.outcome?.metadata).toEqual({ by: 'two' });
  });

  it('fails a run whose steps nobody knows any more', async () => {
    const writer = bench([asset('gone'), asset('a')], {});
    const id = await writer.enqueue();
    await writer.engine.shutdown('finish');
    const { engine } = bench([asset('a')], {});
    await engine.start();
    const run = await engine.waitForRun(id);
    expect(states(run)).toEqual({ a: 'succeeded', gone: 'failed' });
    expect(run.steps.find((step) => step.key === 'gone')?.failure?.code).toBe('node_missing');
  });

  it('passes to an engine that waits for it when the owner leaves', async () => {
    const nodes = [asset('a')];
    const one = bench(nodes, { a: () => ({ metadata: { by: 'one' } }) });
    const two = bench(nodes, { a: () => ({ metadata: { by: 'two' } }) });
    await one.engine.start();
    expect((await two.engine.start()).acquired).toBe(false);
    await one.engine.shutdown('finish');
    const id = await two.enqueue();
    expect((await two.engine.waitForRun(id)).steps[0]?.outcome?.metadata).toEqual({ by: 'two' });
  });

  it('passes on when the owner is silent for longer than its lease, and the old one writes no more', async () => {
    const clock = createManualClock(0);
    const frozen = { ...createManualClock(0), nowMs: () => clock.nowMs() };
    const gate = Promise.withResolvers<void>();
    let wasAborted = false;
    const nodes = [asset('a')];
    const one = bench(
      nodes,
      {
        a: async (context) => {
          await gate.promise;
          await context.saveCheckpoint(1).catch(() => undefined);
          wasAborted = context.signal.aborted;
          return { metadata: { by: 'one' } };
        },
      },
      { clock: frozen },
    );
    const two = bench(nodes, { a: () => ({ metadata: { by: 'two' } }) }, { clock });
    const id = await one.enqueue();
    await one.engine.start();
    await until(async () => (await store.findRun(id))?.steps[0]?.state === 'running');
    expect((await two.engine.start()).acquired).toBe(false);
    await clock.advance(31_000);
    const run = await store.findRun(id);
    expect(run).toMatchObject({
      state: 'succeeded',
      steps: [{ attempt: 2, outcome: { metadata: { by: 'two' } } }],
    });
    gate.resolve();
    await until(() => wasAborted);
    await until(async () => (await one.engine.waitForRun(id)).state === 'succeeded');
    expect((await store.findRun(id))?.steps[0]?.outcome?.metadata).toEqual({ by: 'two' });
    await clock.advance(1000);
  });
});

describe('retention', () => {
  it("is the owner's work", async () => {
    const clock = createManualClock(0);
    const slow = { clock, pollMilliseconds: 600_000, leaseSeconds: 86_400 };
    const { engine, enqueue } = bench([asset('a')], {}, { ...slow, retentionDays: 7 });
    await enqueue();
    await engine.start();
    await clock.advance(6 * 86_400_000);
    expect(await store.listRuns({ limit: 5 })).toHaveLength(1);
    await clock.advance(1.1 * 86_400_000);
    expect(await store.listRuns({ limit: 5 })).toEqual([]);
    expect(await store.latestCompletions()).toHaveLength(1);
    await engine.shutdown('finish');
  });
});

describe('a lease of its own that nobody works on', () => {
  it('is taken up again', async () => {
    const { engine, enqueue } = bench([asset('a')], {});
    const id = await enqueue();
    const remainder = { owner: engine.owner, expectedEpoch: 0, atMs: 0, expiresAtMs: 1e15, resetReason: '' };
    await store.claimRun({ runId: id, ...remainder });
    await engine.start();
    expect((await engine.waitForRun(id)).state).toBe('succeeded');
  });
});

describe('shutting down', () => {
  const nodes = [asset('a'), asset('b', ['a'])];

  it('with "finish" lets running steps end and leaves the rest to the next owner', async () => {
    const gate = Promise.withResolvers<void>();
    const calls: string[] = [];
    const bodies: Record<string, StepBody> = {
      a: async () => {
        calls.push('a');
        await gate.promise;
        return undefined;
      },
      b: () => {
        calls.push('b');
        return undefined;
      },
    };
    const one = bench(nodes, bodies);
    const id = await one.enqueue();
    await one.engine.start();
    await until(() => calls.length === 1);
    const leaving = one.engine.shutdown('finish');
    gate.resolve();
    await leaving;
    expect(states((await store.findRun(id)) as RunRecord)).toEqual({ a: 'succeeded', b: 'pending' });
    await expect(one.enqueue()).rejects.toMatchObject({ code: 'engine_shut_down' });

    const two = bench(nodes, bodies);
    await two.engine.start();
    expect((await two.engine.waitForRun(id)).state).toBe('succeeded');
    expect(calls).toEqual(['a', 'b']);
  });

  it('with "abort" resets running steps', async () => {
    const one = bench(nodes, {
      a: async (context) => {
        await context.saveCheckpoint({ chunk: 1 });
        await aborted(context);
        throw new Error('stopped');
      },
    });
    const id = await one.enqueue();
    await one.engine.start();
    await until(async () => (await store.findRun(id))?.steps[0]?.checkpoint !== undefined);
    await one.engine.shutdown('abort');
    const run = await store.findRun(id);
    expect(run).toMatchObject({
      state: 'running',
      lease: undefined,
      steps: [
        { state: 'pending', reason: 'The process that executed it was shut down' },
        { state: 'pending' },
      ],
    });
    let checkpoint: unknown;
    const two = bench(nodes, {
      a: (context) => {
        ({ checkpoint } = context);
        return undefined;
      },
    });
    await two.engine.start();
    expect((await two.engine.waitForRun(id)).state).toBe('succeeded');
    expect(checkpoint).toEqual({ chunk: 1 });
  });

  it('does not wait for ever for a step that ignores its signal', async () => {
    const stuck = bench(
      [asset('a')],
      { a: () => new Promise(() => undefined) },
      { shutdownGraceSeconds: 0.05 },
    );
    const id = await stuck.enqueue();
    await stuck.engine.start();
    await until(async () => (await store.findRun(id))?.steps[0]?.state === 'running');
    await stuck.engine.shutdown('abort');
    expect((await store.findRun(id))?.lease?.owner).toBe(stuck.engine.owner);
  });
});

describe('a ledger that has no room for a while', () => {
  it('stops its engine, which goes on by itself once there is some', async () => {
    const full = new FatalError('no room left', { code: 'ledger_full' });
    let hasRoom = true;
    const small = new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as ((...args: readonly unknown[]) => unknown) | undefined;
        if (!method) return undefined;
        const isWrite = /^(claim|renew|move|start|create|append|release)/.test(String(name));
        return (...args: readonly unknown[]) =>
          isWrite && !hasRoom ? Promise.reject(full) : method(...args);
      },
    });
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    let calls = 0;
    const a = async (): Promise<undefined> => {
      calls += 1;
      hasRoom = calls > 1;
    };
    const { engine, enqueue } = bench([asset('a'), asset('b', ['a'])], { a }, { store: small, clock });
    const id = await enqueue();
    await engine.start();
    const refused = expect(engine.waitForRun(id)).rejects.toBe(full);
    await clock.advance(100);
    await refused;
    await expect(enqueue()).rejects.toBe(full);
    hasRoom = true;
    await clock.advance(6000);
    const done = engine.waitForRun(id);
    await clock.advance(1000);
    expect((await done).state).toBe('succeeded');
    expect(calls).toBe(2);
  });
});

describe('a ledger that cannot be written any more', () => {
  it('aborts the steps and tells whoever waits; what was written stays', async () => {
    const full = new FatalError('no room left', { code: 'ledger_full' });
    let wasAborted = false;
    const broken: RunStore = {
      ...store,
      saveCheckpoint: () => Promise.reject(full),
    };
    const { engine, enqueue } = bench(
      [asset('a'), asset('b')],
      {
        a: (context) => context.saveCheckpoint(1).then(() => undefined),
        b: async (context) => {
          await aborted(context);
          wasAborted = true;
          return undefined;
        },
      },
      { store: broken },
    );
    const id = await enqueue();
    await engine.start();
    await expect(engine.waitForRun(id)).rejects.toBe(full);
    expect(wasAborted).toBe(true);
    await expect(enqueue()).rejects.toBe(full);
    await expect(collect(engine.tailEvents({ runId: id }))).rejects.toBe(full);
    expect(states((await store.findRun(id)) as RunRecord)).toEqual({ a: 'running', b: 'running' });
  });
});
