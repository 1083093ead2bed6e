import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shops.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
});
afterAll(() => harness.close());
beforeEach(async () => {
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  await harness.run(
    'LITE',
    ...['eu', 'us'].map((shop) => `drop table if exists ${shop}`),
    'create table eu (shop text, id integer, at integer, primary key (shop, id))',
    'create table us (shop text, id integer, at integer, primary key (shop, id))',
    "insert into eu values ('eu', 1, 100), ('eu', 2, 200)",
    "insert into us values ('us', 1, 10), ('us', 2, 20)",
  );
});

const keyed = `source: LITE
target: DUCK
defaults: { object: raw.orders, mode: incremental, update_key: at, primary_key: [shop, id] }
streams:
  eu:
  us:
`;
const all = () => harness.rows('DUCK', 'select shop, id from raw.orders order by all');

test('of two streams into one table none starts at the greatest value of the other', async () => {
  await harness.load(keyed);
  await harness.run('LITE', "insert into eu values ('eu', 3, 300)", "insert into us values ('us', 3, 30)");
  await harness.load(keyed);
  expect(await all()).toEqual(['eu', 'us'].flatMap((shop) => [1, 2, 3].map((id) => [shop, id])));
});

test('a full refresh of one of them keeps the rows of the other', async () => {
  await harness.load(keyed);
  await harness.load(keyed, { fullRefresh: true });
  expect(await all()).toHaveLength(4);
});

test('rows that cannot be told from those of the other stream are not loaded', async () => {
  await expect(harness.load(keyed.replace(', primary_key: [shop, id]', ''))).rejects.toMatchObject({
    code: 'object_shared',
  });
});
