import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
let database: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  database = await createTestDatabase();
  await harness.open('SHOP', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'lite.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open(
    'PG',
    postgresConnector,
    postgresConnector.config.parse(postgresConnector.parseUrl(database.url)),
  );
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

describe.each(['DUCK', 'PG', 'LITE'])('into %s', (target) => {
  const table = target === 'LITE' ? 'items' : 'raw.items';
  const yaml = (rest: string): string =>
    `source: SHOP\ntarget: ${target}\nenv: { SLING_SYNCED_AT_COLUMN: true }\nstreams: { items: { object: ${table}, ${rest} } }\n`;
  const ops = (): Promise<unknown> =>
    harness.rows(target, `select id, name, _sling_synced_op from ${table} order by id`);
  const marked = async (rest: string): Promise<boolean> => {
    const { rows } = { rows: await harness.rows(target, `select count(*) from ${table} where ${rest}`) };
    return Number(rows[0]?.[0]) > 0;
  };

  beforeEach(async () => {
    await harness.run(
      'SHOP',
      'drop table if exists items',
      'create table items (id integer, part text, name text, primary key (id, part))',
      "insert into items values (1, 'a', 'one'), (2, 'a', 'two'), (3, 'a', 'three')",
    );
    if (target === 'LITE')
      await harness.run('LITE', 'drop table if exists items', 'drop table if exists _millrace_watermarks');
    else
      await harness.run(
        target,
        'drop schema if exists raw cascade',
        'drop schema if exists _millrace cascade',
      );
  });

  test('inserted, updated, gone and returned rows are told apart', async () => {
    const merge = yaml('primary_key: [id, part], target_options: { delete_missing: soft }');
    await harness.loadOne(merge);
    expect(await ops()).toEqual([
      [1, 'one', 'I'],
      [2, 'two', 'I'],
      [3, 'three', 'I'],
    ]);
    expect(await marked('_sling_synced_at is null')).toBe(false);
    await harness.run(
      'SHOP',
      "update items set name = 'zwei' where id = 2",
      'delete from items where id = 3',
      "insert into items values (4, 'a', 'four')",
    );
    await harness.loadOne(merge);
    expect(await ops()).toEqual([
      [1, 'one', 'I'],
      [2, 'zwei', 'U'],
      [3, 'three', 'D'],
      [4, 'four', 'I'],
    ]);
    await harness.run('SHOP', "insert into items values (3, 'a', 'three')");
    expect(await harness.loadOne(merge)).toMatchObject({ rowsDeleted: 0 });
    expect(await ops()).toContainEqual([3, 'three', 'U']);
  });

  test('each merge strategy says what it did', async () => {
    await harness.loadOne(yaml('primary_key: [id, part]'));
    for (const strategy of ['update_insert', 'delete_insert']) {
      await harness.run('SHOP', `update items set name = '${strategy}' where id = 1`);
      await harness.loadOne(yaml(`primary_key: [id, part], target_options: { merge_strategy: ${strategy} }`));
      expect(await ops()).toContainEqual([1, strategy, 'U']);
    }
  });

  test('a full refresh inserts', async () => {
    await harness.loadOne(yaml('mode: full-refresh'));
    await harness.loadOne(yaml('mode: truncate'));
    expect(await ops()).toContainEqual([1, 'one', 'I']);
  });
});

describe.each(['DUCK', 'PG'])('rows that break a constraint, into %s', (target) => {
  const yaml = (policy: string, columns = '{ name: "string | value != \'two\'" }'): string =>
    `source: SHOP\ntarget: ${target}\nenv: { SLING_ON_CONSTRAINT_FAILURE: ${policy} }\nstreams: { items: { object: raw.items, mode: full-refresh, columns: ${columns} } }\n`;
  const ids = (): Promise<unknown> => harness.rows(target, 'select id from raw.items order by id');

  beforeEach(async () => {
    await harness.run(
      'SHOP',
      'drop table if exists items',
      'create table items (id integer, name text)',
      "insert into items values (1, 'one'), (2, 'two')",
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  test('stop the load', async () => {
    await expect(harness.loadOne(yaml('abort'))).rejects.toMatchObject({ code: 'constraint_violated' });
  });

  test('go beside, however many, and those of the last load only', async () => {
    for (const _ of [1, 2])
      expect(await harness.loadOne(yaml('skip'))).toMatchObject({ rowsRejected: 1, rowsInserted: 1 });
    expect(await ids()).toEqual([[1]]);
    expect(await harness.rows(target, 'select value from raw.items__rejects')).toEqual([['two']]);
  });

  test('are loaded all the same, with a line in the log', async () => {
    harness.logged.length = 0;
    const warning = expect.stringMatching(/1 row of column 'name'/);
    expect(await harness.loadOne(yaml('warn'))).toMatchObject({ warnings: [warning] });
    expect(await ids()).toEqual([[1], [2]]);
    expect(harness.logged).toContainEqual(
      expect.stringMatching(/1 row of column 'name': breaks the constraint.*loaded all the same/),
    );
  });

  test('a value that does not fit stops the load all the same', async () => {
    await expect(harness.loadOne(yaml('skip', '{ name: int }'))).rejects.toMatchObject({
      code: 'value_misfit',
    });
    await expect(harness.loadOne(yaml('perhaps'))).rejects.toThrow(
      /SLING_ON_CONSTRAINT_FAILURE is 'perhaps'/,
    );
  });
});
