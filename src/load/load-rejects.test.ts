import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connection, SqlDatabase } from '../connector/connection.ts';
import { instead } from '../connector/instead.ts';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
let database: TestDatabase;
let lake: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  [database, lake] = [await createTestDatabase(), await createTestDatabase()];
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'lite.db') });
  await harness.open('DISK', filesConnector, {});
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, config);
  const into = postgresConnector.config.parse(postgresConnector.parseUrl(lake.url));
  await harness.open('PG2', postgresConnector, into);
  harness.replace('OLD', versionFifteen(await harness.open('OLD', postgresConnector, into)));
});
afterAll(async () => {
  await harness.close();
  await database.drop();
  await lake.drop();
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

/** What a server of version 15 says when it is asked for its version; it has no function that tells values. */
function versionFifteen(connection: Connection): Connection {
  const { database: given } = connection;
  if (!given) throw new Error('a database has SQL');
  const query: SqlDatabase['query'] = async (sql, ...rest) => {
    if (sql.includes('server_version_num')) return { columns: [], rows: [[150_018]] };
    expect(sql).not.toContain('pg_input_is_valid');
    return await given.query(sql, ...rest);
  };
  return instead(connection, { database: instead(given, { query }) });
}

describe.each(['DUCK', 'PG2', 'OLD'])('from a database into %s', (target) => {
  const yaml = (maxRejects: number, more = ''): string =>
    `source: PG\ntarget: ${target}\nstreams: { prices: { object: raw.prices, columns: { amount: 'decimal(6,2)', size: 'int', code: 'int', tag: "string | value != 'bad'", day: date }, meta: { millrace: { max_rejects: ${maxRejects} } } ${more} } }\n`;
  const loaded = async () =>
    (await harness.rows(target, 'select id from raw.prices order by 1')).map(([id]) => Number(id));
  const rejects = () =>
    harness.rows(target, 'select "column", value, reason from raw.prices__rejects order by "column"');

  beforeEach(async () => {
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
    await harness.run(
      'PG',
      'drop table if exists prices',
      'create table prices (id int primary key, amount numeric, size float8, code text, tag text, day text)',
      `insert into prices values (1, 1.5, 1, '7', 'good', '2024-02-29'), (2, 123456.7, 2, '8', 'good', null), (3, 2, 'NaN', '9', null, null),
        (4, 3, 4, 'nine', 'good', null), (5, 4, 5, '5', 'bad', null), (6, 5, 6, null, 'good', '2024-02-30')`,
    );
  });

  const reasons = [
    ['amount', '123456.7', target === 'DUCK' ? 'does not fit decimal(6,2)' : 'does not fit numeric(6,2)'],
    ['code', 'nine', 'does not fit integer'],
    ['day', '2024-02-30', 'does not fit date'],
    ['size', target === 'DUCK' ? 'nan' : 'NaN', 'does not fit integer'],
    ['tag', 'bad', "breaks the constraint value != 'bad'"],
  ];

  test('rows that a column cannot hold or that break a rule go beside', async () => {
    expect(await harness.loadOne(yaml(5))).toMatchObject({ rowsInserted: 1, rowsRejected: 5, rowsRead: 1 });
    expect(await loaded()).toEqual([1]);
    expect(await rejects()).toEqual(reasons);
    const [row] = await harness.rows(target, `select row from raw.prices__rejects where "column" = 'code'`);
    expect(JSON.parse(String(row?.[0]))).toMatchObject({ id: 4, code: 'nine', tag: 'good' });
    await harness.run('PG', 'delete from prices where id > 1');
    expect(await harness.loadOne(yaml(5))).toMatchObject({ rowsRejected: 0 });
    expect(await rejects()).toEqual([]);
  });

  test('one more than allowed publishes nothing, and the first is told with its row', async () => {
    await expect(harness.loadOne(yaml(4))).rejects.toMatchObject({
      kind: 'data',
      code: 'value_misfit',
      message: expect.stringMatching(
        /5 rows do not fit; the first: column 'amount' does not fit .*\(6,2\), in the row of id: '2', amount: '123456.7' \(max_rejects is 4\)$/,
      ),
    });
    await expect(harness.loadOne(yaml(0))).rejects.toMatchObject({ code: 'value_misfit' });
    const left = (await (await harness.get(target)).database?.list('raw')) ?? [];
    expect(left).toEqual([]);
  });

  test('chunks that are published one by one share what is allowed', async () => {
    const chunked = ', mode: incremental, primary_key: id, update_key: id, source_options: { chunk_size: 2 }';
    expect(await harness.loadOne(yaml(5, chunked))).toMatchObject({ rowsRejected: 5, chunks: 3 });
    expect(await rejects()).toEqual(reasons);
    await harness.run(target, 'drop schema raw cascade', 'drop schema _millrace cascade');
    await expect(harness.loadOne(yaml(4, chunked))).rejects.toMatchObject({ code: 'value_misfit' });
  });
});

test('PostgreSQL would cut a text that is too long for its column: it does not fit', async () => {
  await harness.run('PG2', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  await harness.run(
    'PG',
    'drop table if exists names',
    "create table names as select 'abcd' as name, 7 as n",
  );
  const yaml = (column: string): string =>
    `source: PG\ntarget: PG2\nstreams: { names: { object: raw.names, columns: { ${column} } } }\n`;
  await expect(harness.loadOne(yaml('name: string(3)'))).rejects.toThrow(/'name' does not fit varchar\(3\)/);
  await harness.loadOne(yaml('name: string(4), n: string(1)'));
  expect(await harness.rows('PG2', 'select name, n from raw.names')).toEqual([['abcd', '7']]);
});

describe('into SQLite, whose columns would hold anything', () => {
  const types = "size: int, big: int, code: date, name: string(3), amount: 'decimal(6,2)', doc: json";
  const yaml = (maxRejects: number): string =>
    `source: PG\ntarget: LITE\nstreams: { sizes: { object: sizes, columns: { ${types} }, meta: { millrace: { max_rejects: ${maxRejects} } } } }\n`;
  beforeEach(() =>
    harness.run(
      'PG',
      'drop table if exists sizes',
      'create table sizes (id int primary key, size text, big bigint, code text, name text, amount numeric, doc text, raw bytea)',
      `insert into sizes values (1, '1', 1, '2024-02-29', 'abc', 1, '{}', '\\x00'), (2, 'x', null, null, null, null, null, '\\x01ff'),
        (3, '3', 5000000000, null, null, null, null, null), (4, '4', 1, '2024-02-30', null, null, null, null),
        (5, '5', 1, null, 'abcd', null, null, null), (6, '6', 1, null, null, 123456, null, null), (7, '7', 1, null, null, null, '{', null)`,
    ),
  );

  test('a value that the declared type does not hold goes beside', async () => {
    expect(await harness.loadOne(yaml(6))).toMatchObject({ rowsInserted: 1, rowsRejected: 6 });
    expect(await harness.rows('LITE', 'select id, size, big, code, name, amount from sizes')).toEqual([
      [1, 1, 1, '2024-02-29', 'abc', '1.00'],
    ]);
    expect(
      await harness.rows('LITE', 'select "column", value, reason from sizes__rejects order by rowid'),
    ).toEqual([
      ['size', 'x', 'does not fit integer'],
      ['big', '5000000000', 'does not fit integer'],
      ['code', '2024-02-30', 'does not fit date'],
      ['name', 'abcd', 'does not fit string(3)'],
      ['amount', '123456', 'does not fit decimal(6,2)'],
      ['doc', '{', 'does not fit json text'],
    ]);
    const [[row] = []] = await harness.rows(
      'LITE',
      'select "row" from sizes__rejects order by rowid limit 1',
    );
    expect(JSON.parse(String(row))).toMatchObject({ id: 2, size: 'x', raw: '01ff' });
  });

  test('without being allowed it stops the load', async () => {
    await harness.run('LITE', 'drop table if exists sizes');
    await expect(harness.loadOne(yaml(0))).rejects.toThrow(
      /6 rows do not fit; the first: column 'size' does not fit integer/,
    );
    expect(await harness.rows('LITE', "select name from sqlite_master where name = 'sizes'")).toEqual([]);
  });
});

test('a declared length and number hold in DuckDB too, which keeps any text', async () => {
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  await harness.run(
    'PG',
    'drop table if exists names',
    "create table names as select 'abcd' as name, '1e5' as n union all select 'x', 'y'",
  );
  const load = (columns: string): Promise<unknown> =>
    harness.loadOne(
      `source: PG\ntarget: DUCK\nstreams: { names: { object: raw.names, columns: { ${columns} } } }\n`,
    );
  await expect(load('name: string(3)')).rejects.toThrow(
    /1 row does not fit; .*'name' does not fit string\(3\)/,
  );
  await expect(load('n: decimal')).rejects.toThrow(/1 row does not fit; .*'n' does not fit decimal/);
  await load('name: string(4)');
});

test('files other than CSV have none of their own', async () => {
  await writeFile(join(harness.folder, 'x.jsonl'), '{"id":1}\n');
  const yaml =
    'source: DISK\ntarget: DUCK\nstreams: { x.jsonl: { object: raw.x, meta: { millrace: { max_rejects: 1 } } } }\n';
  await expect(harness.loadOne(yaml)).rejects.toMatchObject({ code: 'not_yet_supported' });
});
