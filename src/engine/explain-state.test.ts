import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '../core/errors.ts';
import type { RunLease } from '../core/ledger.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Definitions } from './engine.ts';
import { explainState, projectStatus } from './explain-state.ts';
import { createManualClock, type ManualClock } from './manual-clock.fixture.ts';
import { makePlan } from './planner.ts';
import { asset, check, definitionsOf, external, testExecutor, type StepBody } from './project.fixture.ts';

const schedule = { name: 'nightly', cron: '0 3 * * *', timeZone: 'UTC', select: 'c' };
const startMs = Date.UTC(2026, 0, 1);

let store: RunStore;
let clock: ManualClock;
const definitions: Definitions = definitionsOf(
  [external('shop'), asset('a', ['shop']), asset('b', ['a']), asset('c', ['b']), check('check/a', 'a')],
  [schedule],
);

beforeEach(async () => {
  store = await openSqliteLedger(':memory:');
  clock = createManualClock(startMs);
});
afterEach(() => store.close());

async function run(select: string, bodies: Readonly<Record<string, StepBody>> = {}): Promise<string> {
  const options = { store, clock, executors: [testExecutor(bodies)], definitions: () => definitions };
  const engine = createEngine(options);
  const plan = makePlan(definitions.graph, { select, manifestHash: 'h' });
  const id = await engine.enqueue(plan, { kind: 'code' });
  await engine.start();
  await clock.advance(60_000);
  await engine.shutdown('finish');
  return id;
}

function explain(key: string): ReturnType<typeof explainState> {
  return explainState(definitions, store, key, clock.nowMs());
}

async function conditions(): Promise<Readonly<Record<string, string>>> {
  const { nodes } = await projectStatus(definitions.graph, store, clock.nowMs());
  return Object.fromEntries(nodes.map(({ key, condition }) => [key, condition]));
}

describe('the state of a node', () => {
  it('is missing before it was ever made, and current after', async () => {
    expect(await conditions()).toEqual({
      shop: 'external',
      a: 'missing',
      b: 'missing',
      c: 'missing',
      'check/a': 'missing',
    });
    expect((await explain('b')).node.reasons).toEqual([{ code: 'never_made', message: 'b was never made' }]);
    await run('a b c check/a', {
      'check/a': () => ({ check: { passed: true, failures: 0, message: '' }, metadata: {} }),
    });
    expect(await conditions()).toEqual({
      shop: 'external',
      a: 'current',
      b: 'current',
      c: 'current',
      'check/a': 'current',
    });
    expect((await explain('c')).node.reasons).toEqual([]);
  });

  it('is stale when something upstream is newer, with the way to the cause', async () => {
    await run('a b c');
    await run('a');
    const { node, behind } = await explain('c');
    expect(node).toMatchObject({
      condition: 'stale',
      reasons: [{ code: 'upstream_behind', about: 'b', message: 'It reads b, which is stale' }],
    });
    expect(behind).toMatchObject([
      { key: 'b', condition: 'stale', reasons: [{ code: 'upstream_newer', about: 'a' }] },
    ]);
    expect((await conditions())['a']).toBe('current');
  });

  it('is stale when its code is another one than when it was made', async () => {
    const versioned = (fingerprint: string): Definitions =>
      definitionsOf([{ ...asset('a', []), spec: { fingerprint } }, asset('b', ['a'])]);
    const options = {
      store,
      clock,
      executors: [testExecutor({ a: () => ({ metadata: { fingerprint: '1' } }) })],
    };
    const engine = createEngine({ ...options, definitions: () => versioned('1') });
    await engine.enqueue(makePlan(versioned('1').graph, { select: 'a b', manifestHash: 'h' }), {
      kind: 'code',
    });
    await engine.start();
    await clock.advance(60_000);
    await engine.shutdown('finish');
    const conditionsOf = async (fingerprint: string): Promise<readonly unknown[]> => {
      const { nodes } = await projectStatus(versioned(fingerprint).graph, store, clock.nowMs());
      return nodes.map(({ condition, reasons }) => [condition, ...reasons.map(({ code }) => code)]);
    };
    expect(await conditionsOf('1')).toEqual([['current'], ['current']]);
    expect(await conditionsOf('2')).toEqual([
      ['stale', 'code_changed'],
      ['stale', 'upstream_behind'],
    ]);
  });

  it('is failed with what failed, and what it held up says so; a later success is the end of that', async () => {
    await run('a b c');
    const failing: StepBody = () => {
      throw new DataError('3 rows do not fit', { code: 'rows_unfit' });
    };
    const id = await run('b c', { b: failing });
    expect((await explain('b')).node).toMatchObject({
      condition: 'failed',
      reasons: [{ code: 'failed', message: `It failed in the run ${id}: 3 rows do not fit`, runId: id }],
      completion: { key: 'b' },
    });
    const { node } = await explain('c');
    expect(node.condition).toBe('stale');
    expect(node.reasons.map(({ code }) => code)).toEqual(['skipped', 'upstream_behind']);
    await run('b c');
    expect(await conditions()).toMatchObject({ b: 'current', c: 'current' });
  });

  it('tells of checks that did not pass', async () => {
    await run('a check/a', {
      'check/a': () => ({ check: { passed: false, failures: 2, message: '2 rows are null' }, metadata: {} }),
    });
    expect((await explain('a')).node).toMatchObject({
      condition: 'current',
      reasons: [{ code: 'check_failed', message: 'The check check/a did not pass: 2 rows are null' }],
    });
  });

  it('tells what a run is doing with it, or waits for', async () => {
    const engine = createEngine({ store, clock, executors: [], definitions: () => definitions });
    const plan = makePlan(definitions.graph, { select: 'a b', manifestHash: 'h' });
    const id = await engine.enqueue(plan, { kind: 'code' });
    expect((await explain('a')).node.reasons[0]).toMatchObject({
      code: 'waits_for_place',
      message: `It is next in the run ${id}, which is queued`,
    });
    const claim = { runId: id, owner: 'me', expectedEpoch: 0, atMs: startMs, expiresAtMs: startMs * 2 };
    const lease = (await store.claimRun({ ...claim, resetReason: '' })) as RunLease;
    await store.moveRun(lease, { to: 'running', atMs: startMs });
    await store.startStep(lease, { step: 'a', attempt: 1, atMs: startMs, locks: [] });
    expect(await conditions()).toMatchObject({ a: 'running', b: 'waiting', c: 'missing' });
    expect((await explain('b')).node.reasons[0]).toMatchObject({
      code: 'waits_for_steps',
      message: `In the run ${id} it waits for a (running), check/a (pending)`,
    });
    const status = await projectStatus(definitions.graph, store, startMs);
    expect(status.openRuns.map((open) => open.id)).toEqual([id]);
  });

  it('of an unknown key is an error that names the nearest', async () => {
    await expect(explain('check/b')).rejects.toMatchObject({
      code: 'node_missing',
      next: expect.stringContaining('check/a'),
    });
  });
});

it('schedules are told with their next time and why the last one was skipped', async () => {
  await store.recordTick({ schedule: 'nightly', nominalAtMs: 1, atMs: 1, reason: 'Skipped: busy' });
  expect((await explain('c')).schedules).toMatchObject([
    { name: 'nightly', nextAtMs: startMs + 3 * 3_600_000, lastTick: { reason: 'Skipped: busy' } },
  ]);
  expect((await explain('a')).schedules).toEqual([]);
});
