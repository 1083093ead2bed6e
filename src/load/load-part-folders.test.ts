import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'w.duckdb') });
  await harness.open('DISK', filesConnector, { path: harness.folder });
});
afterAll(() => harness.close());
beforeEach(async () => {
  await rm(join(harness.folder, 'ev'), { recursive: true, force: true });
  for (const name of await readdir(harness.folder))
    if (name.startsWith('.millrace-')) await rm(join(harness.folder, name));
  await harness.run(
    'DUCK',
    'create or replace table events (id integer, made timestamp)',
    "insert into events values (1, '2024-12-31 23:00:00'), (2, '2025-01-02 00:00:00'), (3, '2025-02-01 10:00:00')",
  );
});

const yaml = (mode: string, object = 'ev/{part_year}/{part_month}', more = ''): string =>
  `source: DUCK\ntarget: DISK\nstreams: { events: { object: '${object}', mode: ${mode}, update_key: made, target_options: { format: parquet ${more} } } }\n`;
const files = async (folder = 'ev'): Promise<readonly string[]> =>
  (await readdir(join(harness.folder, folder), { recursive: true }))
    .filter((name) => name.includes('.'))
    .sort();
const written = async (): Promise<unknown> =>
  await harness.rows(
    'DUCK',
    `select id, made_year, made_month from read_parquet('${harness.folder}/ev/**/*.parquet', hive_partitioning = false) order by id`,
  );
const at = (second: number): { readonly runStartedAtMs: number } => ({ runStartedAtMs: second * 1000 });

test('a file is a folder of files by parts of the update key, and takes the place of the one before', async () => {
  await harness.loadOne(yaml('full-refresh'));
  expect(await files()).toEqual([
    'made_year=2024/made_month=12/data_0.parquet',
    'made_year=2025/made_month=01/data_0.parquet',
    'made_year=2025/made_month=02/data_0.parquet',
  ]);
  expect(await written()).toEqual([
    [1, '2024', '12'],
    [2, '2025', '01'],
    [3, '2025', '02'],
  ]);
  await harness.run('DUCK', 'delete from events where id = 1');
  await harness.loadOne(yaml('full-refresh'));
  expect(await files()).toHaveLength(2);
});

test('an update key of parts alone asks for no increment', async () => {
  await harness.loadOne(yaml('full-refresh').replace('mode: full-refresh,', ''));
  expect(await harness.loadOne(yaml('full-refresh').replace('mode: full-refresh,', ''))).toMatchObject({
    mode: 'full-refresh',
    rowsRead: 3,
  });
});

test('a row without a time has a folder as well; CSV and other parts', async () => {
  await harness.run('DUCK', 'insert into events values (4, null)');
  await harness.loadOne(
    yaml('full-refresh', 'ev/{part_year_month}/{part_week}/*.csv').replace('format: parquet', ''),
  );
  expect(await files()).toEqual([
    'made_year_month=2024-12/made_week=01/data_0.csv',
    'made_year_month=2025-01/made_week=01/data_0.csv',
    'made_year_month=2025-02/made_week=05/data_0.csv',
    'made_year_month=__HIVE_DEFAULT_PARTITION__/made_week=__HIVE_DEFAULT_PARTITION__/data_0.csv',
  ]);
  const first = readFileSync(
    join(harness.folder, 'ev/made_year_month=2024-12/made_week=01/data_0.csv'),
    'utf8',
  );
  expect(first).toBe('id,made,made_year_month,made_week\n1,2024-12-31 23:00:00,2024-12,01\n');
});

test('what is new is added in files of its own; all of it anew with a full refresh', async () => {
  await harness.loadOne(yaml('incremental'), at(1));
  await harness.loadOne(yaml('incremental'), at(2));
  expect(await files()).toHaveLength(3);
  await harness.run('DUCK', "insert into events values (4, '2025-02-03 00:00:00')");
  expect(await harness.loadOne(yaml('incremental'), at(3))).toMatchObject({ rowsRead: 1 });
  expect(await files()).toHaveLength(4);
  expect((await written()) as unknown[]).toHaveLength(4);
  await harness.loadOne(yaml('incremental'), { ...at(4), fullRefresh: true });
  expect(await files()).toHaveLength(3);
  expect((await written()) as unknown[]).toHaveLength(4);
});

