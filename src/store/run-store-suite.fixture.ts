import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backfill } from '../core/backfill.ts';
import { FatalError } from '../core/errors.ts';
import type { StepOutcome } from '../core/executor.ts';
import type { RunLease } from '../core/ledger.ts';
import { partitionLock } from '../core/lock.ts';
import type { StepPartitions } from '../core/partitions.ts';
import type { Plan, PlanStep } from '../core/plan.ts';
import { LeaseLostError, type NewRun, type RunStore, type StepMove } from '../core/ports.ts';
import type { RunEvent } from '../core/run-event.ts';
import type { TriggerResult, TriggerTick } from '../core/trigger.ts';
import {
  canMoveRun,
  canMoveStep,
  runTransitions,
  stepTransitions,
  type RunState,
  type StepState,
} from '../core/run-state.ts';

const retry = { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 };

function step(key: string, more: Partial<PlanStep> = {}): PlanStep {
  return { key, kind: 'asset', type: 'table', executor: 'x', dependsOn: [], locks: [key], retry, ...more };
}

function planOf(...steps: readonly PlanStep[]): Plan {
  return { selection: 'all', manifestHash: 'h', steps, options: { fullRefresh: false } };
}

const outcome: StepOutcome = { rows: 3, metadata: { lane: 'bytes' } };
const soonMs = 1_000_000;

/**
 * What every run ledger has to do. `create` opens an empty one; `reopen` opens the same one a second
 * time, as another process would.
 */
