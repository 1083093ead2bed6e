import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { baseFile, openSyncBench, type SyncBench } from '../../test/support/sync-bench.ts';

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(async () => testDatabase.drop());

describe.each(['duckdb', 'postgres'] as const)('a model that changes in %s', (kind) => {
  let bench: SyncBench;
  beforeEach(async () => {
    bench = await openSyncBench(kind, testDatabase.url);
  });
  afterEach(async () => bench.close());

  it('stops before it deletes more than allowed', async () => {
    await bench.run();
    bench.crm.requests.length = 0;
    await bench.database.execute('delete from marts.customers where id > 2');
    const guarded = bench.run(baseFile.replace('100%', '50%'));
    await expect(guarded).rejects.toMatchObject({ kind: 'data', code: 'delete_guard' });
    await expect(guarded).rejects.toThrow(/would delete 3 of 5 rows at CRM; max_deletes allows 50%/);
    await expect(bench.run(baseFile.replace('100%', '2'))).rejects.toMatchObject({ code: 'delete_guard' });
    expect(bench.crm.requests).toEqual([]);
    expect((await bench.run(baseFile.replace('100%', '3'))).metadata).toMatchObject({ deleted: 3 });
    expect(bench.crm.names()).toEqual(['Ann', 'Bob']);
  });

  it('leaves rows alone that left the model when told to ignore them', async () => {
    const file = `${baseFile}on_delete: ignore\n`;
    await bench.run(file);
    await bench.database.execute('delete from marts.customers where id = 1');
    expect((await bench.run(file)).metadata).toMatchObject({ deleted: 0, unchanged: 4 });
    await bench.put([1, 'Ann', '1.50']);
    expect((await bench.run(file)).metadata).toMatchObject({ inserted: 0, updated: 0, unchanged: 5 });
  });

  it('refuses or leaves out rows without a usable key', async () => {
    await bench.run();
    await bench.put([null, 'Nil', null], [1, 'Ann2', null]);
    bench.crm.requests.length = 0;
    const refused = bench.run();
    await expect(refused).rejects.toMatchObject({ kind: 'data', code: 'sync_key_invalid' });
    await expect(refused).rejects.toThrow(/1 rows without id and 2 rows that share theirs/);
    await bench.put([6, 'Fay', '6']);
    const outcome = await bench.run(`${baseFile}on_invalid_key: quarantine\n`);
    expect(outcome.metadata).toMatchObject({ inserted: 1, deleted: 0, invalid: 3, unchanged: 4 });
    expect(bench.crm.sent()).toBe(1);
  });

  it('sends a new field where it has a value, forgets a removed one, and sends all when a type changes', async () => {
    await bench.run();
    const wider = baseFile.replace('value: value }', 'value: value, city: city }');
    await bench.database.execute(`update marts.customers set city = null where id = 5`);
    expect((await bench.run(wider)).metadata).toMatchObject({ updated: 4, unchanged: 1 });
    expect((await bench.run()).metadata).toMatchObject({ updated: 0, unchanged: 5 });
    await bench.database.execute('alter table marts.customers alter column value type double precision');
    expect((await bench.run()).metadata).toMatchObject({ updated: 5 });
    expect((await bench.run()).metadata).toMatchObject({ updated: 0 });
  });

  it('stops when rows are named otherwise, until it is started anew', async () => {
    await bench.run();
    const renamed = baseFile.replace('primary_key: id', 'primary_key: name');
    await expect(bench.run(renamed)).rejects.toMatchObject({ kind: 'config', code: 'sync_lineage_changed' });
    expect((await bench.run(renamed, { options: { fullRefresh: true } })).metadata).toMatchObject({
      inserted: 5,
      deleted: 0,
    });
  });

  it('sends all again on a full refresh, and still deletes what is gone', async () => {
    await bench.run();
    await bench.database.execute('delete from marts.customers where id = 1');
    const outcome = await bench.run(baseFile, { options: { fullRefresh: true } });
    expect(outcome.metadata).toMatchObject({ inserted: 0, updated: 4, deleted: 1 });
    const secondAttempt = { options: { fullRefresh: true }, attempt: 2, checkpoint: { startedAnew: true } };
    expect((await bench.run(baseFile, secondAttempt)).metadata).toMatchObject({ updated: 0, unchanged: 4 });
  });

  it('tells apart what is wrong with the model', async () => {
    const misspelt = bench.run(baseFile.replace('name: name', 'name: nmae'));
    await expect(misspelt).rejects.toMatchObject({
      kind: 'config',
      code: 'column_missing',
      origin: { line: 5 },
    });
    await expect(misspelt).rejects.toThrow(/no column nmae, did you mean 'name'/);
    expect(bench.crm.requests).toEqual([]);
  });
});
