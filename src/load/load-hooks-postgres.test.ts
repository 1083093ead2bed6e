import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';

let harness: LoadHarness;
let shop: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  shop = await createTestDatabase();
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(shop.url));
  await harness.open('SHOP', postgresConnector, config);
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.run(
    'SHOP',
    'create table orders (id int primary key, at timestamptz default now())',
    'insert into orders select generate_series(1, 3)',
    'create table users (id int primary key)',
    'create table log (text text)',
  );
});
afterAll(async () => {
  await harness.close();
  await shop.drop();
});

test('hooks look at tables, write to them and leave streams out', async () => {
  const figures = await harness.load(`
source: SHOP
target: DUCK
defaults:
  object: 'raw.{stream_table}'
  hooks:
    pre:
      - { type: query, id: rows, connection: SHOP, query: 'select count(*) as n from {stream.full_name}' }
      - { type: check, check: 'state.rows.result[0].n > 0', on_failure: skip }
    post:
      - { type: inspect, id: made, location: 'DUCK/{object.full_name}' }
      - { type: query, connection: SHOP, query: "insert into log values ('{stream.table} {run.total_rows} {state.made.columns[0].type} {YYYY}')" }
streams:
  public.orders:
  public.users:
`);
  expect(await harness.rows('SHOP', 'select text from log')).toEqual([['orders 3 int32 2026']]);
  expect(await (await harness.get('DUCK')).database?.list('raw')).toMatchObject([{ name: 'orders' }]);
  expect(figures.get('raw/users')?.metadata).toMatchObject({
    rowsRead: 0,
    laneReason: 'a hook skipped the stream',
  });
});

test('a failed query of a merge hook takes the rows back with it, in PostgreSQL too', async () => {
  await harness.run('DUCK', 'create or replace table raw.fresh as select 9 as id');
  const yaml = (query: string): string => `
source: DUCK
target: SHOP
streams:
  raw.fresh:
    object: public.fresh
    hooks: { post_merge: [{ type: query, query: '${query}' }] }
`;
  await expect(harness.load(yaml('insert into nowhere values (1)'))).rejects.toThrow(/nowhere/);
  expect(
    await (await harness.get('SHOP')).database?.describe({ schema: 'public', name: 'fresh' }),
  ).toBeUndefined();
  await harness.load(yaml('insert into log select id::text from {object.full_name}'));
  expect(await harness.rows('SHOP', "select text from log where text = '9'")).toEqual([['9']]);
});
