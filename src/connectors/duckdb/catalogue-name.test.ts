import { rm } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { duckdbConnector } from './index.ts';
import { LoadHarness } from '../../../test/support/load-harness.ts';

const harness = await LoadHarness.create();
const warehouse = await harness.open('WAREHOUSE', duckdbConnector, { path: 'raw.duckdb' });
const database = warehouse.database!;

afterAll(async () => {
  await warehouse.close();
  await rm(harness.folder, { recursive: true, force: true });
});

test('a file that has the name of a schema is read and written in every mode', async () => {
  await database.execute('create schema raw');
  await database.execute('create table raw.raw.orders as select i as id, i % 3 as part from range(10) t(i)');
  const yaml = (keys: string) =>
    `source: WAREHOUSE\ntarget: WAREHOUSE\nstreams:\n  raw.orders: { object: RAW.copied, ${keys} }\n`;
  for (const mode of ['full-refresh', 'truncate', 'snapshot', 'full-refresh'])
    await harness.load(yaml(`mode: ${mode}`));
  await database.execute('insert into raw.raw.orders values (10, 1)');
  await harness.load(yaml('mode: incremental, primary_key: [id], update_key: id'));
  await harness.load(yaml('mode: incremental, primary_key: [id], target_options: { delete_missing: hard }'));
  expect(await harness.rows('WAREHOUSE', 'select count(*), sum(id) from raw.raw.copied')).toEqual([
    [11, expect.anything()],
  ]);
});

test('SQL that leaves open which one is meant is an error that says how to write it', async () => {
  await expect(database.query('select * from raw.orders')).rejects.toMatchObject({
    kind: 'config',
    code: 'name_ambiguous',
    next: 'Write raw.raw.<table> in the SQL, or rename the file.',
  });
});
