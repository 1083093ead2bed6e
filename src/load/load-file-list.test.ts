import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('DISK', filesConnector, { path: harness.folder });
  await mkdir(join(harness.folder, 'in'));
  for (const [index, name] of ['a.csv', 'b.csv', 'c,d.csv'].entries())
    await writeFile(join(harness.folder, 'in', name), `id\n${index}\n`);
});
afterAll(() => harness.close());

const stream = (name: string, files: string, object = 'raw.listed'): string =>
  `source: DISK\ntarget: DUCK\nstreams:\n  '${name}': { object: '${object}', files: ${files} }\n`;
const ids = (): Promise<readonly (readonly unknown[])[]> =>
  harness.rows('DUCK', 'select id::int from raw.listed order by 1');

test.each([
  ['file://in/*.csv', "[a.csv, 'c,d.csv']", [[0], [2]]],
  ['file://in/', 'b.csv', [[1]]],
  ['file://in', "['file://in/a.csv', in/b.csv]", [[0], [1]]],
])('%s reads the files that are listed', async (name, files, expected) => {
  await harness.load(stream(name, files));
  expect(await ids()).toEqual(expected);
});

test.each(['file://in', 'file://in/'])('%s stands for all files below it but hidden ones', async (name) => {
  await mkdir(join(harness.folder, 'in', 'below'), { recursive: true });
  await writeFile(join(harness.folder, 'in', 'below', 'e.csv'), 'id\n7\n');
  await writeFile(join(harness.folder, 'in', '.hidden.csv'), 'id\n9\n');
  await harness.load(`source: DISK\ntarget: DUCK\nstreams:\n  '${name}': { object: raw.listed }\n`);
  expect(await ids()).toEqual([[0], [1], [2], [7]]);
});

test('they go into one table, also under a pattern with variables', async () => {
  const outcomes = await harness.load(
    stream('file://in/*.csv', '[a.csv, b.csv]', 'raw.{stream_file_folder}_all'),
  );
  expect([...outcomes.keys()]).toEqual(['raw/in_all']);
});

test('a file that is not there is an error, and so is a list on a table', async () => {
  await expect(harness.load(stream('file://in/', '[a.csv, nope.csv]'))).rejects.toMatchObject({
    code: 'stream_missing',
    message: expect.stringContaining('nope.csv'),
  });
  const onTable = stream('raw.listed', '[a.csv]')
    .replace('source: DISK', 'source: DUCK')
    .replace("listed'}", 'x');
  await expect(
    harness.load(onTable.replace("object: 'raw.listed'", 'object: raw.copied')),
  ).rejects.toMatchObject({
    code: 'option_not_applicable',
  });
});
