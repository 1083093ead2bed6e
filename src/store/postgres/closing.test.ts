import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import type { StepJob } from '../../core/dispatch.ts';
import { openPostgresLedger } from './ledger.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('a ledger that is closed ends what was begun, however much that is, and refuses more', async () => {
  const store = await openPostgresLedger(database.url, { schema: 'closing' });
  const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);
  const adding = keys.map((key) => store.addPartitionKeys('set', [key], 1));
  await store.close();
  expect(await Promise.all(adding)).toEqual(keys.map(() => 1));
  await expect(store.partitionKeys('set')).rejects.toMatchObject({ code: 'ledger_closed' });
  const again = await openPostgresLedger(database.url, { schema: 'closing' });
  expect((await again.partitionKeys('set')).toSorted()).toEqual(keys.toSorted());
  await again.close();
});

it('a queue that is stopped has ended its jobs, also those that come to their end at that moment', async () => {
  const store = await openPostgresLedger(database.url, { schema: 'stopping' });
  const need = { manifestHash: 'h' };
  const count = 12;
  const step = { key: 'a', kind: 'asset', type: 't', executor: 'x', dependsOn: [], locks: [] } as const;
  const retry = { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 };
  const steps = Array.from({ length: count }, (_, index) => ({ ...step, key: `a${index}`, retry }));
  const plan = { selection: '', manifestHash: 'h', steps, options: { fullRefresh: false } };
  await store.createRun({ id: 'r', plan, trigger: { kind: 'code' }, createdAtMs: 1 });
  const claim = { runId: 'r', owner: 'o', expectedEpoch: 0, atMs: 2, expiresAtMs: 4e12, resetReason: '' };
  const lease = await store.claimRun(claim);
  if (!lease || !store.dispatch) throw new Error('nobody else wants it');
  await store.moveRun(lease, { to: 'running', atMs: 3 });

  const allBegun = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<void>();
  const troubles: string[] = [];
  let begun = 0;
  const queue = await store.dispatch.openQueue(
    { needs: [need], concurrency: count, onTrouble: (message) => troubles.push(message) },
    async () => {
      begun += 1;
      if (begun === count) allBegun.resolve();
      await ending.promise;
    },
  );
  for (const one of steps) {
    const job: StepJob = {
      runId: 'r',
      step: one,
      templates: [],
      attempt: 1,
      failedAttempts: 0,
      interruptions: 0,
      options: plan.options,
    };
    const start = { step: one.key, attempt: 1, atMs: 5, locks: [] };
    await store.dispatch.offerStep(lease, { start, job, need, priority: 0 });
  }
  await allBegun.promise;
  const stopping = queue.stop();
  ending.resolve();
  await stopping;
  expect(await database.query('select count(*)::int as left from stopping_queue._private_jobs')).toEqual([
    { left: 0 },
  ]);
  expect(troubles).toEqual([]);
  await store.close();
});
