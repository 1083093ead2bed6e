import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import { formatStreamPlan } from './explain.ts';

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('DISK', filesConnector, {});
  const [shop, warehouse] = databases.map((database) => postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, postgresConnector.config.parse(shop));
  await harness.open('PG2', postgresConnector, postgresConnector.config.parse(warehouse));
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
});

const routes = [
  ['LITE', 'DUCK'],
  ['PG', 'DUCK'],
  ['PG', 'PG2'],
  ['PG', 'PG'],
] as const;

describe.each(routes)('%s to %s', (source, target) => {
  const stream = (rest: string): string =>
    `source: ${source}\ntarget: ${target}\nstreams:\n  orders:\n    object: raw.orders\n    ${rest.split('\n').join('\n    ')}\n`;
  const held = (columns = '*') => harness.rows(target, `select ${columns} from raw.orders order by 1`);
  const change = (...statements: string[]) => harness.run(source, ...statements);

  beforeEach(async () => {
    await change(
      'drop table if exists orders',
      'create table orders (id bigint, name text, at timestamp, price decimal(12,2))',
      `insert into orders values (1, 'a', '2024-01-01 10:00:00', 1.10), (2, 'b', '2024-01-01 11:00:00', 2.25), (3, 'late', null, null)`,
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  test('full-refresh holds exactly what the source holds', async () => {
    const yaml = stream('mode: full-refresh');
    expect(await harness.loadOne(yaml)).toMatchObject({
      rowsRead: 3,
      rowsInserted: 3,
      watermarkAfter: 'none',
    });
    await change('delete from orders where id = 2', `update orders set name = 'A' where id = 1`);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 2, rowsInserted: 2 });
    expect(await held('id, name, price')).toEqual([
      [1, 'A', expect.stringMatching(/^1\.10?$/)],
      [3, 'late', null],
    ]);
    expect(await stages()).toEqual([]);
  });

  test('full-refresh follows the columns of the source', async () => {
    const yaml = stream('mode: full-refresh');
    await harness.loadOne(yaml);
    await change('alter table orders add column city text', 'alter table orders drop column price');
    await harness.loadOne(yaml);
    await expect(
      (await harness.get(target)).database?.describe({ schema: 'raw', name: 'orders' }),
    ).resolves.toMatchObject({
      columns: [{ name: 'id' }, { name: 'name' }, { name: 'at' }, { name: 'city' }],
    });
  });

  test('truncate empties and fills one table; snapshot appends with the time of loading', async () => {
    await harness.loadOne(stream('mode: truncate'));
    await change('delete from orders where id = 1');
    expect(await harness.loadOne(stream('mode: truncate'))).toMatchObject({ rowsInserted: 2 });
    expect(await held('id')).toEqual([[2], [3]]);
    expect(await harness.loadOne(stream('mode: snapshot'))).toMatchObject({ rowsInserted: 2 });
    expect(await held('id, _sling_loaded_at is null')).toEqual([
      [2, expect.anything()],
      [2, expect.anything()],
      [3, expect.anything()],
      [3, expect.anything()],
    ]);
    expect(await harness.rows(target, 'select count(*), count(_sling_loaded_at) from raw.orders')).toEqual([
      [4, 2],
    ]);
  });

  test('a snapshot into a new table has its column too', async () => {
    await harness.loadOne(stream('mode: snapshot'));
    expect(
      await harness.rows(target, 'select count(*) from raw.orders where _sling_loaded_at > 1700000000'),
    ).toEqual([[3]]);
  });

  test('incremental by both keys: updates, additions, late NULL keys; a second run does nothing', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 3, rowsInserted: 3, rowsUpdated: 0 });
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 2, rowsInserted: 0, rowsUpdated: 0 });
    await change(
      `update orders set name = 'A', at = '2024-01-02 00:00:00' where id = 1`,
      `insert into orders values (4, 'd', '2024-01-02 00:00:00', 4), (5, 'no time', null, 5)`,
    );
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 2, rowsUpdated: 1 });
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
    expect(await held('id, name')).toEqual([
      [1, 'A'],
      [2, 'b'],
      [3, 'late'],
      [4, 'd'],
      [5, 'no time'],
    ]);
  });

  test('incremental by both keys with a limit loses no ties', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at\nsource_options: { limit: 2 }');
    await change(
      'delete from orders',
      ...Array.from(
        { length: 9 },
        (_, index) =>
          `insert into orders values (${9 - index}, 'x', '2024-01-0${1 + (index % 2)} 00:00:00', 0)`,
      ),
      `insert into orders values (10, 'no time', null, 0)`,
    );
    const inserted: unknown[] = [];
    for (let round = 0; round < 6; round += 1) inserted.push((await harness.loadOne(yaml))['rowsInserted']);
    expect(inserted).toEqual([2, 2, 2, 2, 2, 0]);
    expect(await held('id')).toHaveLength(10);
    await change(`insert into orders values (11, 'tie', '2024-01-02 00:00:00', 0)`);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 1 });
  });

  test('incremental by update key: ties at the watermark are neither lost nor doubled', async () => {
    const yaml = stream('mode: incremental\nupdate_key: at');
    await harness.loadOne(yaml);
    await change(
      `insert into orders values (4, 'tie', '2024-01-01 11:00:00', 4), (5, 'new', '2024-01-03 00:00:00', 5), (6, 'no time', null, 6)`,
    );
    harness.logged.length = 0;
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 2, rowsUpdated: 0, rowsDeleted: 0 });
    expect(harness.logged.join('\n')).toContain('1 rows have NULL in the update_key at and are not loaded');
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0, rowsDeleted: 0 });
    expect(await held('id')).toEqual([[1], [2], [3], [4], [5]]);
    await change(
      'delete from orders where id <= 5',
      `insert into orders values (7, 'after', '2024-01-04 00:00:00', 7)`,
    );
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 1, rowsDeleted: 0 });
    expect(await held('id')).toEqual([[1], [2], [3], [4], [5], [7]]);
  });

  test('incremental by update key with a limit takes all ties of the boundary', async () => {
    const yaml = stream('mode: incremental\nupdate_key: at');
    await change(
      'delete from orders',
      ...Array.from(
        { length: 7 },
        (_, index) =>
          `insert into orders values (${index}, 'x', '2024-01-0${1 + Math.floor(index / 3)} 00:00:00', 0)`,
      ),
    );
    for (const expected of [3, 3, 1, 0])
      expect(await harness.loadOne(yaml, { rowLimit: 2 })).toMatchObject({ rowsInserted: expected });
    expect(await held('id')).toHaveLength(7);
  });

  test('incremental by primary key reads everything and merges', async () => {
    const yaml = stream('mode: incremental\nprimary_key: [id]');
    await harness.loadOne(yaml);
    await change(`update orders set price = 9 where id = 2`, `insert into orders values (4, 'd', null, 4)`);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 4, rowsInserted: 1, rowsUpdated: 1 });
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
  });

  test('of two rows with one key the latest wins, in a first load and in a merge', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await change(`insert into orders values (1, 'newer', '2024-01-01 12:00:00', 0), (1, 'no time', null, 0)`);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 5, rowsInserted: 3 });
    await change(
      `insert into orders values (2, 'older', '2024-01-05 00:00:00', 0), (2, 'newest', '2024-01-06 00:00:00', 0)`,
    );
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 1 });
    expect(await held('id, name')).toEqual([
      [1, 'newer'],
      [2, 'newest'],
      [3, 'late'],
    ]);
  });

  test('a NULL in the primary key stops the load with a count', async () => {
    await change(`insert into orders values (null, 'x', '2024-01-05 00:00:00', 0)`);
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await expect(harness.loadOne(yaml)).rejects.toMatchObject({
      kind: 'data',
      code: 'key_null',
      message: expect.stringContaining('1 row has NULL'),
    });
    expect(await stages()).toEqual([]);
    await expect(held()).rejects.toThrow();
  });

  test('a full refresh on request starts an incremental stream anew', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await harness.loadOne(yaml);
    await change('delete from orders where id = 1', `update orders set name = 'silent' where id = 2`);
    expect(await harness.loadOne(yaml, { fullRefresh: true })).toMatchObject({
      rowsInserted: 2,
      watermarkBefore: 'none',
    });
    expect(await held('id, name')).toEqual([
      [2, 'silent'],
      [3, 'late'],
    ]);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
  });

  test('a table that somebody else loaded continues from its own greatest value', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await harness.loadOne(yaml);
    await harness.run(target, 'delete from _millrace.watermarks');
    await change(`insert into orders values (4, 'd', '2024-01-02 00:00:00', 4)`);
    const [plan] = await harness.explain(yaml);
    expect(plan).toMatchObject({
      watermarkOrigin: 'target',
      watermarkBefore: { updateKey: 'at', value: '2024-01-01T11:00:00' },
    });
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 3, rowsInserted: 1, rowsUpdated: 0 });
  });

  test('a table that was emptied is loaded from the beginning', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await harness.loadOne(yaml);
    await harness.run(target, 'delete from raw.orders');
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 3 });
  });

  test('a watermark that cannot be read stops the run', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await harness.loadOne(yaml);
    await harness.run(target, 'alter table _millrace.watermarks rename column value to lost');
    await expect(harness.loadOne(yaml)).rejects.toThrow(/value/);
    expect(await held('id')).toHaveLength(3);
  });

  test('a new source column is added, a lost one keeps NULL in new rows', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await harness.loadOne(yaml);
    await change(
      'alter table orders drop column price',
      'alter table orders add column city text',
      `insert into orders (id, name, at, city) values (4, 'd', '2024-01-02 00:00:00', 'Rome')`,
      `update orders set name = 'B', at = '2024-01-02 00:00:00' where id = 2`,
    );
    expect(await harness.loadOne(yaml)).toMatchObject({
      rowsInserted: 1,
      rowsUpdated: 1,
      schemaChanges: [
        'column city text added',
        'column price is not in the source; new rows have NULL there',
      ].map((text) => (target === 'DUCK' ? text.replace('city text', 'city varchar') : text)),
    });
    expect(await held('id, city, price is null')).toEqual([
      [1, null, false],
      [2, null, false],
      [3, null, true],
      [4, 'Rome', true],
    ]);
  });

  test('a lost column that the stream names is an error, and nothing changes', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\nupdate_key: at');
    await harness.loadOne(yaml);
    await change('alter table orders drop column at');
    await expect(harness.loadOne(yaml)).rejects.toMatchObject({
      kind: 'data',
      code: 'column_missing',
      origin: { file: 'test.yaml', line: 4 },
      message: expect.stringContaining("stream orders has no column 'at', which update_key names"),
    });
    expect(await held('id')).toHaveLength(3);
  });

  test('a column that became wider is an error, or widened on request', async () => {
    await change(
      'drop table orders',
      'create table orders (id bigint, price decimal(6,2))',
      'insert into orders values (1, 1.5)',
    );
    const yaml = stream('mode: incremental\nprimary_key: id');
    await harness.loadOne(yaml);
    await change(
      'drop table orders',
      'create table orders (id bigint, price decimal(12,3))',
      'insert into orders values (1, 123456.789)',
    );
    await expect(harness.loadOne(yaml)).rejects.toMatchObject({ kind: 'data', code: 'column_type_changed' });
    await harness.loadOne(
      stream('mode: incremental\nprimary_key: id\ntarget_options: { adjust_column_type: true }'),
    );
    expect(await held()).toEqual([[1, expect.anything()]]);
    expect(String((await held('price'))[0]?.[0])).toBe('123456.789');
  });

  test('whole numbers and decimals are widened to what holds both', async () => {
    const yaml = stream('mode: incremental\nprimary_key: id\ntarget_options: { adjust_column_type: true }');
    await change(
      'drop table orders',
      'create table orders (id bigint, price decimal(5,3))',
      'insert into orders values (1, 12.345)',
    );
    await harness.loadOne(yaml);
    await change(
      'drop table orders',
      'create table orders (id bigint, price bigint)',
      'insert into orders values (2, 900719925474099)',
    );
    await harness.loadOne(yaml);
    expect((await held('id, price')).map((row) => row.map(Number))).toEqual([
      [1, 12.345],
      [2, 900_719_925_474_099],
    ]);
  });

  test('a target that lacks the update key: rows are merged by the primary key, or it is an error', async () => {
    await change('drop table orders', 'create table orders (id bigint)', 'insert into orders values (1)');
    await harness.loadOne(stream('mode: full-refresh'));
    await change(
      'drop table orders',
      'create table orders (id bigint, at timestamp)',
      "insert into orders values (1, '2024-01-01 00:00:00'), (2, '2024-01-02 00:00:00')",
    );
    await expect(harness.loadOne(stream('mode: incremental\nupdate_key: at'))).rejects.toMatchObject({
      code: 'watermark_missing',
    });
    await harness.loadOne(stream('mode: incremental\nprimary_key: id\nupdate_key: at'));
    expect(await held('id')).toHaveLength(2);
  });

  test('a full refresh goes without keys that the stream lacks', async () => {
    await harness.loadOne(stream('mode: full-refresh\nprimary_key: nope\nupdate_key: neither'));
    expect(await held('id')).toHaveLength(3);
  });

  test('select, rename, where, casing and casts', async () => {
    await change(
      'drop table orders',
      'create table orders ("ID" bigint, "custName" text, secret_a text, "AMOUNT" text)',
      `insert into orders values (1, 'a', 's', '12'), (2, 'b', 's', '13')`,
    );
    const yaml = stream(
      `mode: full-refresh\nselect: ['AMOUNT as amount_text', '*', '-secret_*']\nwhere: '"ID" > 1'\ncolumns: { AMOUNT: integer }\ntarget_options: { column_casing: snake }`,
    );
    await harness.loadOne(yaml);
    expect(await harness.rows(target, 'select amount_text + 1, id, cust_name from raw.orders')).toEqual([
      [14, 2, 'b'],
    ]);
  });

  test('a query stream is bounded by its placeholders', async () => {
    const yaml = (where: string): string =>
      stream(
        `mode: incremental\nprimary_key: id\nupdate_key: at\nsql: select id, at, name from orders where ${where} and {where_cond}\nwhere: id < 9`,
      );
    await harness.loadOne(yaml('{incremental_where_cond}'));
    await change(
      `insert into orders values (4, 'd', '2024-01-02 00:00:00', 4), (9, 'out', '2024-01-02 00:00:00', 4)`,
    );
    expect(await harness.loadOne(yaml('{incremental_where_cond}'))).toMatchObject({
      rowsRead: 2,
      rowsInserted: 1,
    });
    await change(`insert into orders values (5, 'e', '2024-01-03 00:00:00', 4)`);
    expect(await harness.loadOne(yaml('at >= {incremental_value}'))).toMatchObject({
      rowsRead: 2,
      rowsInserted: 1,
    });
    await expect(harness.loadOne(yaml('at > {start_value}'))).rejects.toMatchObject({
      code: 'key_missing',
    });
  });

  test('user statements run with the publication', async () => {
    const yaml = stream(
      `mode: full-refresh\ntarget_options:\n  pre_sql: create table raw.log (step text)\n  post_sql: insert into raw.log select 'rows ' || count(*) from raw.orders`,
    );
    await harness.loadOne(yaml);
    expect(await harness.rows(target, 'select step from raw.log')).toEqual([['rows 3']]);
    await expect(harness.loadOne(yaml)).rejects.toThrow(/log/);
    expect(await stages()).toEqual([]);
  });

  test('a repeated step finds its own trace', async () => {
    const yaml = stream('mode: snapshot');
    await harness.loadOne(yaml, { idempotencyKey: 'same' });
    expect(await harness.loadOne(yaml, { idempotencyKey: 'same' })).toMatchObject({ rowsInserted: 3 });
    expect(await held('id')).toHaveLength(3);
  });

  test('explain changes nothing', async () => {
    const [plan] = await harness.explain(stream('mode: incremental\nprimary_key: id\nupdate_key: at'));
    expect(plan).toMatchObject({
      stream: 'orders',
      mode: 'incremental',
      watermarkOrigin: 'none',
      replaces: true,
    });
    expect(Object.isFrozen(plan?.publication?.statements)).toBe(true);
    const database = (await harness.get(target)).database;
    expect(await database?.list('raw')).toEqual([]);
    expect(await database?.list('_millrace')).toEqual([]);
  });

  test('a missing stream names its line', async () => {
    await change('drop table orders');
    await expect(harness.loadOne(stream('mode: full-refresh'))).rejects.toMatchObject({
      code: 'stream_missing',
      origin: { file: 'test.yaml', line: 4 },
    });
  });

  async function stages(): Promise<readonly string[]> {
    const found = (await (await harness.get(target)).database?.list('raw')) ?? [];
    return found.map((relation) => relation.name).filter((name) => name.startsWith('_millrace'));
  }
});

