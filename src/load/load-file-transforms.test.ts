import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
  await harness.open('FILES', filesConnector, {});
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, config);
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

describe.each(['DUCK', 'PG'])('transforms of a CSV into %s', (target) => {
  const load = (rest: string) =>
    harness.loadOne(
      `source: FILES\ntarget: ${target}\nstreams:\n  t.csv:\n    object: raw.t\n    mode: full-refresh\n    ${rest.split('\n').join('\n    ')}\n`,
    );
  const held = (columns: string) => harness.rows(target, `select ${columns} from raw.t order by id`);
  const types = async () => {
    const table = await (await harness.get(target)).database?.describe({ schema: 'raw', name: 't' });
    return Object.fromEntries(table?.columns.map(({ name, type }) => [name, type.type]) ?? []);
  };
  const put = (...lines: readonly string[]): Promise<void> =>
    writeFile(join(harness.folder, 't.csv'), `${lines.join('\n')}\n`);

  beforeEach(() =>
    harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade'),
  );

  test('a declared type is that of the text after them', async () => {
    await put('id,price,day,code', '1," 1.234,50 ", 2024-02-29 ,a', '2,"0,5",2024-03-01, b');
    await load(
      `columns: { price: 'decimal(8,2)', day: date }\ntransforms:\n  - trim_space\n  - { price: "replace(replace(value, '.', ''), ',', '.')" }`,
    );
    expect(await held('cast(price as varchar), cast(day as varchar), code')).toEqual([
      ['1234.50', '2024-02-29', 'a'],
      ['0.50', '2024-03-01', 'b'],
    ]);
    expect(await types()).toMatchObject({ price: 'decimal', day: 'date', code: 'text' });
  });

  test('what does not become a value of the declared type is told', async () => {
    await put('id,price', '1, 1 ', '2, x ');
    await expect(load('columns: { price: int }\ntransforms: { price: trim_space }')).rejects.toMatchObject({
      code: 'value_misfit',
      message: expect.stringMatching(/'price' does not fit integer/),
    });
    expect(
      await load(
        'columns: { price: int }\ntransforms: { price: trim_space }\nmeta: { millrace: { max_rejects: 1 } }',
      ),
    ).toMatchObject({ rowsInserted: 1, rowsRejected: 1 });
  });

  test('what reads the letters gets those of the file; what cleans them leaves numbers and dates alone', async () => {
    await put(
      'id,amount,at,size,day',
      '1,1.5,2024-02-29T10:00:00,12,2024-02-29',
      '2,1.25,2024-03-01T00:00:00,7,2024-03-01',
    );
    await load(
      `transforms: { amount: hash_md5, at: "split_part(value, 'T', 0)", size: [trim_space, upper], day: replace_non_printable }`,
    );
    expect(await held('amount, "at", size, cast(day as varchar)')).toEqual([
      [md5('1.5'), '2024-02-29', 12, '2024-02-29'],
      [md5('1.25'), '2024-03-01', 7, '2024-03-01'],
    ]);
    expect(await types()).toMatchObject({ size: 'int64', day: 'date' });
  });

  test('a column that is added may have a type', async () => {
    await put('id,a', '1,x');
    await load("columns: { twice: 'decimal(4,1)' }\ntransforms: { twice: 'record.id * 2' }");
    expect(await held('cast(twice as varchar)')).toEqual([['2.0']]);
  });
});
