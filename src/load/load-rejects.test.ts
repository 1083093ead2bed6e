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
  await harness.open('DISK', filesConnector, {});
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, config);
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

describe.each(['DUCK', 'PG'])('into %s', (target) => {
  const yaml = (maxRejects: number, more = ''): string =>
    `source: DISK\ntarget: ${target}\nstreams: { 'p*.csv': { object: raw.prices, columns: { id: int, price: 'decimal(6,2)' }, meta: { millrace: { max_rejects: ${maxRejects} } } ${more} } }\n`;
  const rejects = (columns: string) =>
    harness.rows(target, `select ${columns} from raw.prices__rejects order by file, line`);
  const tables = async () =>
    ((await (await harness.get(target)).database?.list('raw')) ?? []).map((relation) => relation.name);

  beforeEach(async () => {
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
    await writeFile(
      join(harness.folder, 'p1.csv'),
      'id,price,note\n1,1.50,ok\nx,2.00,"no ""id"""\n3,,empty\n',
    );
    await writeFile(
      join(harness.folder, 'p2.csv'),
      'id,price,note\n4,1.505,too fine\n5,99999,too large\n6,6,ok\n',
    );
  });

  test('rows that do not fit go beside, with place and reason; the others are loaded', async () => {
    expect(await harness.loadOne(yaml(3))).toMatchObject({ rowsInserted: 3, rowsRejected: 3 });
    expect(await harness.rows(target, 'select id from raw.prices order by 1')).toEqual([[1], [3], [6]]);
    expect(await rejects('line, "column", value, reason')).toEqual([
      [3, 'id', 'x', 'does not fit integer'],
      [2, 'price', '1.505', 'does not fit decimal(6,2)'],
      [3, 'price', '99999', 'does not fit decimal(6,2)'],
    ]);
    expect(JSON.parse(String((await rejects('row'))[0]))).toEqual({
      id: 'x',
      price: '2.00',
      note: 'no "id"',
    });
  });

  test('more of them than allowed are an error that names the first, and nothing changes', async () => {
    await expect(harness.loadOne(yaml(2))).rejects.toMatchObject({
      code: 'too_many_rejects',
      message: expect.stringMatching(/3 rows do not fit.*p1\.csv, line 3, column id: 'x'/),
    });
    expect(await tables()).toEqual([]);
  });

  test('a repeated load tells the rejects of its own, once', async () => {
    await harness.loadOne(yaml(5));
    await harness.loadOne(yaml(5));
    expect(await rejects('line')).toHaveLength(3);
    await writeFile(join(harness.folder, 'p1.csv'), 'id,price,note\n1,1.50,ok\n');
    expect(await harness.loadOne(yaml(5, ', mode: truncate'))).toMatchObject({ rowsRejected: 2 });
    expect(await rejects('line')).toHaveLength(2);
    expect(await tables()).toEqual(['prices', 'prices__rejects']);
  });
});

test('databases have no rejects', async () => {
  const yaml =
    'source: PG\ntarget: DUCK\nstreams: { x: { object: raw.x, meta: { millrace: { max_rejects: 1 } } } }\n';
  await expect(harness.explain(yaml)).rejects.toMatchObject({ code: 'not_yet_supported' });
});

test('nor have files other than CSV', async () => {
  await writeFile(join(harness.folder, 'x.jsonl'), '{"id":1}\n');
  const yaml =
    'source: DISK\ntarget: DUCK\nstreams: { x.jsonl: { object: raw.x, meta: { millrace: { max_rejects: 1 } } } }\n';
  await expect(harness.loadOne(yaml)).rejects.toMatchObject({ code: 'not_yet_supported' });
});