export function describeRunStore(
  name: string,
  open: () => Promise<{ readonly store: RunStore; readonly reopen: () => Promise<RunStore> }>,
  randomTries = 150,
): void {
  describe(name, () => {
    let store: RunStore;
    let reopen: () => Promise<RunStore>;
    const others: RunStore[] = [];

    beforeEach(async () => {
      ({ store, reopen } = await open());
    });
    afterEach(async () => {
      for (const other of others.splice(0)) await other.close();
      await store.close();
    });

    const createRun = (id: string, ...steps: readonly PlanStep[]): Promise<boolean> =>
      store.createRun({
        id,
        plan: planOf(...steps),
        trigger: { kind: 'code' },
        createdAtMs: 10,
        enqueuedBy: 'him',
      });

    const claim = (runId: string, owner: string, expectedEpoch = 0): Promise<RunLease | undefined> =>
      store.claimRun({
        runId,
        owner,
        expectedEpoch,
        atMs: 20,
        expiresAtMs: soonMs,
        resetReason: 'owner died',
      });

    const claimed = async (runId: string, owner: string, expectedEpoch = 0): Promise<RunLease> => {
      const lease = await claim(runId, owner, expectedEpoch);
      if (!lease) throw new Error(`${runId} could not be claimed`);
      return lease;
    };

    const running = async (runId: string, ...steps: readonly PlanStep[]): Promise<RunLease> => {
      await createRun(runId, ...steps);
      const lease = await claimed(runId, 'me');
      await store.moveRun(lease, { to: 'running', atMs: 30 });
      return lease;
    };

    const start = (lease: RunLease, key: string, atMs = 40, attempt = 1): ReturnType<RunStore['startStep']> =>
      store.startStep(lease, { step: key, attempt, atMs, locks: [key] });

    it('lets one of two who read the same note write it', async () => {
      const other = await reopen();
      others.push(other);
      const write = (by: RunStore, expectedVersion: number, value: string): Promise<boolean> =>
        by.writeNote({ name: 'cursor', expectedVersion, value: { value } });

      expect(await store.readNote('cursor')).toBeUndefined();
      expect(await write(store, 0, 'mine')).toBe(true);
      expect(await write(other, 0, 'yours')).toBe(false);
      expect(await other.readNote('cursor')).toEqual({ version: 1, value: { value: 'mine' } });

      const written = await Promise.all([write(store, 1, 'mine'), write(other, 1, 'yours')]);
      expect(written.filter(Boolean)).toHaveLength(1);
      const value = written[0] ? 'mine' : 'yours';
      expect(await store.readNote('cursor')).toEqual({ version: 2, value: { value } });
    });

    describe('triggers', () => {
      const trigger = 'sensor dumps';
      const newRun = (id: string): NewRun => ({
        id,
        plan: planOf(step('a')),
        trigger: { kind: 'sensor', name: 'dumps' },
        createdAtMs: 10,
      });
      const look = (
        by: RunStore,
        expectedVersion: number,
        runs: readonly (readonly [id: string, key: string])[],
        more: Partial<TriggerTick> = {},
      ): Promise<TriggerResult> =>
        by.commitTriggers({
          notes: [{ name: 'sensor dumps', expectedVersion, value: { cursor: expectedVersion } }],
          runs: runs.map(([id, text]) => ({ run: newRun(id), key: { trigger, text } })),
          ticks: [
            {
              trigger,
              atMs: 100 + expectedVersion,
              outcome: 'started',
              runIds: runs.map(([id]) => id),
              ...more,
            },
          ],
        });

      it('writes cursor, runs and tick together, for one of two who look at once', async () => {
        const other = await reopen();
        others.push(other);
        const results = await Promise.all([look(store, 0, [['r1', 'x']]), look(other, 0, [['r2', 'y']])]);
        expect(results.filter(({ isWritten }) => isWritten)).toHaveLength(1);
        const runs = await store.listRuns({ limit: 10 });
        expect(runs).toHaveLength(1);
        expect((await store.triggerTicks(trigger, 10)).map(({ runIds }) => runIds)).toEqual([[runs[0]?.id]]);
        expect((await store.readNote('sensor dumps'))?.version).toBe(1);
      });

      it('starts one run of a key, whoever asks for it again', async () => {
        await look(store, 0, [['r1', 'x']]);
        const again = await look(store, 1, [
          ['r2', 'x'],
          ['r3', 'y'],
        ]);
        expect(again).toEqual({ isWritten: true, runIds: ['r1', 'r3'] });
        await look(store, 2, [['r4', 'x']]);
        expect((await store.listRuns({ limit: 10 })).map(({ id }) => id).toSorted()).toEqual(['r1', 'r3']);
        expect(
          (await store.triggerTicks(trigger, 10)).map(({ outcome, runIds }) => [outcome, runIds]),
        ).toEqual([
          ['skipped', []],
          ['started', ['r3']],
          ['started', ['r1']],
        ]);
      });

      it('keeps the same skip once, and a bounded number of ticks', async () => {
        for (let version = 0; version < 3; version += 1)
          await look(store, version, [], { outcome: 'skipped', reason: 'nothing new' });
        expect(await store.triggerTicks(trigger, 10)).toEqual([
          {
            trigger,
            sinceMs: 100,
            atMs: 102,
            times: 3,
            outcome: 'skipped',
            reason: 'nothing new',
            runIds: [],
            detail: undefined,
          },
        ]);
        for (let version = 3; version < 110; version += 1)
          await look(store, version, [], { outcome: 'failed', reason: 'away', detail: { version } });
        const kept = await store.triggerTicks(trigger, 1000);
        expect(kept).toHaveLength(100);
        expect(kept[0]?.detail).toEqual({ version: 109 });
      });
    });

    const partitionsOf = (from: number, to: number, slice = 'day UTC'): StepPartitions => ({
      text: `${slice} ${from}..${to}`,
      count: to - from,
      ranges: [{ slice, from, to }],
    });

    it('keeps how partitions ended as stretches, as few as there can be', async () => {
      const stretches = fc.array(
        fc.record({
          from: fc.nat(20),
          length: fc.integer({ min: 1, max: 6 }),
          slice: fc.constantFrom('day UTC|us', 'day UTC|eu'),
          to: fc.constantFrom<StepState>('succeeded', 'failed', 'cancelled'),
        }),
        { minLength: 1, maxLength: 12 },
      );
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(stretches, async (moves) => {
          runs += 1;
          const node = `n${runs}`;
          const keys = moves.map((_, index) => `${node}@${index}`);
          const lease = await running(`p${runs}`, ...keys.map((key) => step(key, { node })));
          const expected = new Map<string, string>();
          for (const [index, { from, length, slice, to }] of moves.entries()) {
            const key = keys[index] ?? '';
            await start(lease, key);
            const partitions = partitionsOf(from, from + length, slice);
            await store.moveSteps(lease, [
              { step: key, node, partitions, to, attempt: 1, atMs: 50, outcome },
            ]);
            if (to === 'cancelled') continue;
            for (let at = from; at < from + length; at += 1) expected.set(`${slice} ${at}`, to);
          }
          const kept = await store.partitionStates(node);
          const listed = kept.flatMap(({ slice, from, to, state }) =>
            Array.from({ length: to - from }, (_, at) => [`${slice} ${from + at}`, state] as const),
          );
          expect(new Map(listed)).toEqual(expected);
          expect(listed).toHaveLength(expected.size);
          for (const [index, range] of kept.entries()) {
            const next = kept[index + 1];
            const isSame =
              next?.slice === range.slice && next.from === range.to && next.state === range.state;
            expect(isSame).toBe(false);
          }
        }),
        { numRuns: Math.min(randomTries, 25) },
      );
    });

    it('makes what had succeeded stale when something that it reads is made', async () => {
      const lease = await running(
        'r',
        step('up@1', { node: 'up' }),
        step('down@1', { node: 'down' }),
        step('down@2', { node: 'down' }),
      );
      const end = async (
        key: string,
        to: 'succeeded' | 'failed',
        more: Partial<StepMove> = {},
      ): Promise<void> => {
        await start(lease, key);
        await store.moveSteps(lease, [{ step: key, to, attempt: 1, atMs: 50, outcome, ...more }]);
      };
      await end('down@1', 'succeeded', { node: 'down', partitions: partitionsOf(0, 10, 'a') });
      await end('down@2', 'failed', { node: 'down', partitions: partitionsOf(6, 8, 'a') });
      const outdates = [
        {
          node: 'down',
          ranges: [
            { slice: 'a', from: 4, to: 7 },
            { slice: 'b', from: 0, to: 9 },
          ],
        },
        { node: 'other' },
      ];
      await end('up@1', 'succeeded', { node: 'up', partitions: partitionsOf(4, 7, 'a'), outdates });
      expect(await store.partitionStates('down')).toEqual([
        { slice: 'a', from: 0, to: 4, state: 'succeeded' },
        { slice: 'a', from: 4, to: 6, state: 'stale' },
        { slice: 'a', from: 6, to: 8, state: 'failed' },
        { slice: 'a', from: 8, to: 10, state: 'succeeded' },
      ]);
      const second = await running('s', step('source'));
      await start(second, 'source');
      await store.moveSteps(second, [
        { step: 'source', to: 'succeeded', attempt: 1, atMs: 60, outcome, outdates: [{ node: 'down' }] },
      ]);
      expect((await store.partitionStates('down')).map(({ from, to, state }) => [from, to, state])).toEqual([
        [0, 6, 'stale'],
        [6, 8, 'failed'],
        [8, 10, 'stale'],
      ]);
    });

    it('has one completion of a step about partitions, under the node’s key', async () => {
      const lease = await running('r1', step('a@x', { node: 'a', partitions: partitionsOf(1, 3) }));
      await start(lease, 'a@x');
      const partitions = partitionsOf(1, 3);
      await store.moveSteps(lease, [
        { step: 'a@x', node: 'a', partitions, to: 'succeeded', attempt: 1, atMs: 50, outcome },
      ]);
      expect(await store.latestCompletions(['a'])).toMatchObject([
        { key: 'a', partitions: partitions.text, rows: 3 },
      ]);
      expect(await store.findRun('r1')).toMatchObject({ steps: [{ key: 'a@x', node: 'a', partitions }] });
    });

    it('adds a step for each item that a step finds, before the one that waits for them', async () => {
      await createRun(
        'r',
        step('found'),
        step('load', { forEach: 'found', dependsOn: ['found'] }),
        step('z'),
      );
      const lease = await claimed('r', 'him');
      const items = ['b', 'a'].map((key) => ({ of: 'load', key, value: { name: key } }));
      await store.startStep(lease, { step: 'found', attempt: 1, atMs: 30, locks: [] });
      const success = { to: 'succeeded', attempt: 1, atMs: 31, outcome } as const;
      await store.moveSteps(lease, [{ step: 'found', ...success, items }]);
      const run = await store.findRun('r');
      expect(run?.steps.map(({ key, node, item }) => [key, node, item?.value])).toEqual([
        ['found', undefined, undefined],
        ['load@b', 'load', { name: 'b' }],
        ['load@a', 'load', { name: 'a' }],
        ['load', undefined, undefined],
        ['z', undefined, undefined],
      ]);
      expect(run?.plan.steps.map(({ key, dependsOn }) => [key, dependsOn])).toContainEqual([
        'load',
        ['found', 'load@b', 'load@a'],
      ]);
      await store.startStep(lease, { step: 'load@a', attempt: 1, atMs: 32, locks: [] });
      await store.moveSteps(lease, [{ step: 'load@a', node: 'load', isForItem: true, ...success }]);
      expect(await store.latestCompletions(['load', 'load@a'])).toEqual([]);
      expect((await store.listRuns({ limit: 1 }))[0]?.stepCounts).toMatchObject({ pending: 3, succeeded: 2 });
    });

    it('lets partitions that do not overlap be made at the same time, and no others', async () => {
      const lock = (from: number, to: number): string => partitionLock('a', { slice: 'day UTC', from, to });
      const first = await running('r1', step('a@1'));
      const second = await running('r2', step('a@2'));
      const begin = (
        lease: RunLease,
        key: string,
        locks: readonly string[],
      ): ReturnType<RunStore['startStep']> =>
        store.startStep(lease, { step: key, attempt: 1, atMs: 40, locks });

      expect(await begin(first, 'a@1', [lock(1, 5)])).toEqual([]);
      expect(await begin(second, 'a@2', [lock(4, 9)])).toMatchObject([{ runId: 'r1', step: 'a@1' }]);
      expect(await begin(second, 'a@2', [lock(5, 9)])).toEqual([]);
    });

    it('holds a run: nobody may take it until it is let go on', async () => {
      await createRun('r1', step('a'));
      expect(await store.holdRun('r1', true, 15)).toBe('queued');
      expect(await store.holdRun('r1', true, 16)).toBe('queued');
      expect(await store.openRuns()).toMatchObject([{ id: 'r1', isHeld: true }]);
      expect(await store.findRun('r1')).toMatchObject({ heldAtMs: 15 });
      expect(await claim('r1', 'me')).toBeUndefined();
      expect(await store.holdRun('r1', false, 17)).toBe('queued');
      const lease = await claimed('r1', 'me');
      await store.moveRun(lease, { to: 'running', atMs: 30 });
      expect(await store.holdRun('r1', true, 31)).toBe('running');
      await store.releaseRun(lease, 32, 'paused');
      expect(await claim('r1', 'me', 1)).toBeUndefined();
      expect(await store.requestCancel('r1', 33)).toBe('cancelled');
      expect((await store.findRun('r1'))?.heldAtMs).toBeUndefined();
      expect(await store.holdRun('r1', true, 34)).toBe('cancelled');
      expect(await store.holdRun('nothing', true, 34)).toBeUndefined();
      const events = await store.events({ runId: 'r1', types: ['run_state'], afterSequence: 0, limit: 100 });
      expect(events.map((event) => event.type === 'run_state' && [event.state, event.isHeld])).toEqual([
        ['queued', undefined],
        ['queued', true],
        ['queued', false],
        ['running', undefined],
        ['running', true],
        ['cancelled', undefined],
      ]);
    });

    it('lets one of two who read the same backfill write it, with its run', async () => {
      const backfill: Backfill = {
        id: 'b1',
        state: 'running',
        version: 1,
        selection: 'a',
        partitions: '2024',
        targets: { a: [{ slice: 'day UTC', from: 1, to: 9 }] },
        requested: {},
        unmade: {},
        partitionCount: 8,
        stepCount: 8,
        stepsPerRun: 2,
        options: { fullRefresh: false },
        runCount: 0,
        createdAtMs: 10,
      };
      await store.createBackfill(backfill);
      await store.createBackfill({ ...backfill, id: 'b2', createdAtMs: 20 });
      const run = (id: string): NewRun => {
        return { id, plan: planOf(step('a')), trigger: { kind: 'code', backfill: 'b1' }, createdAtMs: 30 };
      };
      const next = { ...backfill, version: 2, runCount: 1 };
      expect(await store.updateBackfill({ ...next, runId: 'r1' }, run('r1'))).toBe(true);
      expect(await store.updateBackfill({ ...next, runId: 'r2' }, run('r2'))).toBe(false);
      expect(await store.findBackfill('b1')).toEqual({ ...next, runId: 'r1' });
      expect((await store.listRuns({ limit: 9 })).map(({ id, trigger }) => [id, trigger.backfill])).toEqual([
        ['r1', 'b1'],
      ]);
      expect((await store.listBackfills({ limit: 9 })).map(({ id }) => id)).toEqual(['b2', 'b1']);
      expect(await store.updateBackfill({ ...next, version: 3, state: 'succeeded' })).toBe(true);
      expect((await store.listBackfills({ isOpen: true, limit: 9 })).map(({ id }) => id)).toEqual(['b2']);
      expect(await store.findBackfill('nothing')).toBeUndefined();
      await store.deleteRunsFinishedBefore(1000);
      expect((await store.listBackfills({ limit: 9 })).map(({ id }) => id)).toEqual(['b2']);
    });

    it('keeps the keys of lists in the order in which they were added, each once', async () => {
      expect(await store.partitionKeys('customers')).toEqual([]);
      expect(await store.addPartitionKeys('customers', ['zeta', 'acme'], 10)).toBe(2);
      expect(await store.addPartitionKeys('customers', ['acme', 'beta', 'beta'], 20)).toBe(1);
      expect(await store.addPartitionKeys('others', ['acme'], 20)).toBe(1);
      expect(await store.partitionKeys('customers')).toEqual(['zeta', 'acme', 'beta']);
      const other = await reopen();
      others.push(other);
      const both = await Promise.all([
        store.addPartitionKeys('customers', ['x', 'y'], 30),
        other.addPartitionKeys('customers', ['y', 'x'], 30),
      ]);
      expect(Math.min(...both)).toBe(0);
      expect(Math.max(...both)).toBe(2);
      expect(new Set(await store.partitionKeys('customers'))).toEqual(
        new Set(['zeta', 'acme', 'beta', 'x', 'y']),
      );
    });

    it('keeps a run from queued to its end, state and events alike', async () => {
      const lease = await running('r1', step('a'), step('b', { dependsOn: ['a'] }));
      expect(await start(lease, 'a')).toEqual([]);
      await store.moveSteps(lease, [
        { step: 'a', to: 'succeeded', attempt: 1, atMs: 50, outcome },
        { step: 'b', to: 'skipped', attempt: 0, atMs: 50, reason: 'for the test' },
      ]);
      await store.moveRun(lease, { to: 'succeeded', atMs: 60 });

      expect(await store.findRun('r1')).toMatchObject({
        id: 'r1',
        state: 'succeeded',
        selection: 'all',
        createdAtMs: 10,
        startedAtMs: 30,
        finishedAtMs: 60,
        lease: undefined,
        stepCounts: { succeeded: 1, skipped: 1, pending: 0 },
        steps: [
          { key: 'a', state: 'succeeded', attempt: 1, startedAtMs: 40, finishedAtMs: 50, outcome },
          { key: 'b', state: 'skipped', reason: 'for the test' },
        ],
      });
      const events = await store.events({ runId: 'r1', afterSequence: 0, limit: 100 });
      expect(events).toMatchObject([
        { type: 'run_state', runId: 'r1', atMs: 10, state: 'queued' },
        { type: 'lease_taken', runId: 'r1', atMs: 20, owner: 'me', epoch: 1 },
        { type: 'run_state', runId: 'r1', atMs: 30, state: 'running' },
        { type: 'step_state', runId: 'r1', atMs: 40, step: 'a', state: 'running', attempt: 1 },
        { type: 'step_state', runId: 'r1', atMs: 50, step: 'a', state: 'succeeded', attempt: 1, outcome },
        {
          type: 'step_state',
          runId: 'r1',
          atMs: 50,
          step: 'b',
          state: 'skipped',
          attempt: 0,
          reason: 'for the test',
        },
        { type: 'run_state', runId: 'r1', atMs: 60, state: 'succeeded' },
      ]);
      const sequences = events.map((event) => event.sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
      expect(await store.openRuns()).toEqual([]);
    });

    it('refuses transitions that the state machine does not know, and writes nothing of them', async () => {
      const lease = await running('r1', step('a'), step('b'));
      await start(lease, 'a');
      const refused = expect.objectContaining({ code: 'transition_refused' });
      await expect(start(lease, 'a', 41, 2)).rejects.toEqual(refused);
      await expect(
        store.moveSteps(lease, [
          { step: 'a', to: 'succeeded', attempt: 1, atMs: 50, outcome },
          { step: 'b', to: 'succeeded', attempt: 1, atMs: 50, outcome },
        ]),
      ).rejects.toEqual(refused);
      await expect(store.moveRun(lease, { to: 'queued', atMs: 50 })).rejects.toEqual(refused);
      const run = await store.findRun('r1');
      expect(run?.steps.map((each) => each.state)).toEqual(['running', 'pending']);
      expect(await store.latestCompletions()).toEqual([]);
    });

    it('gives a run to one claimant', async () => {
      await createRun('r1', step('a'));
      const second = await reopen();
      others.push(second);
      const request = { runId: 'r1', expectedEpoch: 0, atMs: 20, expiresAtMs: soonMs, resetReason: '' };
      const leases = await Promise.all([
        store.claimRun({ ...request, owner: 'me' }),
        second.claimRun({ ...request, owner: 'you' }),
      ]);
      expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    it('refuses every write of an owner that was succeeded', async () => {
      const old = await running('r1', step('a'));
      await start(old, 'a');
      await store.saveCheckpoint(old, 'a', { chunk: 7 });
      const fresh = await claimed('r1', 'you', 1);
      expect(fresh.epoch).toBe(2);

      const before = await store.events({ afterSequence: 0, limit: 100 });
      const writes = [
        () => store.moveRun(old, { to: 'failed', atMs: 60 }),
        () => start(old, 'a', 60, 2),
        () => store.moveSteps(old, [{ step: 'a', to: 'succeeded', attempt: 1, atMs: 60, outcome }]),
        () => store.appendLog(old, { step: 'a', attempt: 1, level: 'info', message: 'late', atMs: 60 }),
        () => store.saveCheckpoint(old, 'a', { chunk: 8 }),
        () => store.releaseRun(old, 60, 'late'),
      ];
      for (const write of writes) await expect(write()).rejects.toBeInstanceOf(LeaseLostError);
      expect(await store.events({ afterSequence: 0, limit: 100 })).toEqual(before);
      const run = await store.findRun('r1');
      expect(run?.steps[0]).toMatchObject({
        state: 'pending',
        reason: 'owner died',
        checkpoint: { chunk: 7 },
      });
    });

    it('releases a run for the next owner, with its running steps pending', async () => {
      const lease = await running('r1', step('a'));
      await start(lease, 'a');
      await store.releaseRun(lease, 50, 'going home');
      expect(await store.openRuns()).toEqual([
        { id: 'r1', state: 'running', epoch: 1, priority: 0, enqueuedBy: 'him', lease: undefined },
      ]);
      const run = await store.findRun('r1');
      expect(run?.steps[0]).toMatchObject({ state: 'pending', reason: 'going home', attempt: 1 });
      await createRun('r2', step('a'));
      const other = await claimed('r2', 'you');
      expect(await start(other, 'a')).toEqual([]);
    });

    it('counts how often a step ended with its owner, until it saves a checkpoint', async () => {
      const interruptions = async (): Promise<number | undefined> =>
        (await store.findRun('r1'))?.steps[0]?.interruptions;
      const first = await running('r1', step('a'));
      await start(first, 'a');
      await store.releaseRun(first, 50, 'going home');
      expect(await interruptions()).toBe(0);
      const second = await claimed('r1', 'you', 1);
      await start(second, 'a', 60, 2);
      const third = await claimed('r1', 'me', 2);
      expect(await interruptions()).toBe(1);
      await start(third, 'a', 70, 3);
      await claimed('r1', 'you', 3);
      expect(await interruptions()).toBe(2);
      const fifth = await claimed('r1', 'me', 4);
      expect(await interruptions()).toBe(2);
      await start(fifth, 'a', 80, 4);
      const mine = {
        runId: 'r1',
        owner: 'me',
        expectedEpoch: 5,
        atMs: 90,
        expiresAtMs: soonMs,
        resetReason: '',
      };
      const sixth = await store.claimRun({ ...mine, countsInterruptions: false });
      expect(await interruptions()).toBe(2);
      if (!sixth) throw new Error('The run could not be claimed');
      await start(sixth, 'a', 95, 5);
      await store.saveCheckpoint(sixth, 'a', { chunk: 1 });
      expect(await interruptions()).toBe(0);
    });

    it('hands out runs by priority, then by age', async () => {
      const create = (id: string, priority: number | undefined, createdAtMs: number): Promise<boolean> =>
        store.createRun({ id, plan: planOf(step('a')), trigger: { kind: 'code' }, createdAtMs, priority });
      await create('young', undefined, 5);
      await create('old', undefined, 4);
      await create('urgent', 10, 6);
      await create('idle', -1, 1);
      expect((await store.openRuns()).map(({ id }) => id)).toEqual(['urgent', 'old', 'young', 'idle']);
    });

    it('says what an owner still holds when it renews', async () => {
      await running('r1', step('a'));
      await running('r2', step('a'));
      await store.claimOwnership({ owner: 'me', expectedEpoch: 0, atMs: 1, expiresAtMs: 100 });
      await claimed('r2', 'you', 1);
      expect(await store.renewLeases('me', 5_000_000)).toEqual({ ownsProject: true, runIds: ['r1'] });
      const [first, second] = await store.openRuns();
      expect(first?.lease?.expiresAtMs).toBe(5_000_000);
      expect(second?.lease?.expiresAtMs).toBe(soonMs);
      expect((await store.readOwnership()).holder?.expiresAtMs).toBe(5_000_000);
    });

    it('lets one step at a time hold a lock, and names the holder', async () => {
      const first = await running('r1', step('a'), step('b'));
      const second = await running('r2', step('a'));
      await start(first, 'a');
      expect(await start(second, 'a')).toEqual([{ lock: 'a', runId: 'r1', step: 'a' }]);
      expect((await store.findRun('r2'))?.steps[0]?.state).toBe('pending');

      await store.moveSteps(first, [{ step: 'a', to: 'pending', attempt: 1, atMs: 50, reason: 'retry' }]);
      expect(await start(second, 'a')).toHaveLength(1);
      expect(await start(first, 'a', 60, 2)).toEqual([]);
      await store.moveSteps(first, [{ step: 'a', to: 'succeeded', attempt: 2, atMs: 70, outcome }]);
      expect(await start(second, 'a')).toEqual([]);
    });

    it('takes all locks of a step or none', async () => {
      const first = await running('r1', step('a'));
      const second = await running('r2', step('ab'), step('b'));
      await start(first, 'a');
      const both = { step: 'ab', attempt: 1, atMs: 40, locks: ['b', 'a'] };
      expect(await store.startStep(second, both)).toEqual([{ lock: 'a', runId: 'r1', step: 'a' }]);
      expect(await start(second, 'b')).toEqual([]);
    });

    it('takes over the lock of a holder whose lease has expired', async () => {
      const first = await running('r1', step('a'));
      await createRun('r2', step('a'));
      const second = await claimed('r2', 'you');
      await start(first, 'a');
      expect(await start(second, 'a', soonMs - 1)).toHaveLength(1);
      expect(await start(second, 'a', soonMs + 1)).toEqual([]);
    });

    it('keeps locks between the runs of one owner, whatever its clock says', async () => {
      const first = await running('r1', step('a'));
      const second = await running('r2', step('a'));
      await start(first, 'a');
      expect(await start(second, 'a', soonMs + 1)).toHaveLength(1);
    });

    it('drops the locks of a run that is taken over or finished', async () => {
      const first = await running('r1', step('a'));
      const second = await running('r2', step('a'), step('b'));
      await start(first, 'a');
      await claimed('r1', 'you', 1);
      expect(await start(second, 'a')).toEqual([]);
      await store.moveRun(second, { to: 'failed', atMs: 50 });
      const third = await running('r3', step('a'));
      expect(await start(third, 'a')).toEqual([]);
    });

    it('cancels at once what nobody executes, and asks the owner otherwise', async () => {
      await createRun('queued', step('a'));
      expect(await store.requestCancel('queued', 50)).toBe('cancelled');
      expect((await store.findRun('queued'))?.steps[0]?.state).toBe('cancelled');

      const lease = await running('executed', step('a'), step('b'));
      await start(lease, 'a');
      expect(await store.requestCancel('executed', 50)).toBe('cancelling');
      expect(await store.requestCancel('executed', 51)).toBe('cancelling');
      expect(await store.runState('executed')).toBe('cancelling');

      const dead = await running('dead', step('a'), step('b'));
      await start(dead, 'b');
      expect(await store.requestCancel('dead', soonMs + 1)).toBe('cancelled');
      expect((await store.findRun('dead'))?.stepCounts).toMatchObject({ cancelled: 2 });
      await expect(store.moveRun(dead, { to: 'succeeded', atMs: 60 })).rejects.toBeInstanceOf(LeaseLostError);

      expect(await store.requestCancel('queued', 60)).toBe('cancelled');
      expect(await store.requestCancel('unknown', 60)).toBeUndefined();
    });

    it('starts one run per schedule and nominal time', async () => {
      const run = (id: string): Parameters<RunStore['createRun']>[0] => ({
        id,
        plan: planOf(step('a')),
        trigger: { kind: 'schedule', schedule: 's', nominalAtMs: 100 },
        createdAtMs: 101,
      });
      const tick = { schedule: 's', nominalAtMs: 100, atMs: 101 };
      expect(await store.createRun(run('r1'), { ...tick, runId: 'r1' })).toBe(true);
      expect(await store.createRun(run('r2'), { ...tick, runId: 'r2' })).toBe(false);
      expect(await store.recordTick({ ...tick, reason: 'busy' })).toBe(false);
      expect(await store.recordTick({ ...tick, nominalAtMs: 200, reason: 'busy' })).toBe(true);
      expect(await store.findRun('r2')).toBeUndefined();
      expect(await store.ticks('s', 10)).toEqual([
        { schedule: 's', nominalAtMs: 200, atMs: 101, runId: undefined, reason: 'busy' },
        { schedule: 's', nominalAtMs: 100, atMs: 101, runId: 'r1', reason: undefined },
      ]);
      const mine = await store.listRuns({ schedule: 's', states: ['queued'], limit: 5 });
      expect(mine.map(({ id }) => id)).toEqual(['r1']);
    });

    it('keeps the latest completion of each node and its history', async () => {
      for (const [id, rows] of [
        ['r1', 1],
        ['r2', 2],
      ] as const) {
        const lease = await running(id, step('a'), step('b'));
        await start(lease, 'a');
        await store.moveSteps(lease, [
          { step: 'a', to: 'succeeded', attempt: 1, atMs: 70, outcome: { rows, metadata: {} } },
        ]);
      }
      const latest = { key: 'a', runId: 'r2', rows: 2, metadata: {}, finishedAtMs: 70, durationMs: 30 };
      expect(await store.latestCompletions()).toEqual([latest]);
      expect(await store.latestCompletions(['b'])).toEqual([]);
      expect((await store.completionHistory('a', 10)).map(({ rows }) => rows)).toEqual([2, 1]);
      expect(await store.completionHistory('a', 1)).toHaveLength(1);
    });

    it('counts a failed check as a completion, a failed step not', async () => {
      const lease = await running('r1', step('check/a'), step('b'));
      await start(lease, 'check/a');
      await start(lease, 'b');
      const failure = { kind: 'data', code: 'x', message: 'm' } as const;
      const check = { passed: false, failures: 2, message: '2 rows' };
      await store.moveSteps(lease, [
        { step: 'check/a', to: 'failed', attempt: 1, atMs: 50, failure, outcome: { check, metadata: {} } },
        { step: 'b', to: 'failed', attempt: 1, atMs: 50, failure },
      ]);
      expect((await store.latestCompletions()).map(({ key, check }) => [key, check?.failures])).toEqual([
        ['check/a', 2],
      ]);
      expect((await store.findRun('r1'))?.steps[1]?.failure).toEqual(failure);
    });

    it('reads events by run, step, type and page', async () => {
      const lease = await running('r1', step('a'), step('b'));
      for (const [key, message] of [
        ['a', 'one'],
        ['b', 'two'],
        ['a', 'three'],
      ] as const) {
        await store.appendLog(lease, { step: key, attempt: 1, level: 'warn', message, atMs: 45 });
      }
      const logs = await store.events({ step: 'a', types: ['step_log'], afterSequence: 0, limit: 10 });
      expect(logs.map((event) => (event.type === 'step_log' ? event.message : ''))).toEqual(['one', 'three']);
      const all = await store.events({ afterSequence: 0, limit: 100 });
      expect(await store.lastSequence()).toBe(all.at(-1)?.sequence);
      const [first] = await store.events({ types: ['step_log'], afterSequence: 0, limit: 1 });
      expect(first).toMatchObject({ message: 'one', level: 'warn', attempt: 1, step: 'a' });
      expect(
        await store.events({
          runId: 'r1',
          types: ['step_log'],
          afterSequence: first?.sequence ?? 0,
          limit: 9,
        }),
      ).toHaveLength(2);
      expect(await store.events({ runId: 'r2', afterSequence: 0, limit: 10 })).toEqual([]);
    });

    it('lists runs newest first, by state and page', async () => {
      for (const [index, id] of ['r1', 'r2', 'r3'].entries()) {
        await store.createRun({ id, plan: planOf(step('a')), trigger: { kind: 'page' }, createdAtMs: index });
      }
      await store.requestCancel('r2', 5);
      const ids = async (filter: Parameters<RunStore['listRuns']>[0]): Promise<readonly string[]> =>
        (await store.listRuns(filter)).map(({ id }) => id);
      expect(await ids({ limit: 10 })).toEqual(['r3', 'r2', 'r1']);
      expect(await ids({ limit: 2 })).toEqual(['r3', 'r2']);
      expect(await ids({ limit: 9, beforeMs: 2 })).toEqual(['r2', 'r1']);
      expect(await ids({ limit: 9, states: ['queued', 'running'] })).toEqual(['r3', 'r1']);
      expect((await store.listRuns({ limit: 1 }))[0]).toMatchObject({ stepCounts: { pending: 1 } });
    });

    it('has one project owner at a time', async () => {
      const request = { atMs: 1, expiresAtMs: 100 };
      expect(await store.readOwnership()).toEqual({ epoch: 0 });
      expect(await store.lastSequence()).toBe(0);
      expect(await store.claimOwnership({ ...request, owner: 'me', expectedEpoch: 0 })).toMatchObject({
        epoch: 1,
      });
      expect(await store.claimOwnership({ ...request, owner: 'you', expectedEpoch: 0 })).toBeUndefined();
      await store.announceAddress('you', 'http://wrong');
      await store.announceAddress('me', 'http://right');
      expect((await store.readOwnership()).holder).toMatchObject({ owner: 'me', address: 'http://right' });
      await store.releaseOwnership('you');
      expect((await store.readOwnership()).holder?.owner).toBe('me');
      await store.releaseOwnership('me');
      expect(await store.readOwnership()).toEqual({ epoch: 1 });
      expect(await store.claimOwnership({ ...request, owner: 'you', expectedEpoch: 1 })).toMatchObject({
        epoch: 2,
      });
    });

    it('forgets old runs but not what they left', async () => {
      for (const id of ['old', 'new']) {
        const lease = await running(id, step(id), step('both'));
        await start(lease, id);
        await start(lease, 'both');
        const atMs = id === 'old' ? 50 : 5000;
        await store.moveSteps(lease, [
          { step: id, to: 'succeeded', attempt: 1, atMs, outcome },
          { step: 'both', to: 'succeeded', attempt: 1, atMs, outcome },
        ]);
        await store.moveRun(lease, { to: 'succeeded', atMs });
      }
      await running('open', step('a'));
      expect(await store.deleteRunsFinishedBefore(1000)).toBe(1);
      expect((await store.listRuns({ limit: 9 })).map(({ id }) => id).sort()).toEqual(['new', 'open']);
      expect(await store.events({ runId: 'old', afterSequence: 0, limit: 9 })).toEqual([]);
      expect((await store.latestCompletions()).map(({ key }) => key)).toEqual(['both', 'new', 'old']);
      expect(await store.completionHistory('both', 9)).toHaveLength(1);
    });

    it('keeps what runs have in common once, and each run its own plan', async () => {
      await createRun('r1', step('a'));
      await createRun('r2', step('a'));
      await createRun('r3', step('b'));
      const plans = await Promise.all(['r1', 'r2', 'r3'].map(async (id) => (await store.findRun(id))?.plan));
      expect(plans).toEqual([planOf(step('a')), planOf(step('a')), planOf(step('b'))]);
      await store.requestCancel('r1', 20);
      await store.requestCancel('r3', 20);
      expect(await store.deleteRunsFinishedBefore(1000)).toBe(2);
      expect((await store.findRun('r2'))?.plan).toEqual(planOf(step('a')));
      expect(await createRun('r3', step('b'))).toBe(true);
      expect((await store.findRun('r3'))?.plan).toEqual(planOf(step('b')));
    });

    it('allows no transition but those of the state machine, whatever is tried, and its events tell the state', async () => {
      let counter = 0;
      const keys = ['a', 'b'];
      const attemptOn = fc.oneof(
        fc.record({ act: fc.constant('claim' as const) }),
        fc.record({ act: fc.constant('release' as const) }),
        fc.record({ act: fc.constant('cancel' as const) }),
        fc.record({ act: fc.constant('start' as const), key: fc.constantFrom(...keys) }),
        fc.record({
          act: fc.constant('step' as const),
          key: fc.constantFrom(...keys),
          to: fc.constantFrom(...(Object.keys(stepTransitions) as StepState[])),
        }),
        fc.record({
          act: fc.constant('run' as const),
          to: fc.constantFrom(...(Object.keys(runTransitions) as RunState[])),
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(attemptOn, { maxLength: 25 }), async (attempts) => {
          counter += 1;
          const runId = `run-${counter}`;
          await createRun(runId, ...keys.map((key) => step(key, { locks: [] })));
          let lease: RunLease = { runId, owner: 'nobody', epoch: 0, expiresAtMs: 0 };
          for (const attempt of attempts) {
            const before = JSON.stringify(await store.findRun(runId));
            try {
              if (attempt.act === 'claim') lease = (await claim(runId, 'me', lease.epoch)) ?? lease;
              if (attempt.act === 'release') await store.releaseRun(lease, 40, 'test');
              if (attempt.act === 'cancel') await store.requestCancel(runId, 40);
              if (attempt.act === 'start') {
                await store.startStep(lease, { step: attempt.key, attempt: 1, atMs: 40, locks: [] });
              }
              if (attempt.act === 'step') {
                await store.moveSteps(lease, [{ step: attempt.key, to: attempt.to, attempt: 1, atMs: 40 }]);
              }
              if (attempt.act === 'run') await store.moveRun(lease, { to: attempt.to, atMs: 40 });
            } catch (error) {
              expect(error).toBeInstanceOf(FatalError);
              expect(JSON.stringify(await store.findRun(runId))).toBe(before);
            }
          }
          const run = await store.findRun(runId);
          const told = replay(await store.events({ runId, afterSequence: 0, limit: 1000 }));
          expect(run?.state).toBe(told.run);
          for (const each of run?.steps ?? []) expect(each.state).toBe(told.steps.get(each.key) ?? 'pending');
        }),
        { numRuns: randomTries },
      );
    });

    it('is seen by another process as soon as it is written', async () => {
      const other = await reopen();
      others.push(other);
      const lease = await running('r1', step('a'));
      expect(await other.runState('r1')).toBe('running');
      expect(await other.requestCancel('r1', 50)).toBe('cancelling');
      await expect(store.moveRun(lease, { to: 'running', atMs: 51 })).rejects.toThrow('cancelling');
    });
  });
}

/** The states that events tell, after checking that every one of them was allowed after the one before. */
function replay(events: readonly RunEvent[]): {
  readonly run: RunState | undefined;
  readonly steps: ReadonlyMap<string, StepState>;
} {
  let run: RunState | undefined;
  const steps = new Map<string, StepState>();
  for (const event of events) {
    if (event.type === 'run_state') {
      expect(run === undefined ? event.state === 'queued' : canMoveRun(run, event.state)).toBe(true);
      run = event.state;
    }
    if (event.type === 'step_state') {
      expect(canMoveStep(steps.get(event.step) ?? 'pending', event.state)).toBe(true);
      steps.set(event.step, event.state);
    }
  }
  return { run, steps };
}
