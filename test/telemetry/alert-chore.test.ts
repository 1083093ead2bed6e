import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunStore } from '../../src/core/ports.ts';
import { openLedger, openSqliteLedger } from '../../src/store/index.ts';
import { createAlertChore } from '../../src/telemetry/alerts/alert-chore.ts';
import type { AlertRule } from '../../src/telemetry/alerts/alert-rule.ts';
import type { Chore } from '../../src/telemetry/delivery/rounds.ts';
import { startReceiver, type HttpReceiver } from '../support/http-receiver.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';
import { writeRun } from './watched-ledger.fixture.ts';

const minute = 60_000;
const signal = new AbortController().signal;

let system: 'SQLite' | 'PostgreSQL';
let database: TestDatabase;
/** Each test has one of its own. */
let ledgers = 0;
let folder: string;
let receiver: HttpReceiver;
let nowMs: number;
const stores: RunStore[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  ledgers += 1;
  folder = await mkdtemp(join(tmpdir(), 'millrace-chore-'));
  receiver = await startReceiver();
  nowMs = Date.UTC(2026, 0, 5);
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await receiver.close();
  await rm(folder, { recursive: true });
});

async function openStore(): Promise<RunStore> {
  const store =
    system === 'SQLite'
      ? await openSqliteLedger(join(folder, 'ledger.db'))
      : await openLedger(`${database.url}?schema=alerts_${ledgers}`);
  stores.push(store);
  return store;
}

interface Watcher {
  readonly chore: Chore;
  readonly reports: readonly string[];
}

async function watch(
  store: RunStore,
  holder: string,
  ...rules: readonly Partial<AlertRule>[]
): Promise<Watcher> {
  const reports: string[] = [];
  const chore = createAlertChore({
    project: 'shop',
    keeper: { store, holder, isGone: (name) => name === 'dead', now: () => nowMs },
    judgement: {
      store,
      rules: rules.map((rule) => ({
        name: rule.on ?? '',
        on: 'late',
        channels: ['hook'],
        nodes: undefined,
        schedule: undefined,
        withinSeconds: 600,
        deviations: 5,
        history: 20,
        isFirstOnly: true,
        tellsRecovery: true,
        isUrgent: false,
        template: undefined,
        ...rule,
      })),
      assets: () => ['raw/orders'],
      expected: () => ['raw/orders'],
      staleSinceMs: async (_, madeAtMs, atMs) =>
        atMs - madeAtMs > 20 * minute ? madeAtMs + 20 * minute : undefined,
      lastDueMs: (_, atMs) => Math.floor(atMs / (60 * minute)) * 60 * minute,
    },
    channels: new Map([['hook', { type: 'webhook', url: receiver.url, secret: undefined }]]),
    quietHours: undefined,
    redact: (text) => text,
    report: (message) => reports.push(message),
  });
  await chore.prepare();
  return { chore, reports };
}

function told(): readonly string[] {
  return receiver.taken.map(({ body }) => {
    const { state, text } = JSON.parse(body) as { state: string; text: string };
    return `${state} ${text.split('\n')[0]}`;
  });
}

