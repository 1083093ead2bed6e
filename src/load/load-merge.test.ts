import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
});
afterAll(async () => {
  await harness.close();
});
beforeEach(async () => {
  await harness.run('LITE', 'drop table if exists orders');
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
});

/** The newest of each key is kept, what is the same is left alone, and the rest replaced or added. */
async function mergeOrders(extra: string, targetOptions = ''): Promise<void> {
  const load = (): Promise<unknown> =>
    harness.loadOne(
      `source: LITE\ntarget: DUCK\nstreams: { orders: { object: raw.orders, mode: incremental, primary_key: id, update_key: at${targetOptions} } }\n`,
    );
  const insert = (values: string): Promise<unknown> =>
    harness.run('LITE', `insert into orders values ${values}`);
  await harness.run('LITE', `create table orders (id integer, name text, at integer, ${extra} integer)`);
  await insert(`(1, 'one', 1, 7), (2, 'two', 2, 7), (3, 'three', 3, 7)`);
  expect(await load()).toMatchObject({ rowsInserted: 3 });
  if (targetOptions !== '') await harness.run('DUCK', `alter table raw.orders drop column "${extra}"`);
  await insert(
    `(2, 'older', 4, 7), (2, 'newer', 5, 7), (4, 'four', 4, 7), (4, 'FOUR', 6, 7), (5, null, 4, 7)`,
  );
  expect(await load()).toMatchObject({
    rowsRead: 6,
    rowsInserted: 2,
    rowsUpdated: 1,
    rowsDeleted: 0,
    rowsInTarget: null,
  });
  expect(await harness.rows('DUCK', 'select id, name, "at" from raw.orders order by id')).toEqual([
    [1, 'one', 1],
    [2, 'newer', 5],
    [3, 'three', 3],
    [4, 'FOUR', 6],
    [5, null, 4],
  ]);
}

test('a merge keeps the newest of each key and leaves the same rows alone', async () => {
  await mergeOrders('amount');
});

test('a column called rowid is a column like others', async () => {
  await mergeOrders('rowid');
  expect(await harness.rows('DUCK', 'select distinct "rowid" from raw.orders')).toEqual([[7]]);
});

test('a column called RowId does not matter where the target is without it', async () => {
  await mergeOrders('RowId', ', target_options: { add_new_columns: false }');
});
