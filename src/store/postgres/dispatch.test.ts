import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import type { OfferResult, StepDispatch, StepJob, StepLease, StepOffer } from '../../core/dispatch.ts';
import type { RunLease } from '../../core/ledger.ts';
import type { PlanStep } from '../../core/plan.ts';
import { LeaseLostError, type RunStore } from '../../core/ports.ts';
import { openPostgresLedger } from './ledger.ts';

let database: TestDatabase;
let schemas = 0;
let store: RunStore;
let dispatch: StepDispatch;
let lease: RunLease;

const retry = { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 };
const step = (key: string): PlanStep => {
  return { key, kind: 'asset', type: 't', executor: 'x', dependsOn: [], locks: [key], retry };
};
const options = { fullRefresh: false };
const need = { manifestHash: 'h' };
const distant = 4_000_000_000_000;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  schemas += 1;
  store = await openPostgresLedger(database.url, { schema: `dispatch_${schemas}` });
  if (!store.dispatch) throw new Error('this ledger is shared');
  dispatch = store.dispatch;
  lease = await running('r1');
});
afterEach(() => store.close());

async function running(runId: string): Promise<RunLease> {
  const plan = { selection: '', manifestHash: 'h', steps: [step('a'), step('b')], options };
  await store.createRun({ id: runId, plan, trigger: { kind: 'code' }, createdAtMs: 1 });
  const claim = { runId, owner: 'server', expectedEpoch: 0, atMs: 2, expiresAtMs: distant, resetReason: '' };
  const claimed = await store.claimRun(claim);
  if (!claimed) throw new Error('nobody else wants it');
  await store.moveRun(claimed, { to: 'running', atMs: 3 });
  return claimed;
}

function offer(key: string, attempt = 1, runId = 'r1'): StepOffer {
  const job: StepJob = {
    runId,
    step: step(key),
    templates: [],
    attempt,
    failedAttempts: 0,
    interruptions: 0,
    options,
  };
  return { start: { step: key, attempt, atMs: 5, locks: [key] }, job, need, priority: 0 };
}

function join(owner: string, leaseSeconds = 60): Promise<void> {
  const worker = {
    owner,
    pools: [],
    manifestHash: 'h',
    concurrency: 1,
    leaseSeconds,
    queueName: `pool-${owner}`,
  };
  return dispatch.joinWorkers(worker, 1);
}

function leaseOf(owner: string, key = 'a', attempt = 1): StepLease {
  return { runId: 'r1', owner, epoch: 0, expiresAtMs: 0, step: key, attempt };
}

async function jobs(): Promise<readonly unknown[]> {
  const rows = await database.query(
    `select payload from dispatch_${schemas}_queue._private_jobs order by id`,
  );
  return rows.map(({ payload }) => {
    const job = payload as StepJob;
    return [job.runId, job.step.key, job.attempt];
  });
}

it('puts offered steps on the queue, once for each attempt, and all that come at once together', async () => {
  const results = await Promise.all([
    dispatch.offerStep(lease, offer('a')),
    dispatch.offerStep(lease, offer('b')),
  ]);
  expect(results).toEqual(['offered', 'offered'] satisfies OfferResult[]);
  expect(await dispatch.offerStep(lease, offer('a'))).toBe('offered');
  expect(await jobs()).toEqual([
    ['r1', 'a', 1],
    ['r1', 'b', 1],
  ]);
});

it('puts nothing on the queue when the run is somebody else’s by now', async () => {
  await dispatch.offerStep(lease, offer('b'));
  const claim = {
    runId: 'r1',
    owner: 'next',
    expectedEpoch: 1,
    atMs: 6,
    expiresAtMs: distant,
    resetReason: '',
  };
  await store.claimRun(claim);
  await expect(dispatch.offerStep(lease, offer('a'))).rejects.toThrow(LeaseLostError);
  expect(await jobs()).toEqual([['r1', 'b', 1]]);
});

it('says who holds a lock, and takes no lock then', async () => {
  const other = await running('r2');
  await store.startStep(other, { step: 'a', attempt: 1, atMs: 4, locks: ['a'] });
  expect(await dispatch.offerStep(lease, offer('a'))).toEqual({
    locked: [{ lock: 'a', runId: 'r2', step: 'a' }],
  });
  expect(await jobs()).toEqual([]);
});

it('gives a step to one worker only, and only what is offered now', async () => {
  await join('one');
  await join('two');
  await dispatch.offerStep(lease, offer('a'));
  expect(await dispatch.takeStep(leaseOf('one', 'a', 2), 7)).toBe('outdated');
  const taken = await Promise.all(['one', 'two'].map((owner) => dispatch.takeStep(leaseOf(owner), 7)));
  expect(taken.filter((result) => typeof result === 'object')).toHaveLength(1);
  expect(taken.filter((result) => result === 'outdated')).toHaveLength(1);
  expect(await dispatch.takeStep(leaseOf('stranger'), 7)).toBe('retired');
  expect(await dispatch.offerStep(lease, offer('a'))).toBe('taken');
  expect(await dispatch.withdrawStep(lease, 'a')).toBe(false);
});

