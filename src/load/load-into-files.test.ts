import { readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
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
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'w.duckdb') });
  await harness.open('DISK', filesConnector, { path: harness.folder });
  await harness.run(
    'LITE',
    'create table t (id integer primary key, name text, price text, on_sale boolean)',
    "insert into t values (1, ' ann ', '1.50', true), (2, 'bob', '20', false)",
  );
});
afterAll(() => harness.close());

const yaml = (rest: string, object = 'out.csv', source = 'LITE', name = 't'): string =>
  `source: ${source}\ntarget: DISK\nstreams: { ${name}: { object: ${object}, mode: full-refresh, ${rest} } }\n`;
const text = (file = 'out.csv'): string => readFileSync(join(harness.folder, file), 'utf8');

describe('what is written of the rows', () => {
  test('is what the declared types hold, and nothing that a cast would guess', async () => {
    const refused = (columns: string, what: RegExp) =>
      expect(harness.loadOne(yaml(`columns: { ${columns} }`))).rejects.toThrow(what);
    await refused('price: int', /column 'price' holds a value that is no integer/);
    await refused('name: string(3)', /column 'name' holds a value that is no string\(3\)/);
    await refused('name: date', /column 'name' holds a value that is no date/);
    await harness.loadOne(yaml('columns: { name: string(5) }'));
    expect(text()).toContain('bob');
  });

  test('has the types that are declared', async () => {
    await harness.loadOne(
      yaml("columns: { id: string, price: 'decimal(8,3)' }, select: [id, price]", 'typed.parquet'),
    );
    expect(
      await harness.rows('DUCK', `select id, price, typeof(price) from '${harness.folder}/typed.parquet'`),
    ).toEqual([
      ['1', '1.500', 'DECIMAL(8,3)'],
      ['2', '20.000', 'DECIMAL(8,3)'],
    ]);
  });

  test('is transformed, in stages, with further columns', async () => {
    await harness.loadOne(
      yaml(
        `select: [id, name], transforms: [{ name: 'upper(trim(value))' }, { both: 'record.name + record.id' }]`,
      ),
    );
    expect(text()).toBe('id,name,both\n1,ANN,ANN1\n2,BOB,BOB2\n');
  });

  test('has columns about its way', async () => {
    await harness.loadOne(
      yaml('select: [id], meta: { millrace: { columns: [loaded_at, exec_id, synced_at] } }'),
    );
    const [head, first] = text().split('\n');
    expect(head).toBe('id,_sling_loaded_at,_sling_exec_id,_sling_synced_at,_sling_synced_op');
    expect(first).toMatch(/^1,\d{10},run \d+ out\.csv,\d{4}-[^,]+,I$/);
  });

  test('has the types of column_typing', async () => {
    await harness.loadOne(
      yaml('select: [on_sale], target_options: { column_typing: { boolean: { cast_as: integer } } }'),
    );
    expect(text()).toBe('on_sale\n1\n0\n');
  });

  test('is CSV where neither name nor options tell', async () => {
    await harness.loadOne(yaml('select: [id]', 'in.public.t'));
    expect(text('in.public.t')).toBe('id\n1\n2\n');
  });

  test('keeps constraints: a row that breaks one stops the load, and the old file stays', async () => {
    await harness.loadOne(yaml("select: [id], columns: { id: 'bigint | value < 3' }"));
    await expect(
      harness.loadOne(yaml("select: [id, name], columns: { id: 'bigint | value < 2' }")),
    ).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringMatching(/column 'id' breaks the constraint value < 2/),
    });
    await expect(harness.loadOne(yaml("columns: { price: 'decimal(3,2)' }"))).rejects.toMatchObject({
      kind: 'data',
    });
    expect(text()).toBe('id\n1\n2\n');
  });

  test('comes from files as well', async () => {
    await harness.loadOne(yaml('select: [id, name]', 'in.csv'));
    await harness.loadOne(
      yaml(
        'columns: { id: string }, transforms: { name: trim_space }, meta: { millrace: { columns: [row_num] } }',
        'out.jsonl',
        'DISK',
        'in.csv',
      ),
    );
    expect(text('out.jsonl')).toBe(
      '{"id":"1","name":"ann","_sling_row_num":1}\n{"id":"2","name":"bob","_sling_row_num":2}\n',
    );
  });
});

