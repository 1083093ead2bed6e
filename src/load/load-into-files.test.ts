import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
    expect(first).toMatch(/^1,\d{10},run \d+ out\/csv,\d{4}-[^,]+,I$/);
  });

  test('has the types of column_typing', async () => {
    await harness.loadOne(
      yaml('select: [on_sale], target_options: { column_typing: { boolean: { cast_as: integer } } }'),
    );
    expect(text()).toBe('on_sale\n1\n0\n');
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
