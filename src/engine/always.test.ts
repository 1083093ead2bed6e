import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataError } from '../core/errors.ts';
import type { StepContext, UpstreamStep } from '../core/executor.ts';
import type { RunRecord } from '../core/ledger.ts';
import type { GraphNode } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { makePlan } from './planner.ts';
import { aborted, asset, check, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

let folder: string;
let store: RunStore;
let engine: Engine | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-always-'));
  store = await openSqliteLedger(join(folder, 'ledger.db'));
});
afterEach(async () => {
  await engine?.shutdown('abort');
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Two streams with something before the first and something after the last of them. */
const streams: readonly GraphNode[] = [
  asset('task/start', [], { kind: 'task', accompanies: ['a', 'b'] }),
  asset('a', ['task/start']),
  asset('b', ['task/start']),
  asset('reader', ['a']),
  asset('task/end', ['a', 'b', 'task/start'], { kind: 'task', always: true, accompanies: ['a', 'b'] }),
];

function start(nodes: readonly GraphNode[], bodies: Readonly<Record<string, StepBody>>): Engine {
  const definitions = definitionsOf(nodes);
  engine = createEngine({
    store,
    executors: [testExecutor(bodies)],
    definitions: () => definitions,
    pollMilliseconds: 20,
  });
  return engine;
}

async function run(bodies: Readonly<Record<string, StepBody>>, select = ''): Promise<RunRecord> {
  const running = start(streams, bodies);
  const plan = makePlan(definitionsOf(streams).graph, { select, manifestHash: 'h' });
  const id = await running.enqueue(plan, { kind: 'code' });
  await running.start();
  return running.waitForRun(id);
}

const states = (record: RunRecord) => Object.fromEntries(record.steps.map(({ key, state }) => [key, state]));

function fail(): never {
  throw new DataError('bad rows', { code: 'bad_rows' });
}

test('runs after a failure upstream, and sees it', async () => {
  let seen: readonly UpstreamStep[] = [];
  const record = await run({
    a: fail,
    b: () => ({ rows: 3, metadata: {} }),
    'task/end': async (context: StepContext) => {
      seen = (await context.upstream?.()) ?? [];
      return undefined;
    },
  });
  expect(record.state).toBe('failed');
  expect(states(record)).toMatchObject({ a: 'failed', reader: 'skipped', 'task/end': 'succeeded' });
  expect(seen).toEqual([
    expect.objectContaining({ key: 'task/start', state: 'succeeded' }),
    expect.objectContaining({
      key: 'a',
      state: 'failed',
      failure: expect.objectContaining({ code: 'bad_rows' }),
    }),
    expect.objectContaining({ key: 'b', state: 'succeeded', outcome: { rows: 3, metadata: {} } }),
  ]);
});

test('runs after what it depends on was skipped', async () => {
  const record = await run({ 'task/start': fail });
  expect(states(record)).toEqual({
    'task/start': 'failed',
    a: 'skipped',
    b: 'skipped',
    reader: 'skipped',
    'task/end': 'succeeded',
  });
});

test('is not run in a run that was cancelled', async () => {
  const running = start(streams, {
    a: async (context) => {
      await aborted(context);
      return fail();
    },
  });
  const plan = makePlan(definitionsOf(streams).graph, { manifestHash: 'h' });
  const id = await running.enqueue(plan, { kind: 'code' });
  await running.start();
  for await (const event of running.tailEvents({ runId: id })) {
    if (event.type === 'step_state' && event.step === 'a' && event.state === 'running')
      await running.cancel(id);
  }
  expect(states(await running.waitForRun(id))).toMatchObject({ a: 'cancelled', 'task/end': 'cancelled' });
});

test('every attempt is told the same start of its run', async () => {
  const told: unknown[] = [];
  const record = await run({ '*': (context) => void told.push(context.runStartedAtMs) });
  expect(new Set(told)).toEqual(new Set([record.startedAtMs]));
  expect(told).toHaveLength(5);
});

test('company is part of every run of what it accompanies, unless it is excluded', () => {
  const { graph } = definitionsOf([...streams, check('check/a', 'a'), asset('other')]);
  const keys = (select: string, exclude = ''): readonly string[] =>
    makePlan(graph, { select, exclude, manifestHash: 'h' }).steps.map(({ key }) => key);
  expect(keys('b')).toEqual(['task/start', 'b', 'task/end']);
  expect(keys('b', 'task/end')).toEqual(['task/start', 'b']);
  expect(keys('other')).toEqual(['other']);
  const end = makePlan(graph, { manifestHash: 'h' }).steps.find(({ key }) => key === 'task/end');
  expect(end).toMatchObject({ always: true, dependsOn: ['a', 'b', 'task/start'] });
});
