import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { baseFile, openSyncBench, type SyncBench } from '../../test/support/sync-bench.ts';
import { planSync, readSync } from './index.ts';

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(async () => testDatabase.drop());

describe.each(['duckdb', 'postgres'] as const)('a sync from %s', (kind) => {
  let bench: SyncBench;
  beforeEach(async () => {
    bench = await openSyncBench(kind, testDatabase.url);
  });
  afterEach(async () => bench.close());

  it('sends everything first, then only what changed, then nothing', async () => {
    expect((await bench.run()).metadata).toMatchObject({
      inserted: 5,
      updated: 0,
      deleted: 0,
      unchanged: 0,
      batches: 3,
    });
    expect(bench.crm.customers.get('1')).toEqual({ external_id: 1, name: 'Ann', value: 1.5 });
    expect(bench.crm.customers.get('3')).toEqual({ external_id: 3, name: 'Cid', value: null });

    await bench.database.execute(`update marts.customers set value = 3 where id = 3`);
    await bench.database.execute(`update marts.customers set city = 'There'`);
    await bench.database.execute(`delete from marts.customers where id = 2`);
    await bench.put([6, 'Fay', '6']);
    const plan = await planSync(readSync(baseFile, 'syncs/crm.yaml'), bench.database, {
      schema: 'marts',
      name: 'customers',
    });
    expect(plan).toMatchObject({ insert: 1, update: 1, delete: 1, calls: 2 });
    bench.crm.requests.length = 0;
    expect((await bench.run()).metadata).toMatchObject({
      inserted: 1,
      updated: 1,
      deleted: 1,
      unchanged: 3,
      failed: 0,
    });
    expect(bench.crm.requests.map(({ path, records }) => [path, records])).toEqual([
      ['/delete', [{ external_id: 2 }]],
      [
        '/batch',
        [
          { external_id: 3, name: 'Cid', value: 3 },
          { external_id: 6, name: 'Fay', value: 6 },
        ],
      ],
    ]);

    bench.crm.requests.length = 0;
    expect((await bench.run()).metadata).toMatchObject({
      inserted: 0,
      updated: 0,
      deleted: 0,
      unchanged: 5,
      requests: 0,
    });
    expect(bench.crm.requests).toEqual([]);
  });

  it('calls insert, update and delete each by its own endpoint', async () => {
    const file = baseFile.replace(
      'upsert: { path: /batch }',
      'insert: { path: /new }\n  update: { method: PATCH, path: /old }',
    );
    await bench.run(file);
    await bench.database.execute(`update marts.customers set name = 'Zoe' where id = 1`);
    await bench.put([6, 'Fay', '6']);
    bench.crm.requests.length = 0;
    await bench.run(file);
    expect(bench.crm.requests.map(({ path, records }) => [path, records.length])).toEqual([
      ['/new', 1],
      ['/old', 1],
    ]);
  });

  it('sends by several key columns, with big, exact and quoted values', async () => {
    await bench.database.execute('drop table marts.customers');
    await bench.database.execute(
      'create table marts.customers (id bigint, name varchar, value decimal(30,2), city varchar)',
    );
    await bench.put([9007199254740993n, 'O\'\'Hara "x"', '1234567890123456789.10'], [1, 'Ann', '1']);
    const file = baseFile.replace('primary_key: id', 'primary_key: [id, name]');
    expect((await bench.run(file)).metadata).toMatchObject({ inserted: 2 });
    await bench.database.execute(`delete from marts.customers where id = 1`);
    bench.crm.requests.length = 0;
    await bench.run(file);
    expect(bench.crm.requests.map((request) => request.records)).toEqual([[{ external_id: 1, name: 'Ann' }]]);
  });
});