test('files that a killed load has added are removed before it is done again', async () => {
  await harness.loadOne(yaml('incremental'), at(1));
  const [state = ''] = (await readdir(harness.folder)).filter((name) => name.startsWith('.millrace-'));
  const path = join(harness.folder, state);
  const { published } = JSON.parse(readFileSync(path, 'utf8')) as { published: object };
  await harness.run('DUCK', "insert into events values (4, '2025-02-03 00:00:00')");
  const pending = {
    ...published,
    stage: join(harness.folder, '.ev~01234567'),
    final: join(harness.folder, 'ev'),
    fileName: 'data_01234567',
    adds: true,
  };
  const added = join(harness.folder, 'ev/made_year=2025/made_month=02/data_01234567_0.parquet');
  await harness.run('DUCK', `copy (select 4 as id, '2025' as made_year, '02' as made_month) to '${added}'`);
  await writeFile(path, JSON.stringify({ published, pending }));
  await harness.loadOne(yaml('incremental'), at(2));
  expect((await written()) as unknown[]).toHaveLength(4);
});

test('a stream may be named by the parts of its folders', async () => {
  await harness.loadOne(yaml('full-refresh'));
  const back = `source: DISK
target: DUCK
streams:
  ev/{part_year}/{part_month}/:
    { object: raw.events, mode: incremental, primary_key: id, update_key: made, source_options: { format: parquet } }
`;
  expect(await harness.loadOne(back)).toMatchObject({ rowsInserted: 3 });
  expect(await harness.loadOne(back)).toMatchObject({ rowsInserted: 0 });
});

test('a full refresh that is killed has either happened or not', async () => {
  await harness.loadOne(yaml('incremental'), at(1));
  const [state = ''] = (await readdir(harness.folder)).filter((name) => name.startsWith('.millrace-'));
  const path = join(harness.folder, state);
  const { published } = JSON.parse(readFileSync(path, 'utf8')) as { published: object };
  const pending = {
    ...published,
    stage: join(harness.folder, '.ev~01234567'),
    final: join(harness.folder, 'ev'),
    fileName: 'data_01234567',
    adds: false,
    watermark: { value: '2030-01-01 00:00:00', key: [] },
  };
  await writeFile(path, JSON.stringify({ published, pending }));
  await rename(join(harness.folder, 'ev'), join(harness.folder, '.ev~00000000'));
  await harness.run('DUCK', "insert into events values (4, '2025-02-03 00:00:00')");
  await harness.loadOne(yaml('incremental'), at(2));
  expect((await written()) as unknown[]).toHaveLength(4);
});

test('mistakes', async () => {
  const load = (object: string, more = '') =>
    expect(harness.loadOne(yaml('full-refresh', object, more))).rejects;
  const unknown = expect.objectContaining({ code: 'object_invalid' }) as Error;
  await load('ev/{part_yaer}').toMatchObject({ issues: [unknown] });
  await load('ev/year={part_year}').toMatchObject({ issues: [unknown] });
  await load('{part_year}').toMatchObject({ issues: [unknown] });
  await load('ev/{part_year}', ', file_max_rows: 3').toMatchObject({ code: 'not_yet_supported' });
  const byId = yaml('full-refresh').replace('update_key: made', 'update_key: id');
  await expect(harness.loadOne(byId)).rejects.toMatchObject({ code: 'part_key_invalid' });
  const without = yaml('full-refresh').replace('update_key: made,', '');
  await expect(harness.loadOne(without)).rejects.toMatchObject({ issues: [{ code: 'key_missing' }] });
  await expect(
    harness.loadOne(yaml('full-refresh').replace('target: DISK', 'target: DUCK')),
  ).rejects.toMatchObject({
    issues: [unknown],
  });
  await mkdir(join(harness.folder, 'ev'));
  await writeFile(join(harness.folder, 'ev', 'notes.txt'), 'mine');
  await load('ev/{part_year}').toMatchObject({ code: 'folder_not_ours' });
  await expect(harness.loadOne(yaml('incremental'))).rejects.toMatchObject({ code: 'file_taken' });
});
