import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('SHOP', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('WAREHOUSE', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
});
afterAll(() => harness.close());

const head = 'source: SHOP\ntarget: WAREHOUSE\n';
const held = (table: string, order = '1') =>
  harness.rows('WAREHOUSE', `select * from ${table} order by ${order}`);

describe('incremental by update key and primary key', () => {
  const yaml = `${head}
streams:
  orders: { object: raw.orders, mode: incremental, primary_key: id, update_key: changed_at }
`;
  beforeEach(async () => {
    await harness.run(
      'SHOP',
      'drop table if exists orders',
      'create table orders (id integer primary key, name text, changed_at timestamp)',
      `insert into orders values (1, 'a', '2024-01-01 10:00:00'), (2, 'b', '2024-01-01T11:00:00.5Z'), (3, 'late', null)`,
    );
    await harness.run(
      'WAREHOUSE',
      'drop schema if exists raw cascade',
      'drop schema if exists _millrace cascade',
    );
  });

  test('rounds of changes', async () => {
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 3, rowsInserted: 3, rowsUpdated: 0 });
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 2, rowsInserted: 0, rowsUpdated: 0 });
    await harness.run(
      'SHOP',
      `update orders set name = 'A', changed_at = '2024-01-02 00:00:00' where id = 1`,
      `insert into orders values (4, 'd', '2024-01-02 00:00:00')`,
    );
    expect(await harness.loadOne(yaml)).toMatchObject({
      rowsInserted: 1,
      rowsUpdated: 1,
      watermarkAfter: 'changed_at = 2024-01-02 00:00:00.000',
    });
    expect(await held('raw.orders')).toEqual([
      [1, 'A', '2024-01-02T00:00:00'],
      [2, 'b', '2024-01-01T11:00:00.500000'],
      [3, 'late', null],
      [4, 'd', '2024-01-02T00:00:00'],
    ]);
  });
});
