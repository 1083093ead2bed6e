import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
let database: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  database = await createTestDatabase();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('DISK', filesConnector, { path: harness.folder });
  await harness.open(
    'PG',
    postgresConnector,
    postgresConnector.config.parse(postgresConnector.parseUrl(database.url)),
  );
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

const stream = (target: string, rest: string, object = 'raw.t'): string =>
  `source: LITE\ntarget: ${target}\nstreams: { t: { object: ${object}, ${rest} } }\n`;

beforeEach(async () => {
  await harness.run(
    'LITE',
    'drop table if exists t',
    'drop table if exists loose',
    'create table t (id integer primary key, name text)',
    'create table loose (id integer)',
    ...[5, 3, 1, 2, 4].map((id) => `insert into t values (${id}, 'n${id}')`),
  );
  for (const target of ['DUCK', 'PG'])
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
});

describe.each(['DUCK', 'PG'])('into %s', (target) => {
  const ids = (): Promise<unknown> => harness.rows(target, 'select id from raw.t order by id');

  test('ignore_existing loads what is not there, and nothing else', async () => {
    const yaml = stream(target, 'mode: full-refresh, target_options: { ignore_existing: true }');
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 5 });
    await harness.run('LITE', 'insert into t values (6, null)');
    expect(await harness.loadOne(yaml)).toMatchObject({
      rowsRead: 0,
      publication: expect.stringMatching(/ignore_existing/),
    });
    expect(await ids()).toHaveLength(5);
    expect((await harness.explain(yaml))[0]?.remarks).toEqual([expect.stringMatching(/nothing is loaded/)]);
  });

  test('table_ddl makes the table; its columns are filled by name', async () => {
    const yaml = stream(
      target,
      `mode: full-refresh, target_options: { table_ddl: 'create table {object_full_name} ({col_types}, checked boolean default true);' }`,
    );
    for (const _ of [1, 2]) await harness.loadOne(yaml);
    expect(await harness.rows(target, 'select id, name, checked from raw.t where id = 2')).toEqual([
      [2, 'n2', true],
    ]);
  });

  test('table_ddl of another table is an error', async () => {
    const ddl = `mode: full-refresh, target_options: { table_ddl: 'create table raw.other ({col_types})' }`;
    await expect(harness.loadOne(stream(target, ddl))).rejects.toMatchObject({ code: 'table_ddl_invalid' });
  });

  test('what is done in another way is said, and gives the same rows', async () => {
    const options =
      'direct_insert: true, table_tmp: raw.t_tmp, use_bulk: false, batch_limit: 2, batch_max_duration: 1m, concurrency: 3';
    const yaml = stream(target, `mode: full-refresh, target_options: { ${options} }`);
    const [plan] = await harness.explain(yaml);
    expect(plan?.remarks.map((remark) => remark.split(':')[0])).toEqual(
      ['direct_insert', 'table_tmp', 'use_bulk', 'batch_limit', 'batch_max_duration', 'concurrency'].map(
        (key) => `target_options.${key}`,
      ),
    );
    await harness.loadOne(yaml);
    expect(await ids()).toHaveLength(5);
  });

  test('offset passes rows over in the order of the primary key', async () => {
    const offset = (rest: string): string =>
      stream(target, `mode: full-refresh, source_options: { ${rest} }`);
    await harness.loadOne(offset('offset: 1, limit: 2'));
    expect(await ids()).toEqual([[2], [3]]);
    await harness.loadOne(offset('offset: 3'));
    expect(await ids()).toEqual([[4], [5]]);
  });
});

test('an offset without an order, or beside a watermark, is an error', async () => {
  const loose = `source: LITE\ntarget: DUCK\nstreams: { loose: { object: raw.t, source_options: { offset: 1 } } }\n`;
  await expect(harness.explain(loose)).rejects.toMatchObject({ code: 'key_missing' });
  const along = stream('DUCK', 'primary_key: id, update_key: id, source_options: { offset: 1 }');
  await expect(harness.explain(along)).rejects.toMatchObject({ code: 'stream_contradictory' });
});

test('the transaction that publishes has the level that is asked for', async () => {
  const level = async (word: string): Promise<unknown> => {
    const query = "insert into public.levels select current_setting('transaction_isolation')";
    await harness.run('PG', 'drop table if exists levels', 'create table levels (name text)');
    await harness.loadOne(
      stream(
        'PG',
        `mode: full-refresh, target_options: { isolation_level: ${word} }, hooks: { pre_merge: [{ type: query, query: "${query}" }] }`,
      ),
    );
    return (await harness.rows('PG', 'select name from levels'))[0]?.[0];
  };
  expect(await level('serializable')).toBe('serializable');
  expect(await level('snapshot')).toBe('repeatable read');
  expect(await level('default')).toBe('read committed');
  const duck = stream('DUCK', 'mode: full-refresh, target_options: { isolation_level: serializable }');
  await expect(harness.explain(duck)).rejects.toMatchObject({ code: 'not_yet_supported' });
});

test('ignore_existing of a file', async () => {
  const yaml = stream('DISK', 'mode: full-refresh, target_options: { ignore_existing: true }', 'out.csv');
  await harness.loadOne(yaml);
  await harness.run('LITE', 'delete from t');
  await harness.loadOne(yaml);
  expect(existsSync(join(harness.folder, 'out.csv'))).toBe(true);
  expect(readFileSync(join(harness.folder, 'out.csv'), 'utf8')).toContain('5,n5');
});