test.each(['DUCK', 'PG2'])('names of any kind are quoted everywhere, into %s', async (target) => {
  await harness.run(target, 'drop schema if exists "odd ""one" cascade');
  await harness.run(
    'PG',
    'drop table if exists "sel""ect me"',
    'create table "sel""ect me" ("group" int, "a""b" text, "it\'s" timestamp)',
    `insert into "sel""ect me" values (1, 'x', '2024-01-01'), (2, 'y', '2024-01-02')`,
  );
  const yaml = `source: PG
target: ${target}
streams:
  'public."sel""ect me"': { object: '"odd ""one"."t\\o"', primary_key: [group, 'a"b'], update_key: "it's" }
`;
  expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 2 });
  await harness.run('PG', `insert into "sel""ect me" values (3, 'z', '2024-01-02')`);
  expect(await harness.loadOne(yaml, { rowLimit: 1 })).toMatchObject({ rowsInserted: 1 });
  expect(await harness.rows(target, 'select "a""b" from "odd ""one"."t\\o" order by 1')).toEqual([
    ['x'],
    ['y'],
    ['z'],
  ]);
});

test.each([
  ['a primary key', 'create table raw.k (id bigint primary key, name varchar)'],
  ['a unique index', 'create table raw.k (id bigint, name varchar); create unique index k_id on raw.k (id)'],
  ['an index', 'create table raw.k (id bigint, name varchar); create index k_name on raw.k (name)'],
])('a DuckDB table with %s keeps it', async (_name, sql) => {
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'create schema raw', ...sql.split('; '));
  await harness.run(
    'LITE',
    'drop table if exists k',
    'create table k (id integer, name text)',
    `insert into k values (1, 'a'), (2, 'b')`,
  );
  const yaml = (rest: string) => `source: LITE\ntarget: DUCK\nstreams: { k: { object: raw.k, ${rest} } }\n`;
  const bonds = () =>
    harness.rows(
      'DUCK',
      `select (select count(*) from duckdb_indexes() where table_name = 'k') + (select count(*) from duckdb_constraints() where table_name = 'k' and constraint_type = 'PRIMARY KEY')`,
    );
  const before = await bonds();
  for (const rest of [
    'mode: full-refresh',
    'mode: full-refresh',
    'mode: truncate',
    'mode: incremental, primary_key: id',
  ]) {
    await harness.run('LITE', `update k set name = name || '!' where id = 1`);
    await harness.loadOne(yaml(rest));
  }
  expect(await harness.rows('DUCK', 'select * from raw.k order by 1')).toEqual([
    [1, 'a!!!!'],
    [2, 'b'],
  ]);
  expect(await bonds()).toEqual(before);
});

