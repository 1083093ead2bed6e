import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';

let harness: LoadHarness;
let database: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  database = await createTestDatabase();
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('DISK', filesConnector, {});
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, config);
  await harness.run('DUCK', 'create table numbers as select i as id from range(5) t(i)');
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

test('a target that does not take every row stays as it was', async () => {
  await harness.run(
    'PG',
    'create schema raw',
    'create table raw.numbers (id bigint)',
    'insert into raw.numbers values (7)',
    `create function raw.leave_out() returns trigger language plpgsql as 'begin if new.id > 2 then return null; end if; return new; end'`,
    'create trigger fewer before insert on raw.numbers for each row execute function raw.leave_out()',
  );
  const yaml = 'source: DUCK\ntarget: PG\nstreams: { main.numbers: { object: raw.numbers } }\n';
  await expect(harness.loadOne(yaml)).rejects.toMatchObject({ code: 'count_differs' });
  expect(await harness.rows('PG', 'select id from raw.numbers')).toEqual([[7]]);
});

test('the figures tell the rows of the target', async () => {
  const yaml =
    'source: DUCK\ntarget: DUCK\nstreams: { main.numbers: { object: raw.copy, mode: snapshot } }\n';
  expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 5, rowsInTarget: 5 });
  expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 5, rowsInTarget: 10 });
});

test('hidden files that stopped loads left beside a file are removed, others are not', async () => {
  const names = ['.out.csv~0a1b2c3d', '.out.csv~mine', '.out.csv', '.other.csv~0a1b2c3d', 'out.csv~0a1b2c3d'];
  for (const name of names) await writeFile(join(harness.folder, name), 'x');
  await harness.loadOne('source: DUCK\ntarget: DISK\nstreams: { main.numbers: { object: out.csv } }\n');
  const left = (await readdir(harness.folder)).filter((name) => name.includes('csv')).sort();
  expect(left).toEqual(['.other.csv~0a1b2c3d', '.out.csv', '.out.csv~mine', 'out.csv', 'out.csv~0a1b2c3d']);
});
