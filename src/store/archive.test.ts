import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Plan, PlanStep } from '../core/plan.ts';
import { openArchive } from './archive.ts';
import { openLedger } from './ledger.ts';
import { readArchiveLines, toArchiveLines } from './record/archive-lines.ts';
import { archiveTables, type ArchiveRow } from './record/archive-table.ts';

let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-archive-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function step(key: string, more: Partial<PlanStep> = {}): PlanStep {
  const retry = { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 };
  return { key, kind: 'asset', type: 'table', executor: 'x', dependsOn: [], locks: [key], retry, ...more };
}

const plan: Plan = {
  selection: 'ä "quoted"',
  manifestHash: 'h',
  steps: [step('found'), step('load', { forEach: 'found', dependsOn: ['found'] }), step('day')],
  options: { fullRefresh: false },
};

/** A ledger with something in each of its tables; its newest run goes on. */
async function fill(place: string): Promise<void> {
  const store = await openLedger(place);
  const claim = { owner: 'him', expectedEpoch: 0, atMs: 20, expiresAtMs: 30, resetReason: 'died' };
  for (const id of ['first', 'second']) {
    const tick = { schedule: 'nightly', nominalAtMs: id === 'first' ? 1 : 2, atMs: 5, runId: id };
    await store.createRun(
      { id, plan, trigger: { kind: 'schedule', schedule: 'nightly' }, createdAtMs: 5 },
      tick,
    );
    const lease = await store.claimRun({ runId: id, ...claim });
    if (!lease) throw new Error('it was not to be had');
    await store.moveRun(lease, { to: 'running', atMs: 21 });
    for (const key of ['found', 'day'])
      await store.startStep(lease, { step: key, attempt: 1, atMs: 22, locks: [] });
    await store.appendLog(lease, {
      step: 'found',
      attempt: 1,
      level: 'info',
      message: 'line\nof "text" \u{1F980}',
      atMs: 23,
    });
    await store.saveCheckpoint(lease, 'day', { chunk: [1, null, { deep: true }] });
    const items = [{ of: 'load', key: 'a', value: { name: 'a' } }];
    const done = { to: 'succeeded', attempt: 1, atMs: 24 } as const;
    const partitions = { text: '2024-01-01', count: 1, ranges: [{ slice: 'time', from: 3, to: 4 }] };
    await store.moveSteps(lease, [
      { step: 'found', ...done, items, outcome: { rows: 2, metadata: { note: 'ok' } } },
      { step: 'day', ...done, partitions, outcome: { metadata: {} } },
    ]);
  }
  await store.writeNote({ name: 'cursor', expectedVersion: 0, value: { at: 9 } });
  await store.addPartitionKeys('customers', ['z', 'a'], 40);
  await store.commitTriggers({
    notes: [],
    runs: [
      {
        run: { id: 'third', plan, trigger: { kind: 'sensor', name: 's' }, createdAtMs: 50 },
        key: { trigger: 'sensor s', text: 'k' },
      },
    ],
    ticks: [{ trigger: 'sensor s', atMs: 50, outcome: 'started', runIds: ['third'] }],
  });
  await store.createBackfill({
    id: 'b',
    version: 1,
    state: 'running',
    createdAtMs: 60,
    selection: 'x',
    partitions: 'all',
    options: { fullRefresh: false },
    targets: {},
    requested: {},
    unmade: {},
    partitionCount: 0,
    stepCount: 0,
    stepsPerRun: 5,
    runCount: 0,
  });
  await store.close();
}

async function dump(place: string): Promise<readonly ArchiveRow[]> {
  const archive = await openArchive(place);
  try {
    return await Array.fromAsync(archive.read());
  } finally {
    await archive.close();
  }
}

async function copy(from: string, to: string, isReplacing = false): Promise<number> {
  const [source, target] = [await openArchive(from), await openArchive(to)];
  try {
    const lines = await Array.fromAsync(toArchiveLines(source.read(), 0));
    return await target.write(readArchiveLines(each(lines), 'archive'), isReplacing);
  } finally {
    await source.close();
    await target.close();
  }
}