it('takes an offer back before somebody has it', async () => {
  await join('one');
  await dispatch.offerStep(lease, offer('a'));
  expect(await dispatch.withdrawStep(lease, 'a')).toBe(true);
  expect(await jobs()).toEqual([]);
  expect(await dispatch.takeStep(leaseOf('one'), 7)).toBe('outdated');
  expect(await store.startStep(lease, offer('a').start)).toEqual([]);
});

it('refuses what a worker writes after its step was given to another', async () => {
  await join('one', -1);
  await join('two');
  await dispatch.offerStep(lease, offer('a'));
  await dispatch.takeStep(leaseOf('one'), 7);
  await store.saveCheckpoint(leaseOf('one'), 'a', { at: 1 });
  expect(await dispatch.retireWorkers([], 8, 'silent')).toEqual(['one']);
  await dispatch.offerStep(lease, offer('a', 2));
  expect(await dispatch.takeStep(leaseOf('two', 'a', 2), 9)).toEqual({ checkpoint: { at: 1 } });

  const late = leaseOf('one');
  const line = { step: 'a', attempt: 1, level: 'info', message: 'late', atMs: 10 } as const;
  const writes = [
    () => store.moveSteps(late, [{ step: 'a', to: 'succeeded', attempt: 1, atMs: 10 }]),
    () => store.saveCheckpoint(late, 'a', { at: 2 }),
    () => store.appendLog(late, line),
    () => dispatch.releaseStep(late, 10, 'late'),
  ];
  for (const write of writes) await expect(write()).rejects.toThrow(LeaseLostError);
  const run = await store.findRun('r1');
  expect(run?.steps[0]).toMatchObject({
    state: 'running',
    attempt: 2,
    checkpoint: { at: 1 },
    interruptions: 1,
  });
});

it('gives the jobs of a lost worker to others, and counts its end against the steps it had begun', async () => {
  await join('lost', -1);
  await dispatch.offerStep(lease, offer('a'));
  await dispatch.offerStep(lease, offer('b'));
  await dispatch.takeStep(leaseOf('lost'), 7);
  const queue = `dispatch_${schemas}_queue`;
  await database.query(
    `update ${queue}._private_jobs set locked_by = 'pool-lost', locked_at = now(), attempts = 1`,
  );
  expect(await dispatch.retireWorkers([], 8, 'silent')).toEqual(['lost']);
  expect(await jobs()).toEqual([['r1', 'b', 1]]);
  expect(await database.query(`select 1 from ${queue}._private_jobs where is_available`)).toHaveLength(1);
  const run = await store.findRun('r1');
  expect(run?.steps.map(({ state, interruptions }) => [state, interruptions])).toEqual([
    ['pending', 1],
    ['pending', 0],
  ]);
  expect(await dispatch.retireWorkers([], 9, 'silent')).toEqual([]);
  expect(await dispatch.renewWorker('lost')).toBeUndefined();
});

it('leaves workers with what they have when the run gets another owner, and keeps their locks', async () => {
  await join('one');
  await dispatch.offerStep(lease, offer('a'));
  await dispatch.takeStep(leaseOf('one'), 7);
  await store.startStep(lease, { step: 'b', attempt: 1, atMs: 7, locks: ['b'] });
  const claim = {
    runId: 'r1',
    owner: 'next',
    expectedEpoch: 1,
    atMs: 8,
    expiresAtMs: distant,
    resetReason: 'died',
  };
  await store.claimRun(claim);
  const run = await store.findRun('r1');
  expect(run?.steps.map(({ state, interruptions }) => [state, interruptions])).toEqual([
    ['running', 0],
    ['pending', 1],
  ]);
  const other = await running('r2');
  expect(await store.startStep(other, { step: 'a', attempt: 1, atMs: 9, locks: ['a'] })).toHaveLength(1);
  expect(await store.startStep(other, { step: 'b', attempt: 1, atMs: 9, locks: ['b'] })).toEqual([]);
  await store.moveSteps(leaseOf('one'), [{ step: 'a', to: 'succeeded', attempt: 1, atMs: 9 }]);
  expect(await dispatch.renewWorker('one')).toEqual([]);
});

it('tells a worker what the owner of a run wants of it', async () => {
  await join('one');
  await dispatch.offerStep(lease, offer('a'));
  await dispatch.askToStop(lease, 'a', 'cancel');
  await dispatch.takeStep(leaseOf('one'), 7);
  expect(await dispatch.renewWorker('one')).toEqual([
    { runId: 'r1', step: 'a', attempt: 1, stop: undefined },
  ]);
  await dispatch.askToStop(lease, 'a', 'timeout');
  expect(await dispatch.renewWorker('one')).toMatchObject([{ stop: 'timeout' }]);
  expect(await dispatch.workers()).toMatchObject([{ owner: 'one', steps: [{ runId: 'r1', step: 'a' }] }]);
});