describe.each(['SQLite', 'PostgreSQL'] as const)('alerts from a ledger in %s', (kind) => {
  beforeEach(() => {
    system = kind;
  });

  test('rows far from what is usual are told, and rows within it again', async () => {
    const store = await openStore();
    const { chore } = await watch(store, 'me', { on: 'volume' });
    for (const rows of [100, 102, 98, 101, 99, 100, 103, 97, 100, 10, 101]) {
      nowMs += minute;
      await writeRun(store, 'raw/orders', nowMs, { rows: 0, metadata: { rowsRead: rows } });
      await chore.work(signal);
    }
    expect(told()).toEqual([
      'raised shop: raw/orders has 10 rows, usual are 92 to 108',
      'recovered shop: raw/orders is well again (off its usual range before)',
    ]);
  });

  test('an asset that is not made in time is told once, and when it is made', async () => {
    const store = await openStore();
    const { chore } = await watch(store, 'me', { on: 'late' });
    await writeRun(store, 'raw/orders', nowMs, { metadata: {} });
    for (const minutes of [5, 5, 1, 1]) {
      nowMs += minutes * minute;
      await chore.work(signal);
    }
    const since = new Date(Date.UTC(2026, 0, 5)).toISOString();
    expect(told()).toEqual([`raised shop: raw/orders is late, since ${since}`]);
    await writeRun(store, 'raw/orders', nowMs, { metadata: {} });
    nowMs += minute;
    await chore.work(signal);
    expect(told()[1]).toBe('recovered shop: raw/orders is well again (late before)');
  });

  test('without a time of its own, late is what is older than is expected of it', async () => {
    const store = await openStore();
    const { chore } = await watch(store, 'me', { on: 'late', withinSeconds: undefined });
    await writeRun(store, 'raw/orders', nowMs, { metadata: {} });
    for (const minutes of [15, 10, 10]) {
      nowMs += minutes * minute;
      await chore.work(signal);
    }
    expect(told()).toEqual(['raised shop: raw/orders is late, since 2026-01-05T00:20:00.000Z']);
    await writeRun(store, 'raw/orders', nowMs, { metadata: {} });
    nowMs += minute;
    await chore.work(signal);
    expect(told()).toHaveLength(2);
  });

  test('a schedule that does not start is told', async () => {
    const store = await openStore();
    const { chore } = await watch(store, 'me', { on: 'late', schedule: 'hourly' });
    const tick = async (): Promise<void> => {
      const nominalAtMs = Math.floor(nowMs / (60 * minute)) * 60 * minute;
      await store.recordTick({ schedule: 'hourly', nominalAtMs, atMs: nowMs });
    };
    await tick();
    for (const minutes of [55, 10, 10]) {
      nowMs += minutes * minute;
      await chore.work(signal);
    }
    expect(told()).toEqual(['raised shop: schedule hourly is late, since 2026-01-05T01:00:00.000Z']);
    await tick();
    nowMs += minute;
    await chore.work(signal);
    expect(told()).toHaveLength(2);
  });

  test('of many processes that judge the same ledger at once, each message is sent by one', async () => {
    const store = await openStore();
    const rules = [{ on: 'step_failed', isFirstOnly: false }] as const;
    const watchers = [
      await watch(store, 'one', ...rules),
      await watch(await openStore(), 'two', ...rules),
      await watch(await openStore(), 'three', ...rules),
    ];
    for (let round = 0; round < 10; round += 1) {
      nowMs += minute;
      await writeRun(store, 'raw/orders', nowMs, undefined);
      await Promise.all(watchers.map(({ chore }) => chore.work(signal)));
    }
    for (const { chore } of watchers) await chore.work(signal);
    expect(receiver.requests.length).toBe(10);
    expect(new Set(receiver.requests.map(({ headers }) => headers['millrace-delivery'])).size).toBe(10);
  });

  test('what a channel refuses for good is given up and told, what it cannot take now is sent later', async () => {
    const store = await openStore();
    const { chore, reports } = await watch(store, 'me', { on: 'step_failed', isFirstOnly: false });
    receiver.answer = (_, count) => (count === 1 ? 400 : count < 4 ? 503 : 200);
    for (let round = 0; round < 2; round += 1) {
      nowMs += minute;
      await writeRun(store, 'raw/orders', nowMs, undefined);
      await chore.work(signal);
    }
    expect(reports).toEqual([
      expect.stringMatching(/was given up: .* answered 400/),
      expect.stringMatching(/answered 503\. It is tried again/),
    ]);
    for (let round = 0; round < 2; round += 1) {
      nowMs += minute;
      await chore.work(signal);
    }
    expect(told()).toEqual(['raised shop: raw/orders failed']);
  });
});
