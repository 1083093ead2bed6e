import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  for (const [index, database] of databases.entries()) {
    const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
    await harness.open(index === 0 ? 'SHOP' : 'PG', postgresConnector, config);
  }
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
});

const yaml = (more = ''): string =>
  `source: SHOP\ntarget: PG\nstreams: { orders: { object: raw.orders, mode: full-refresh, ${more} } }\n`;

beforeEach(async () => {
  await harness.run('PG', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  await harness.run(
    'SHOP',
    'drop table if exists orders',
    'create table orders (id int primary key, total int, note text)',
    `insert into orders values (1, 10, 'a')`,
  );
  await harness.loadOne(yaml());
  await harness.run('PG', 'create view raw.totals as select id, total from raw.orders');
});

test('a new type of a column that a view uses is an error that names the view, and the way out works', async () => {
  await harness.run(
    'SHOP',
    'alter table orders alter total type numeric(10,2)',
    'update orders set total = 1.25',
  );
  await expect(harness.loadOne(yaml())).rejects.toMatchObject({
    code: 'view_in_the_way',
    message: expect.stringContaining('raw.totals'),
    next: expect.stringContaining('pre_sql'),
  });
  expect(await harness.rows('PG', 'select total from raw.totals')).toEqual([[10]]);
  const way = `target_options: { pre_sql: 'drop view raw.totals', post_sql: 'create view raw.totals as select id, total from raw.orders' }`;
  await harness.loadOne(yaml(way));
  expect(await harness.rows('PG', 'select total from raw.totals')).toEqual([['1.25']]);
});

test('a new type of another column is none of the view', async () => {
  await harness.run('SHOP', 'alter table orders alter note type varchar(9)');
  await harness.loadOne(yaml());
  expect(await harness.rows('PG', 'select total from raw.totals')).toEqual([[10]]);
});

test('a column that was dropped by hand comes back, told as a change, unless it is left out', async () => {
  await harness.run('PG', 'alter table raw.orders drop column note');
  await harness.loadOne(yaml('target_options: { add_new_columns: false }'));
  const columns = async () =>
    (await (await harness.get('PG')).database!.describe({ schema: 'raw', name: 'orders' }))?.columns.map(
      ({ name }) => name,
    );
  expect(await columns()).toEqual(['id', 'total']);
  expect(await harness.loadOne(yaml())).toMatchObject({ schemaChanges: ['column note text added'] });
  expect(await columns()).toEqual(['id', 'total', 'note']);
});