test('a plan can be read', async () => {
  await harness.run(
    'LITE',
    'drop table if exists t',
    'create table t (id integer primary key, "Name" text, at timestamp)',
  );
  const [plan] = await harness.explain(
    `source: LITE\ntarget: DUCK\nstreams: { t: { object: read.me, primary_key: id, update_key: at, where: id > 0, columns: { at: date } } }\n`,
    { rowLimit: 5 },
  );
  const text = plan ? formatStreamPlan(plan) : '';
  for (const line of [
    't (LITE, sqlite) -> read.me (DUCK, duckdb)',
    'columns: rows travel as batches of typed columns',
    'at from the watermark (none, none)',
    'where      id > 0',
    'limit      5 rows',
    'at timestamp as date',
    'create table "read"."me" ("id" bigint, "Name" varchar, "at" date);',
  ])
    expect(text).toContain(line);
});

test.each(['DUCK', 'PG2'])('streams load side by side into an empty %s', async (target) => {
  await harness.run(target, 'drop schema if exists side cascade', 'drop schema if exists _millrace cascade');
  const names = Array.from({ length: 8 }, (_, index) => `side_${index}`);
  for (const name of names)
    await harness.run(
      'PG',
      `drop table if exists ${name}`,
      `create table ${name} as select i as id from generate_series(1, 3000) i`,
    );
  const yaml = (name: string) =>
    `source: PG\ntarget: ${target}\nstreams: { ${name}: { object: side.${name}, primary_key: id } }\n`;
  for (const inserted of [3000, 0]) {
    const figures = await Promise.all(names.map((name) => harness.loadOne(yaml(name))));
    expect(figures.map((figure) => figure['rowsInserted'])).toEqual(names.map(() => inserted));
  }
  expect(await harness.rows(target, 'select count(*) from _millrace.watermarks')).toEqual([[8]]);
});

