import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataError, TransientError } from '../../src/core/errors.ts';
import type { RunStore } from '../../src/core/ports.ts';
import { openSqliteLedger } from '../../src/store/index.ts';
import { type Courier, createCourier, type Delivery } from '../../src/telemetry/delivery/courier.ts';
import { startRounds } from '../../src/telemetry/delivery/rounds.ts';
import { writeRun } from './watched-ledger.fixture.ts';

const hour = 3_600_000;
const signal = new AbortController().signal;

let folder: string;
let nowMs: number;
let delivered: number[];
let reports: string[];
let answer: () => Promise<void>;
const stores: RunStore[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-courier-'));
  nowMs = Date.UTC(2026, 0, 5);
  delivered = [];
  reports = [];
  answer = async () => undefined;
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await rm(folder, { recursive: true });
});

async function openStore(): Promise<RunStore> {
  const store = await openSqliteLedger(join(folder, 'ledger.db'));
  stores.push(store);
  return store;
}

function courier(store: RunStore, holder: string): Courier {
  return createCourier({
    keeper: { store, holder, isGone: (name) => name === 'dead', now: () => nowMs },
    receiver: {
      name: 'receiver',
      types: ['step_state'],
      deliver: async (events): Promise<Delivery> => {
        await answer();
        delivered.push(...events.map(({ sequence }) => sequence));
        return { sent: events.length, refused: 0 };
      },
    },
    report: (message) => reports.push(message),
    keepHours: 24,
  });
}

async function stepSequences(store: RunStore): Promise<readonly number[]> {
  const events = await store.events({ types: ['step_state'], afterSequence: 0, limit: 10_000 });
  return events.map(({ sequence }) => sequence);
}

async function writeRuns(store: RunStore, count: number): Promise<void> {
  for (let written = 0; written < count; written += 1) {
    nowMs += 1000;
    await writeRun(store, 'a', nowMs, { metadata: {} });
  }
}

test('what was there before is not sent, what comes is sent once and in order', async () => {
  const store = await openStore();
  await writeRuns(store, 3);
  const before = (await stepSequences(store)).length;
  const only = courier(store, 'me');
  await only.prepare();
  await writeRuns(store, 120);
  while (await only.work(signal));
  expect(delivered).toEqual((await stepSequences(store)).slice(before));
  expect(await only.work(signal)).toBe(false);
});

test('of many processes one at a time sends, and each event goes out once', async () => {
  const store = await openStore();
  const many = [
    courier(store, 'one'),
    courier(await openStore(), 'two'),
    courier(await openStore(), 'three'),
  ];
  for (const each of many) await each.prepare();
  for (let round = 0; round < 10; round += 1) {
    await writeRuns(store, 5);
    await Promise.all(many.map((each) => each.work(signal)));
  }
  for (const each of many) while (await each.work(signal));
  expect(delivered).toEqual(await stepSequences(store));
});

test('a process that died at its turn is followed at once, one of another machine after its turn', async () => {
  const store = await openStore();
  const next = courier(store, 'next');
  await next.prepare();
  const hang = (holder: string): void => {
    answer = () => new Promise(() => undefined);
    void courier(store, holder).work(signal);
  };
  await writeRuns(store, 1);
  hang('dead');
  await expect
    .poll(async () => (await store.readNote('courier receiver'))?.value)
    .toMatchObject({ turn: { holder: 'dead' } });
  answer = async () => undefined;
  await next.work(signal);
  expect(delivered).toHaveLength(2);

  await writeRuns(store, 1);
  hang('elsewhere');
  await expect
    .poll(async () => (await store.readNote('courier receiver'))?.value)
    .toMatchObject({ turn: { holder: 'elsewhere' } });
  answer = async () => undefined;
  expect(await next.work(signal)).toBe(false);
  expect(delivered).toHaveLength(2);
  nowMs += 60_000;
  await next.work(signal);
  expect(delivered).toHaveLength(4);
});

test('what has waited for too long is given up, and that is said and counted', async () => {
  const store = await openStore();
  const only = courier(store, 'me');
  await only.prepare();
  await writeRuns(store, 2);
  nowMs += 25 * hour;
  await writeRuns(store, 1);
  answer = async () => {
    throw new TransientError('away', { code: 'receiver_unavailable' });
  };
  await expect(only.work(signal)).rejects.toThrow('away');
  answer = async () => undefined;
  await only.work(signal);
  expect(delivered).toEqual((await stepSequences(store)).slice(-2));
  expect(reports).toEqual(['receiver: 4 events older than 24 hours were given up']);
  expect((await store.readNote('courier receiver'))?.value).toMatchObject({
    sent: 2,
    skipped: 4,
    turn: null,
  });
});

test('a chore that fails does not keep others waiting, is told once, and tried a last time at the end', async () => {
  let good = 0;
  let bad = 0;
  const rounds = startRounds(
    [
      { name: 'good', work: async () => (good += 1) < 0 },
      {
        name: 'bad',
        work: async () => {
          bad += 1;
          throw new DataError('no', { code: 'no' });
        },
      },
    ],
    { report: (message) => reports.push(message), pollMilliseconds: 1 },
  );
  await expect.poll(() => good > 5 && bad > 2).toBe(true);
  const before = bad;
  await rounds.close();
  expect(bad).toBeGreaterThan(before);
  expect(reports).toEqual([
    'bad: no. It is tried again; nothing waits for it',
    'bad: no. The next millrace in this project tries again',
  ]);
});
