import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('DISK', filesConnector, {});
});
afterAll(() => harness.close());

const ids = async () =>
  (await harness.rows('DUCK', 'select id from raw.visits order by id')).map(([id]) => Number(id));

const sources = [
  ['LITE', 'visits', ''],
  ['LITE', 'visits', ', source_options: { chunk_size: 1 }'],
  ['DISK', 'visits.csv', ''],
] as const;

describe.each(sources)('%s %s%s', (source, name, options) => {
  const yaml = (policy: string, key: string): string =>
    `source: ${source}\ntarget: DUCK\nstreams: { '${name}': { object: raw.visits, mode: incremental, update_key: at, ${key} meta: { millrace: { ${policy} } } ${options} } }\n`;
  const write = async (rows: readonly (readonly [number, number | undefined])[]): Promise<void> => {
    const csv = rows.map(([id, at]) => `${id},${at ?? ''}\n`).join('');
    await writeFile(join(harness.folder, 'visits.csv'), `id,at\n${csv}`);
    await harness.run('LITE', 'delete from visits');
    for (const [id, at] of rows)
      await harness.run('LITE', `insert into visits values (${id}, ${at ?? 'null'})`);
  };

  beforeEach(async () => {
    await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
    await harness.run(
      'LITE',
      'drop table if exists visits',
      'create table visits (id integer primary key, at int)',
      'create index visits_at on visits (at)',
    );
    await write([
      [1, 10],
      [2, 20],
      [3, undefined],
    ]);
  });

  test.each(['null_update_key: read', ''])('are read (%s): now, and those of later', async (policy) => {
    await harness.loadOne(yaml(policy, 'primary_key: id,'));
    expect(await ids()).toEqual([1, 2, 3]);
    await write([
      [1, 10],
      [2, 20],
      [3, undefined],
      [4, undefined],
      [5, 30],
    ]);
    await harness.loadOne(yaml(policy, 'primary_key: id,'));
    expect(await ids()).toEqual([1, 2, 3, 4, 5]);
  });

  test.each(['', 'primary_key: id,'])('are left out: skip, %s', async (key) => {
    await harness.loadOne(yaml('null_update_key: skip', key));
    expect(await ids()).toEqual([1, 2]);
    await write([
      [1, 10],
      [2, 20],
      [3, undefined],
      [4, 30],
    ]);
    const figures = await harness.loadOne(yaml('null_update_key: skip', key));
    expect(figures).toMatchObject({ rowsInserted: 1, watermarkAfter: 'at = 30' });
    expect(await ids()).toEqual([1, 2, 4]);
  });

  test.each(['', 'primary_key: id,'])('stop the load: fail, %s', async (key) => {
    await write([
      [1, 10],
      [2, 20],
    ]);
    await harness.loadOne(yaml('null_update_key: fail', key));
    await write([
      [1, 10],
      [2, 20],
      [3, undefined],
      [4, 30],
    ]);
    await expect(harness.loadOne(yaml('null_update_key: fail', key))).rejects.toMatchObject({
      code: 'update_key_null',
      kind: 'data',
      message: /1 row has NULL in the update_key at/,
    });
    expect(await ids()).toEqual([1, 2]);
    await write([
      [1, 10],
      [2, 20],
      [4, 30],
    ]);
    await harness.loadOne(yaml('null_update_key: fail', key));
    expect(await ids()).toEqual([1, 2, 4]);
  });
});

test('another policy is a mistake with its line', async () => {
  const yaml = `source: LITE\ntarget: DUCK\nstreams:\n  visits:\n    object: raw.visits\n    meta: { millrace: { null_update_key: drop } }\n`;
  await expect(harness.explain(yaml)).rejects.toThrow(/test.yaml:6/);
});