test('a snapshot keeps the kind of time that its table has', async () => {
  await harness.run(
    'DUCK',
    'drop schema if exists raw cascade',
    'create schema raw',
    'create table raw.t (id bigint, _sling_loaded_at timestamp)',
  );
  await harness.run(
    'LITE',
    'drop table if exists t',
    'create table t (id integer)',
    'insert into t values (1)',
  );
  await harness.loadOne('source: LITE\ntarget: DUCK\nstreams: { t: { object: raw.t, mode: snapshot } }\n');
  expect(
    await harness.rows('DUCK', "select id, _sling_loaded_at > timestamp '2024-01-01' from raw.t"),
  ).toEqual([[1, true]]);
});

describe('a wildcard', () => {
  test('expands when it runs; an explicit stream beats it', async () => {
    await harness.run(
      'LITE',
      'drop table if exists w_a',
      'drop table if exists w_b',
      'drop table if exists w_c',
    );
    for (const name of ['w_a', 'w_b', 'w_c'])
      await harness.run('LITE', `create table ${name} (id integer)`, `insert into ${name} values (1)`);
    const outcomes = await harness.load(
      `source: LITE\ntarget: DUCK\ndefaults: { object: 'wild.{stream_table}' }\nstreams:\n  main.w_*:\n  main.w_b: { object: wild.special }\n  main.w_c: { disabled: true }\n`,
    );
    expect([...outcomes.keys()]).toEqual(['wild/main_w_all', 'wild/special']);
    expect(outcomes.get('wild/main_w_all')).toMatchObject({ rows: 1, metadata: { rowsInserted: 1 } });
    const found = await (await harness.get('DUCK')).database?.list('wild');
    expect(found?.map((relation) => relation.name)).toEqual(['special', 'w_a']);
  });

  test('says which of its tables were not loaded', async () => {
    for (const [name, value] of [
      ['v_a', 1],
      ['v_b', -1],
    ] as const) {
      await harness.run('LITE', `drop table if exists ${name}`, `create table ${name} (id integer)`);
      await harness.run('LITE', `insert into ${name} values (${value})`);
    }
    const load = harness.load(
      `source: LITE\ntarget: DUCK\nstreams: { 'main.v_*': { object: 'wild.{stream_table}', columns: { id: 'bigint | value > 0' } } }\n`,
    );
    await expect(load).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringMatching(
        /^1 of 2 streams of main.v_\* failed, wild.v_b; the first: stream main.v_b: 1 row breaks/,
      ),
      relations: [{ connection: 'DUCK', schema: 'wild', name: 'v_b' }],
    });
    expect(await harness.rows('DUCK', 'select id from wild.v_a')).toEqual([[1]]);
  });
});

