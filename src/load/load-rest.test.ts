import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
let server: TestDatabase;
beforeAll(async () => {
  server = await createTestDatabase();
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open(
    'PG',
    postgresConnector,
    postgresConnector.config.parse(postgresConnector.parseUrl(server.url)),
  );
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
});
afterAll(async () => {
  await harness.close();
  await server.drop();
});

const settled = 'nothing new';

describe.each(['LITE', 'PG'])('a stream of %s with nothing new', (source) => {
  const yaml = (options = ''): string =>
    `source: ${source}\ntarget: DUCK\nstreams: { visits: { object: raw.visits, mode: incremental, update_key: at, primary_key: id ${options} } }\n`;
  const load = async (options = '') => {
    harness.logged.length = 0;
    const { rowsInserted, rowsUpdated } = await harness.loadOne(yaml(options));
    return { rowsInserted, rowsUpdated, rests: harness.logged.some((line) => line.includes(settled)) };
  };
  const published = () =>
    harness.rows('DUCK', "select published_at from _millrace.watermarks where stream = 'visits'");
  const held = async () =>
    (await harness.rows('DUCK', 'select id, note from raw.visits order by id')).map((row) => row.join(' '));

  beforeEach(async () => {
    await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
    await harness.run(
      source,
      'drop table if exists visits',
      'create table visits (id integer primary key, note text, at integer)',
      "insert into visits values (1, 'a', 10), (2, 'b', 20), (3, 'c', 20)",
    );
    expect(await load()).toEqual({ rowsInserted: 3, rowsUpdated: 0, rests: false });
  });

  test('writes nothing', async () => {
    const before = await published();
    expect(await load()).toEqual({ rowsInserted: 0, rowsUpdated: 0, rests: true });
    expect(await published()).toEqual(before);
  });

  test('notices a row that changed and kept its update key', async () => {
    await harness.run(source, "update visits set note = 'B' where id = 2");
    expect(await load()).toEqual({ rowsInserted: 0, rowsUpdated: 1, rests: false });
    expect(await load()).toMatchObject({ rests: true });
    expect(await held()).toEqual(['1 a', '2 B', '3 c']);
  });

  test('notices a row that came late, with the greatest update key', async () => {
    await harness.run(source, "insert into visits values (4, 'd', 20)");
    expect(await load()).toEqual({ rowsInserted: 1, rowsUpdated: 0, rests: false });
    expect(await held()).toContain('4 d');
  });

  test('notices a row without an update key', async () => {
    await harness.run(source, "insert into visits values (4, 'd', null)");
    expect(await load()).toEqual({ rowsInserted: 1, rowsUpdated: 0, rests: false });
    await harness.run(source, "update visits set note = 'D' where id = 4");
    expect(await load()).toEqual({ rowsInserted: 0, rowsUpdated: 1, rests: false });
  });

  test('notices rows within the lookback', async () => {
    const lookback = ', meta: { millrace: { lookback_seconds: 15 } }';
    await harness.run(source, 'drop table visits');
    const type = source === 'PG' ? 'timestamptz' : 'datetime';
    await harness.run(
      source,
      `create table visits (id integer primary key, note text, at ${type})`,
      "insert into visits values (1, 'a', '2024-01-01 00:00:00'), (2, 'b', '2024-01-01 00:00:10')",
    );
    await harness.run('DUCK', 'drop schema raw cascade', 'drop schema _millrace cascade');
    await load(lookback);
    await load(lookback);
    expect(await load(lookback)).toMatchObject({ rests: true });
    await harness.run(source, "update visits set note = 'A' where id = 1");
    expect(await load(lookback)).toMatchObject({ rowsUpdated: 1, rests: false });
  });

  test.each([
    ['another definition', ", where: 'id < 3'"],
    ['rows to be removed', ', target_options: { delete_missing: hard }'],
    ['statements of its own', ", target_options: { post_sql: 'select 1' }"],
    ['hooks of its own', ", hooks: { post_merge: [{ type: log, message: 'merged' }] }"],
  ])('is loaded all the same with %s', async (_why, options) => {
    expect(await load(options)).toMatchObject({ rests: false });
  });

  test('is loaded all the same into a table that lost a column', async () => {
    await harness.run('DUCK', 'alter table raw.visits drop column note');
    expect(await load()).toMatchObject({ rests: false });
  });

  test('goes on from watermarks of an earlier version', async () => {
    await harness.run('DUCK', 'alter table _millrace.watermarks drop column window_print');
    expect(await load()).toEqual({ rowsInserted: 0, rowsUpdated: 0, rests: false });
    expect(await load()).toMatchObject({ rests: true });
  });
});