describe('mode: incremental', () => {
  const increment = (more = ''): string =>
    `source: LITE\ntarget: DISK\nstreams: { events: { ${more.includes('object:') ? '' : "object: 'ev/{run_timestamp}.csv', "} mode: incremental, update_key: at, select: [id, at] ${more} } }\n`;
  const at = (second: number): { readonly runStartedAtMs: number } => ({ runStartedAtMs: second * 1000 });
  const files = async (): Promise<readonly string[]> =>
    (await readdir(join(harness.folder, 'ev'))).filter((name) => name.endsWith('.csv')).sort();
  const written = async (): Promise<unknown> =>
    (await harness.rows('DUCK', `select id from '${harness.folder}/ev/*.csv' order by 1`)).map(([id]) =>
      Number(id),
    );

  beforeEach(async () => {
    await rm(join(harness.folder, 'ev'), { recursive: true, force: true });
    await harness.run(
      'LITE',
      'drop table if exists events',
      'create table events (id integer primary key, at integer)',
      'insert into events values (1, 10), (2, 20), (3, 20)',
    );
  });

  test('each run writes what is new into a file of its own, and none when there is nothing', async () => {
    expect(await harness.loadOne(increment(), at(1))).toMatchObject({ rowsInserted: 3 });
    expect(await harness.loadOne(increment(), at(2))).toMatchObject({
      rowsRead: 0,
      watermarkBefore: expect.stringMatching(/20/),
    });
    await harness.run('LITE', 'insert into events values (4, 30), (5, 25)');
    expect(await harness.loadOne(increment(), at(3))).toMatchObject({ rowsInserted: 2 });
    expect(await files()).toHaveLength(2);
    expect(await written()).toEqual([1, 2, 3, 4, 5]);
  });

  test('a row that comes beside those of the watermark is not lost', async () => {
    await harness.loadOne(increment(), at(1));
    await harness.run('LITE', 'insert into events values (6, 20)');
    await harness.loadOne(increment(), at(2));
    expect(await written()).toEqual([1, 2, 2, 3, 3, 6]);
    expect(harness.logged.at(-1)).toMatch(/read 3 rows/);
  });

  test('a repeated step writes once, also when it died between the file and its state', async () => {
    const step = { ...at(1), idempotencyKey: 'k' };
    await harness.loadOne(increment(), step);
    await harness.loadOne(increment(), step);
    const [name = ''] = (await readdir(join(harness.folder, 'ev'))).filter((file) =>
      file.startsWith('.millrace-'),
    );
    const path = join(harness.folder, 'ev', name);
    const { published } = JSON.parse(readFileSync(path, 'utf8')) as { published: object };
    const place = {
      stage: join(harness.folder, 'ev/.gone'),
      final: join(harness.folder, 'ev', (await files())[0] ?? ''),
    };
    await writeFile(path, JSON.stringify({ pending: { ...published, ...place } }));
    await harness.loadOne(increment(), step);
    await harness.loadOne(increment(), at(2));
    expect(await written()).toEqual([1, 2, 3]);
    await writeFile(
      path,
      JSON.stringify({ pending: { ...published, ...place, final: join(harness.folder, 'ev/none') } }),
    );
    await rm(join(harness.folder, 'ev', (await files())[0] ?? ''));
    await harness.loadOne(increment(), at(3));
    expect(await written()).toEqual([1, 2, 3]);
  });

  test('a file of another run, a broken state, and what files cannot do are errors', async () => {
    const refused = (more: string, options = {}) => expect(harness.loadOne(increment(more), options)).rejects;
    await harness.loadOne(increment(), at(1));
    await refused('', at(1)).toMatchObject({ code: 'file_taken' });
    await refused(', object: ev/one.csv').toMatchObject({ code: 'object_not_distinct' });
    await refused(", source_options: { range: '1,2' }").toMatchObject({ code: 'not_yet_supported' });
    const [name = ''] = (await readdir(join(harness.folder, 'ev'))).filter((file) =>
      file.startsWith('.millrace-'),
    );
    await writeFile(join(harness.folder, 'ev', name), '{');
    await refused('', at(9)).toMatchObject({ code: 'state_unreadable' });
  });
});
