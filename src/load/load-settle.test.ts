import { writeFile } from 'node:fs/promises';
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
  await harness.open('DISK', filesConnector, {});
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, config);
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});
beforeEach(async () => {
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
});

/** ISO text of a time some seconds before now. */
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const sources = [
  ['LITE', 'timestamp'],
  ['PG', 'timestamptz'],
  ['PG', 'timestamp'],
] as const;

describe.each(sources)('%s, %s', (source, type) => {
  const yaml = (options: string): string =>
    `source: ${source}\ntarget: DUCK\nstreams: { visits: { object: raw.visits, mode: incremental, update_key: at, ${options} } }\n`;
  const insert = (id: number, at: string) =>
    harness.run(
      source,
      `insert into visits values (${id}, '${at.replace('Z', type === 'timestamptz' ? 'Z' : '')}')`,
    );
  const ids = async () => (await harness.rows('DUCK', 'select id from raw.visits order by id')).flat();

  beforeEach(async () => {
    await harness.run(
      source,
      'drop table if exists visits',
      `create table visits (id int primary key, at ${type})`,
    );
  });

  test.each(['', 'primary_key: id,'])('lookback brings rows that were committed late (%s)', async (key) => {
    const withLookback = yaml(`${key} meta: { millrace: { lookback_seconds: 600 } }`);
    await insert(1, ago(5000));
    await insert(2, ago(1000));
    await harness.loadOne(withLookback);
    await insert(3, ago(1300));
    await insert(4, ago(4000));
    expect(await harness.loadOne(yaml(`${key} tags: [plain]`))).toMatchObject({ rowsInserted: 0 });
    expect(await harness.loadOne(withLookback)).toMatchObject({ rowsInserted: 1, rowsUpdated: 0 });
    expect(await ids()).toEqual([1, 2, 3]);
    expect(await harness.loadOne(withLookback)).toMatchObject({ rowsInserted: 0, rowsDeleted: 0 });
  });

  test('a settle delay leaves young rows, and those that come beside them, to a later run', async () => {
    const settled = yaml('meta: { millrace: { settle_delay_seconds: 300 } }');
    await insert(1, ago(900));
    await insert(2, ago(10));
    expect(await harness.loadOne(settled)).toMatchObject({ rowsInserted: 1 });
    await insert(3, ago(20));
    const sooner = yaml('meta: { millrace: { settle_delay_seconds: 1 } }');
    expect(await harness.loadOne(sooner)).toMatchObject({ rowsInserted: 2 });
    expect(await ids()).toEqual([1, 2, 3]);
  });

  test('a watermark never goes back', async () => {
    await insert(1, ago(10));
    await harness.loadOne(yaml('primary_key: id'));
    const settled = await harness.loadOne(
      yaml('primary_key: id, meta: { millrace: { settle_delay_seconds: 300 } }'),
    );
    expect(settled['watermarkAfter']).toBe(settled['watermarkBefore']);
  });
});

test('files settle too', async () => {
  await writeFile(join(harness.folder, 'visits.csv'), `id,at\n1,${ago(900)}\n2,${ago(10)}\n`);
  const yaml =
    'source: DISK\ntarget: DUCK\nstreams: { visits.csv: { object: raw.visits, mode: incremental, update_key: at, meta: { millrace: { settle_delay_seconds: 300 } } } }\n';
  expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 1 });
});

test('a delay needs a time', async () => {
  await harness.run('LITE', 'drop table if exists numbers', 'create table numbers (id int primary key)');
  const load = (key: string) =>
    harness.loadOne(
      `source: LITE\ntarget: DUCK\nstreams: { numbers: { object: raw.numbers, update_key: id, meta: { millrace: { ${key}: 3 } } } }\n`,
    );
  await expect(load('lookback_seconds')).rejects.toThrow(
    /lookback_seconds needs an update_key that is a time/,
  );
  await expect(load('settle_delay_seconds')).rejects.toMatchObject({ code: 'key_type_unsupported' });
  await expect(load('settle_delay')).rejects.toMatchObject({ code: 'unknown_key' });
});
