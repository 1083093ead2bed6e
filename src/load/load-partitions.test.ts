import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  const [shop, warehouse] = databases.map((database) => postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, postgresConnector.config.parse(shop));
  await harness.open('PG2', postgresConnector, postgresConnector.config.parse(warehouse));
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
});

const day = (date: number, zone = 'UTC', aheadMs = 0) => {
  const startMs = Date.UTC(2024, 0, date) - aheadMs;
  return { window: { startMs, endMs: startMs + 86_400_000, zone } };
};

const routes = [
  ['LITE', 'DUCK'],
  ['PG', 'PG2'],
  ['PG', 'DUCK'],
] as const;

describe.each(routes)('partitions from %s to %s', (source, target) => {
  const stream = (rest: string, name = 'orders', others = ''): string =>
    `source: ${source}\ntarget: ${target}\nstreams: { ${name}: { object: raw.orders, ${rest} }${others} }\n`;
  const held = (columns = 'id, name') =>
    harness.rows(target, `select ${columns} from raw.orders order by id`);
  const ids = async () => (await held('id')).map(([id]) => id);
  const both = 'update_key: at, primary_key: id';

  beforeEach(async () => {
    await harness.run(
      source,
      'drop table if exists orders',
      'create table orders (id int primary key, name text, at timestamp, on_day date)',
      ...[1, 2, 3, 4].flatMap((date) =>
        [`${date}0`, `${date}1`].map(
          (id) =>
            `insert into orders values (${id}, 'n', '2024-01-0${date} ${id.endsWith('0') ? '00:00:00' : '23:59:59'}', '2024-01-0${date}')`,
        ),
      ),
      `insert into orders values (99, 'never', null, null)`,
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  test.each([
    ['by primary key', both],
    ['without a primary key', 'update_key: at'],
  ])('%s hold the rows of their window, from its start up to its end, in any order', async (_, keys) => {
    await harness.loadOne(stream(keys), day(3));
    expect(await ids()).toEqual([30, 31]);
    await harness.loadOne(stream(keys), day(1));
    await harness.loadOne(stream(keys), day(3));
    expect(await ids()).toEqual([10, 11, 30, 31]);
  });

  test.each([
    ['by primary key', both],
    ['without a primary key', 'update_key: at'],
  ])('%s replace exactly their own rows', async (_, keys) => {
    for (const date of [1, 2, 3]) await harness.loadOne(stream(keys), day(date));
    await harness.run(
      source,
      `update orders set name = 'new'`,
      'delete from orders where id in (10, 20)',
      `insert into orders values (25, 'late', '2024-01-02 12:00:00', '2024-01-02')`,
    );
    await harness.loadOne(stream(keys), day(2));
    expect(await held()).toEqual([
      [10, 'n'],
      [11, 'n'],
      [21, 'new'],
      [25, 'late'],
      [30, 'n'],
      [31, 'n'],
    ]);
  });

  test('a window that is empty at the source takes its rows away', async () => {
    for (const date of [1, 2]) await harness.loadOne(stream(both), day(date));
    await harness.run(source, 'delete from orders where id in (20, 21)');
    expect(await harness.loadOne(stream(both), day(2))).toMatchObject({ rowsRead: 0, rowsDeleted: 2 });
    expect(await ids()).toEqual([10, 11]);
  });

  test('a row that has moved to another window is there once', async () => {
    for (const date of [1, 2]) await harness.loadOne(stream(both), day(date));
    await harness.run(source, `update orders set at = '2024-01-02 12:00:00' where id = 11`);
    await harness.loadOne(stream(both), day(2));
    expect(await ids()).toEqual([10, 11, 20, 21]);
    await harness.loadOne(stream(both), day(1));
    expect(await ids()).toEqual([10, 11, 20, 21]);
  });

  test('leave the watermark of the stream alone, and go their own way beside it', async () => {
    await harness.loadOne(stream(`${both}, where: 'id < 30'`));
    await harness.loadOne(stream(both), day(4));
    const next = await harness.loadOne(stream(both));
    expect(next['watermarkBefore']).toMatch(/2024-01-02/);
    expect(await ids()).toEqual([10, 11, 20, 21, 30, 31, 40, 41, 99]);
  });

  test('are told in a query', async () => {
    const sql = `sql: 'select * from orders where at >= {start_value} and at < {end_value}', ${both}`;
    await harness.loadOne(stream(sql, 'q'), day(2));
    expect(await ids()).toEqual([20, 21]);
    const where = `sql: 'select * from orders where {incremental_where_cond}', ${both}`;
    await harness.loadOne(stream(where, 'q'), day(3));
    expect(await ids()).toEqual([20, 21, 30, 31]);
  });

  test('of dates go by the days of their zone, and are refused within a day', async () => {
    const dates = stream('update_key: on_day, primary_key: id');
    const hourMs = 3_600_000;
    await harness.loadOne(dates, day(2, 'Europe/Berlin', hourMs));
    expect(await ids()).toEqual([20, 21]);
    await expect(harness.loadOne(dates, day(2, 'Europe/Berlin'))).rejects.toMatchObject({
      code: 'partition_within_day',
    });
  });

  test('need a key of dates or times, and a table of their own', async () => {
    await expect(harness.loadOne(stream('update_key: id'), day(1))).rejects.toMatchObject({
      code: 'key_type_unsupported',
    });
    const refused = (rest: string) =>
      expect(harness.loadOne(stream(rest), day(1))).rejects.toMatchObject({ code: 'stream_contradictory' });
    await refused('primary_key: id');
    await refused(`${both}, mode: full-refresh`);
    await refused(`${both}, source_options: { range: '2024-01-01,' }`);
    await refused(`${both}, meta: { millrace: { settle_delay_seconds: 5 } }`);
    await refused(`${both}, target_options: { merge_strategy: insert }`);
    const shared = stream(both, 'orders', `, 'q': { object: raw.orders, sql: 'select 1 as id' }`);
    await expect(harness.load(shared, day(1))).rejects.toMatchObject({ code: 'object_shared' });
  });
});