async function* each<Item>(items: Iterable<Item>): AsyncIterable<Item> {
  yield* items;
}

const shared = (schema: string): string => `${database.url}?schema=${schema}`;

describe('an archive of a ledger', () => {
  it('goes from SQLite to PostgreSQL and back with all that there is, and work goes on there', async () => {
    const [first, second, third] = [join(folder, 'a.db'), shared('archived'), join(folder, 'b.db')];
    await fill(first);
    const rows = await dump(first);
    expect(new Set(rows.map(({ table }) => table))).toEqual(new Set(archiveTables.map(({ name }) => name)));
    expect(await copy(first, second)).toBe(3);
    expect(await dump(second)).toEqual(rows);
    expect(await copy(second, third)).toBe(3);
    expect(await dump(third)).toEqual(rows);
    for (const place of [second, third]) {
      const store = await openLedger(place);
      const newest = await store.lastSequence();
      const lease = await store.claimRun({
        runId: 'second',
        owner: 'her',
        expectedEpoch: 1,
        atMs: 70,
        expiresAtMs: 90,
        resetReason: 'died',
      });
      if (!lease) throw new Error('it cannot go on');
      await store.startStep(lease, { step: 'load@a', attempt: 1, atMs: 71, locks: [] });
      expect((await store.findRun('second'))?.steps.map(({ key, state }) => [key, state])).toEqual([
        ['found', 'succeeded'],
        ['load@a', 'running'],
        ['load', 'pending'],
        ['day', 'succeeded'],
      ]);
      expect(await store.lastSequence()).toBeGreaterThan(newest);
      expect((await store.completionHistory('found', 9)).map(({ runId }) => runId)).toEqual([
        'second',
        'first',
      ]);
      await store.close();
    }
  });

  it.each(['a file', 'a schema'])(
    'does not touch what is in %s unless it is to be replaced',
    async (kind) => {
      const first = join(folder, 'a.db');
      const second = kind === 'a file' ? join(folder, 'b.db') : shared('taken');
      await fill(first);
      await fill(second);
      const store = await openLedger(second);
      await store.createRun({ id: 'own', plan, trigger: { kind: 'code' }, createdAtMs: 99 });
      await store.close();
      const before = await dump(second);
      await expect(copy(first, second)).rejects.toMatchObject({ code: 'ledger_not_empty', kind: 'config' });
      expect(await dump(second)).toEqual(before);
      expect(await copy(first, second, true)).toBe(3);
      expect(await dump(second)).toEqual(await dump(first));
    },
  );

  it.each(['a file', 'a schema'])('that is cut off or wrong leaves %s as it was', async (kind) => {
    const second = kind === 'a file' ? join(folder, 'b.db') : shared('cut_off');
    await fill(join(folder, 'a.db'));
    const source = await openArchive(join(folder, 'a.db'));
    const lines = await Array.fromAsync(toArchiveLines(source.read(), 0));
    await source.close();
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [lines.slice(0, -1), 'archive_invalid'],
      [[...lines.slice(0, 5), '{"runs":{"colour":1}}\n', ...lines.slice(5)], 'archive_invalid'],
      [[...lines.slice(0, 5), 'not JSON\n', ...lines.slice(5)], 'archive_invalid'],
      [['{"millrace":"ledger","version":99}\n', ...lines.slice(1)], 'archive_newer'],
      [['{"runs":{}}\n'], 'archive_invalid'],
      [[], 'archive_invalid'],
    ];
    for (const [text, code] of wrong) {
      const target = await openArchive(second);
      const written = target.write(readArchiveLines(each(text), 'x.jsonl'), false);
      await expect(written).rejects.toMatchObject({ code });
      await target.close();
    }
    expect(await dump(second)).toEqual([]);
  });
});
