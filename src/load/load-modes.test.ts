import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
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
  ['PG', 'PG2'],
] as const;

describe.each(routes)('%s to %s', (source, target) => {
  const stream = (rest: string, name = 'orders'): string =>
    `source: ${source}\ntarget: ${target}\nstreams: { ${name}: { object: raw.orders, ${rest} } }\n`;
  const held = (columns = 'id, name') =>
    harness.rows(target, `select ${columns} from raw.orders order by id`);
  const keys = 'update_key: at, primary_key: id';

  beforeEach(async () => {
    await harness.run(
      source,
      'drop table if exists orders',
      'create table orders (id int primary key, name text, at timestamp)',
      'create index orders_at on orders (at)',
      ...[1, 2, 3, 4, 5].map(
        (id) => `insert into orders values (${id}, 'n${id}', '2024-01-0${id} 00:00:00')`,
      ),
      `insert into orders values (6, 'never', null)`,
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  describe('range', () => {
    const range = (ends: string, more = ''): string => `source_options: { range: '${ends}'${more} }`;

    test('backfill merges it, both ends included, and leaves the watermark of the stream alone', async () => {
      const incremental = stream(`mode: incremental, ${keys}`);
      await harness.loadOne(incremental);
      await harness.run(
        source,
        `update orders set name = 'B' where id in (2, 3, 4, 6)`,
        'delete from orders where id = 1',
      );
      const backfill = stream(`mode: backfill, ${keys}, ${range('2024-01-02,2024-01-03')}`);
      expect(await harness.loadOne(backfill)).toMatchObject({ rowsRead: 2, rowsUpdated: 2, rowsInserted: 0 });
      expect(await held()).toEqual([
        [1, 'n1'],
        [2, 'B'],
        [3, 'B'],
        [4, 'n4'],
        [5, 'n5'],
        [6, 'never'],
      ]);
      const next = await harness.loadOne(incremental);
      expect(next['watermarkBefore']).toMatch(/2024-01-05/);
    });

    test('is read in chunks too', async () => {
      const yaml = stream(`mode: backfill, ${keys}, ${range('2024-01-02,', ', chunk_size: 2')}`);
      const expected = { rowsRead: 4, rowsInserted: 4, chunks: source === 'LITE' ? 1 : 2 };
      expect(await harness.loadOne(yaml)).toMatchObject(expected);
      expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 4, rowsInserted: 0 });
    });

    test('bounds the other modes', async () => {
      const options = range(',2024-01-02');
      expect(await harness.loadOne(stream(`mode: full-refresh, update_key: at, ${options}`))).toMatchObject({
        rowsRead: 2,
      });
      expect(await harness.loadOne(stream(`mode: truncate, update_key: at, ${options}`))).toMatchObject({
        rowsRead: 2,
      });
      expect(await harness.loadOne(stream(`mode: incremental, ${keys}, ${options}`))).toMatchObject({
        rowsInserted: 0,
      });
      const query = `sql: 'select * from orders where at between {start_value} and {end_value}'`;
      const both = range('2024-01-02,2024-01-04');
      expect(await harness.loadOne(stream(`${query}, mode: backfill, ${keys}, ${both}`, 'q'))).toMatchObject({
        rowsRead: 3,
        rowsInserted: 2,
      });
      expect(await held('id')).toEqual([[1], [2], [3], [4]]);
    });

    test('needs its ends and its key', async () => {
      const refusal = (rest: string) => expect(harness.explain(stream(rest))).rejects;
      await refusal(`mode: backfill, ${keys}`).toMatchObject({
        message: expect.stringMatching(/has no range/),
      });
      await refusal(`mode: backfill, update_key: at, ${range('1,2')}`).toMatchObject({ code: 'key_missing' });
      await refusal(`mode: full-refresh, ${range('1,2')}`).toMatchObject({
        message: expect.stringMatching(/no update_key/),
      });
      await refusal(`${keys}, ${range('2024-01-01')}`).toMatchObject({ code: 'invalid_value' });
    });
  });

  test('definition-only makes the table without rows', async () => {
    expect(await harness.loadOne(stream('mode: definition-only'))).toMatchObject({
      rowsRead: 0,
      rowsInserted: 0,
    });
    expect(await held('id, name, "at"')).toEqual([]);
  });

  describe('delete_missing', () => {
    const yaml = (missing: string, more = ''): string =>
      stream(`mode: incremental, ${keys}, target_options: { delete_missing: ${missing} }${more}`);

    test('hard removes what the source has no more, and not what came meanwhile', async () => {
      await harness.loadOne(yaml('hard'));
      await harness.run(
        source,
        'delete from orders where id in (1, 3)',
        `insert into orders values (9, 'new', '2024-02-01')`,
      );
      expect(await harness.loadOne(yaml('hard'))).toMatchObject({ rowsInserted: 1, rowsDeleted: 2 });
      expect(await held('id')).toEqual([[2], [4], [5], [6], [9]]);
      expect(await harness.loadOne(yaml('hard'))).toMatchObject({ rowsDeleted: 0 });
      const left = (await (await harness.get(target)).database?.list('raw')) ?? [];
      expect(left.map((relation) => relation.name)).toEqual(['orders']);
    });

    test('soft marks them, once, and takes the mark from those that come back', async () => {
      await harness.loadOne(yaml('soft'));
      await harness.run(source, 'delete from orders where id in (1, 3)');
      expect(await harness.loadOne(yaml('soft'))).toMatchObject({ rowsDeleted: 2 });
      expect(await harness.loadOne(yaml('soft'))).toMatchObject({ rowsDeleted: 0 });
      await harness.run(source, `insert into orders values (1, 'n1', '2024-01-01 00:00:00')`);
      await harness.loadOne(yaml('soft'));
      const marked = await held('id, _sling_deleted_at is null');
      expect(marked.filter(([, isNull]) => isNull === false)).toEqual([[3, false]]);
    });

    test('where bounds what may be missing', async () => {
      await harness.loadOne(yaml('hard'));
      await harness.run(source, 'delete from orders where id in (1, 5)');
      const bounded = yaml(`{ type: hard, target_where: 'id < 3' }`);
      expect(await harness.loadOne(bounded)).toMatchObject({ rowsDeleted: 1 });
      expect(await held('id')).toEqual([[2], [3], [4], [5], [6]]);
    });

    test('means nothing where nothing is merged, and is refused when it is misspelt', async () => {
      const options = 'target_options: { delete_missing: hard }';
      const figures = await harness.loadOne(stream(`mode: full-refresh, ${options}`));
      expect(figures).toMatchObject({ mode: 'full-refresh', rowsDeleted: 0 });
      await expect(harness.explain(yaml('hrad'))).rejects.toMatchObject({ code: 'invalid_value' });
    });
  });

  test.each([
    [
      'insert',
      [
        [1, 'n1'],
        [2, 'n2'],
        [7, 'new'],
      ],
      { rowsInserted: 1, rowsUpdated: 0 },
    ],
    [
      'update',
      [
        [1, 'n1'],
        [2, 'B'],
      ],
      { rowsInserted: 0, rowsUpdated: 1 },
    ],
    [
      'update_insert',
      [
        [1, 'n1'],
        [2, 'B'],
        [7, 'new'],
      ],
      { rowsInserted: 1, rowsUpdated: 1 },
    ],
    [
      'delete_insert',
      [
        [1, 'n1'],
        [2, 'B'],
        [7, 'new'],
      ],
      { rowsInserted: 1, rowsUpdated: 1 },
    ],
  ])('merge_strategy %s, columns of the target kept', async (strategy, rows, figures) => {
    const yaml = stream(
      `mode: incremental, primary_key: id, target_options: { merge_strategy: ${strategy} }`,
    );
    await harness.run(source, 'delete from orders where id > 2');
    await harness.loadOne(yaml);
    await harness.run(
      target,
      'alter table raw.orders add column note text',
      `update raw.orders set note = 'kept'`,
    );
    await harness.run(
      source,
      `update orders set name = 'B' where id = 2`,
      `insert into orders values (7, 'new', null)`,
    );
    expect(await harness.loadOne(yaml)).toMatchObject(figures);
    expect(await held()).toEqual(rows);
    expect(await held('id, note')).toEqual(rows.map(([id]) => [id, id === 7 ? null : 'kept']));
    expect(await harness.loadOne(yaml)).toMatchObject({
      rowsUpdated: strategy === 'insert' ? 0 : expect.anything(),
    });
  });
});