describe('files', () => {
  const csv = (name: string, text: string) => writeFile(join(harness.folder, name), text);

  test('are loaded along an update key, and watermarks come from what was read', async () => {
    const yaml = `source: DISK\ntarget: DUCK\nstreams:\n  file://in_*.csv: { object: raw.files, mode: incremental, update_key: day }\n`;
    await csv('in_1.csv', 'id,day\n1,2024-01-01\n2,2024-01-02\n');
    expect(await harness.loadOne(yaml)).toMatchObject({
      rowsInserted: 2,
      watermarkAfter: 'day = 2024-01-02',
      lane: 'file',
    });
    await csv('in_2.csv', 'id,day\n3,2024-01-03\n4,\n');
    expect(await harness.loadOne(yaml)).toMatchObject({
      rowsRead: 2,
      rowsInserted: 1,
      watermarkAfter: 'day = 2024-01-03',
    });
    expect(await harness.rows('DUCK', 'select id from raw.files order by 1')).toEqual([[1], [2], [3]]);
  });

  test('are written by a rename, and refuse what files cannot do', async () => {
    await harness.run(
      'LITE',
      'drop table if exists t',
      'create table t (id integer, name text)',
      `insert into t values (1, 'a')`,
    );
    const yaml = (rest: string) =>
      `source: LITE\ntarget: DISK\nstreams:\n  t: { object: 'file://out/{stream_table}.csv', ${rest} }\n`;
    expect(await harness.loadOne(yaml('mode: full-refresh'))).toMatchObject({ rowsInserted: 1 });
    expect(await readFile(join(harness.folder, 'out/t.csv'), 'utf8')).toBe('id,name\n1,a\n');
    await harness.loadOne(yaml("target_options: { delimiter: ';', header: false }"));
    expect(await readFile(join(harness.folder, 'out/t.csv'), 'utf8')).toBe('1;a\n');
    await expect(harness.loadOne(yaml('mode: incremental, primary_key: id'))).rejects.toMatchObject({
      code: 'not_yet_supported',
    });
  });

  test('have options of their own, which databases refuse', async () => {
    await csv('semi.csv', 'id;name\n1;NULL\n');
    const yaml = (source: string, target: string, stream: string, options: string) =>
      `source: ${source}\ntarget: ${target}\nstreams:\n  ${stream}: { object: raw.semi, ${options}, columns: { id: text } }\n`;
    await harness.loadOne(
      yaml('DISK', 'DUCK', 'semi.csv', "source_options: { delimiter: ';', null_if: 'NULL' }"),
    );
    expect(await harness.rows('DUCK', 'select * from raw.semi')).toEqual([['1', null]]);
    await expect(
      harness.loadOne(yaml('LITE', 'DUCK', 't', 'source_options: { header: true }')),
    ).rejects.toMatchObject({
      code: 'option_not_applicable',
    });
  });
});
