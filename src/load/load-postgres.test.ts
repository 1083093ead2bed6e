import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';

let harness: LoadHarness;
let product: TestDatabase;
let warehouse: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  product = await createTestDatabase();
  warehouse = await createTestDatabase();
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  for (const [name, database] of [
    ['PRODUCT', product],
    ['PG', warehouse],
  ] as const) {
    const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
    await harness.open(name, postgresConnector, config);
  }
});
afterAll(async () => {
  await harness.close();
  await product.drop();
  await warehouse.drop();
});

/** What is synced every few minutes. */
const frequent = (target: string): string => `
source: PRODUCT
target: ${target}
defaults:
  mode: incremental
  object: '{stream_table}'
  primary_key: [id]
streams:
  public.deployments:
    meta: { dagster: { asset_key: sling.cloud_product.deployments } }
  public.organizations:
    update_key: update_timestamp
    meta: { dagster: { asset_key: sling.cloud_product.organizations } }
`;

/** What is large, and synced now and then. */
const infrequent = (target: string): string => `
source: PRODUCT
target: ${target}
defaults:
  mode: incremental
  object: '{stream_table}'
  update_key: id
streams:
  public.event_logs:
    meta: { dagster: { asset_key: sling.cloud_product.event_logs } }
  public.runs:
    primary_key: id
    update_key: update_timestamp
    meta: { dagster: { asset_key: sling.cloud_product.runs } }
  public.run_tags:
    meta: { dagster: { asset_key: sling.cloud_product.run_tags } }
`;

describe.each(['DUCK', 'PG'])('a product database out of an ETL provider, into %s', (target) => {
  const schema = target === 'DUCK' ? 'main' : 'public';
  const tables = ['deployments', 'organizations', 'event_logs', 'runs', 'run_tags'];

  beforeEach(async () => {
    for (const table of tables) {
      await harness.run('PRODUCT', `drop table if exists ${table} cascade`);
      await harness.run(target, `drop table if exists ${schema}.${table}`);
    }
    await harness.run(target, 'drop schema if exists _millrace cascade');
    await harness.run(
      'PRODUCT',
      `create table deployments as select i as id, 'deployment ' || i as name from generate_series(1, 20) i`,
      `create table organizations as select i as id, 'org ' || i as name, timestamptz '2024-01-01' + i * interval '1 hour' as update_timestamp from generate_series(1, 30) i`,
      `create table event_logs as select i::bigint as id, jsonb_build_object('n', i) as event from generate_series(1, 500) i`,
      `create table runs as select gen_random_uuid() as id, i as n, 'started' as status, timestamp '2024-01-01' + i * interval '1 minute' as update_timestamp from generate_series(1, 100) i`,
      `create table run_tags as select i as id, 'k' as key, 'v' || i as value from generate_series(1, 50) i`,
    );
  });

  test('both files load, follow, and then have nothing to do', async () => {
    const first = new Map([
      ...(await harness.load(frequent(target))),
      ...(await harness.load(infrequent(target))),
    ]);
    expect([...first.keys()]).toEqual(tables.map((table) => `sling/cloud_product/${table}`));
    expect([...first.values()].map((outcome) => outcome.rows)).toEqual([20, 30, 500, 100, 50]);
    expect(first.get('sling/cloud_product/runs')?.metadata).toMatchObject({
      lane: target === 'PG' ? 'pg-copy-binary' : 'columns',
    });

    await harness.run(
      'PRODUCT',
      `update organizations set name = 'renamed', update_timestamp = '2024-03-01' where id = 1`,
      `insert into event_logs values (501, '{}'), (502, '{"a": [1, null]}')`,
      `update runs set status = 'done', update_timestamp = '2024-02-01' where n <= 10`,
      `update deployments set name = 'moved' where id = 2`,
    );
    const second = new Map([
      ...(await harness.load(frequent(target))),
      ...(await harness.load(infrequent(target))),
    ]);
    const figures = [...second.values()].map(({ metadata }) => [
      metadata['rowsInserted'],
      metadata['rowsUpdated'],
    ]);
    expect(figures).toEqual([
      [0, 1],
      [0, 1],
      [2, 0],
      [0, 10],
      [0, 0],
    ]);
    const third = new Map([
      ...(await harness.load(frequent(target))),
      ...(await harness.load(infrequent(target))),
    ]);
    for (const { metadata } of third.values())
      expect(metadata).toMatchObject({ rowsInserted: 0, rowsUpdated: 0, rowsDeleted: 0 });

    for (const table of tables) {
      const sums = `select count(*), count(distinct id), min(cast(id as text)), max(cast(id as text)) from`;
      expect(await harness.rows(target, `${sums} ${schema}.${table}`)).toEqual(
        await harness.rows('PRODUCT', `${sums} ${table}`),
      );
    }
  });
});

describe('a table in PostgreSQL that others depend on', () => {
  const yaml = (rest = 'mode: full-refresh') =>
    `source: PRODUCT\ntarget: PG\nstreams: { public.items: { object: raw.items, ${rest} } }\n`;
  const identity = async () => (await harness.rows('PG', `select 'raw.items'::regclass::oid::int`))[0]?.[0];

  beforeEach(async () => {
    await harness.run('PG', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
    await harness.run(
      'PRODUCT',
      'drop table if exists items',
      `create table items as select i as id, 'x' || i as name from generate_series(1, 3) i`,
    );
    await harness.loadOne(yaml());
    await harness.run('PRODUCT', 'delete from items where id = 1');
  });

  const bonds = [
    ['a view', 'create view raw.named as select name from raw.items'],
    ['a grant', 'grant select on raw.items to public'],
    ['an index', 'create index on raw.items (name)'],
    [
      'a foreign key',
      'alter table raw.items add unique (id); create table raw.parts (item int references raw.items (id) on delete cascade)',
    ],
    [
      'a trigger',
      'create function raw.f() returns trigger language plpgsql as $f$ begin return new; end $f$; create trigger t before insert on raw.items for each row execute function raw.f()',
    ],
    ['a default', `alter table raw.items alter column name set default 'none'`],
    ['a comment', `comment on table raw.items is 'bought things'`],
  ] as const;

  test.each(bonds)('with %s stays the same table', async (_name, sql) => {
    for (const statement of sql.split('; ').length > 1 && !sql.includes('$f$') ? sql.split('; ') : [sql])
      await harness.run('PG', statement);
    const before = await identity();
    expect(await harness.loadOne(yaml())).toMatchObject({
      rowsInserted: 2,
      publication: expect.stringMatching(/^refill/),
    });
    expect(await identity()).toBe(before);
    expect(await harness.rows('PG', 'select id from raw.items order by 1')).toEqual([[2], [3]]);
  });

  test('without any is swapped', async () => {
    const before = await identity();
    expect(await harness.loadOne(yaml())).toMatchObject({ publication: expect.stringMatching(/^swap/) });
    expect(await identity()).not.toBe(before);
  });

  test('takes new columns and new types when it is refilled', async () => {
    await harness.run('PG', 'create view raw.named as select name from raw.items');
    await harness.run(
      'PRODUCT',
      'alter table items add column price numeric',
      'alter table items alter column id type bigint',
    );
    expect(await harness.loadOne(yaml())).toMatchObject({
      schemaChanges: ['column id changed from integer to bigint', 'column price numeric added'],
    });
  });

  test('keeps columns that were added beside the source when rows are merged', async () => {
    await harness.run('PG', `alter table raw.items add column note text default 'mine'`);
    await harness.run(
      'PRODUCT',
      `update items set name = 'changed' where id = 2`,
      `insert into items values (9, 'new')`,
    );
    await harness.loadOne(yaml('mode: incremental, primary_key: id'));
    expect(await harness.rows('PG', 'select id, name, note from raw.items order by 1')).toEqual([
      [1, 'x1', 'mine'],
      [2, 'changed', 'mine'],
      [3, 'x3', 'mine'],
      [9, 'new', 'mine'],
    ]);
  });

  test('refuses a view as target', async () => {
    await harness.run('PG', 'create view raw.seen as select 1 as id');
    const text = `source: PRODUCT\ntarget: PG\nstreams: { public.items: { object: raw.seen } }\n`;
    await expect(harness.loadOne(text)).rejects.toMatchObject({ code: 'target_is_view' });
  });
});

test('keys asked for are made with a new table', async () => {
  await harness.run('PG', 'drop schema if exists keyed cascade');
  await harness.run(
    'PRODUCT',
    'drop table if exists items',
    'create table items as select 1 as id, 2 as code, 3 as n',
  );
  const keys = 'table_keys: { primary: [id], unique: [code], index: [n] }';
  const yaml = (target: string) =>
    `source: PRODUCT\ntarget: ${target}\nstreams: { public.items: { object: keyed.items, target_options: { ${keys} } } }\n`;
  await harness.loadOne(yaml('PG'));
  expect(
    await harness.rows('PG', `select indexname::text from pg_indexes where schemaname = 'keyed' order by 1`),
  ).toEqual([['items_index'], ['items_pkey'], ['items_unique']]);
  expect(await harness.loadOne(yaml('PG'))).toMatchObject({ publication: expect.stringMatching(/^refill/) });
  await expect(harness.loadOne(yaml('DUCK'))).rejects.toMatchObject({ code: 'not_yet_supported' });
});

test('a merge finds its rows by a unique index', async () => {
  await harness.run('PG', 'drop schema if exists merged cascade');
  await harness.run(
    'PRODUCT',
    'drop table if exists merged',
    "create table merged as select * from (values (1, 'a'), (2, 'b')) as t (id, v)",
  );
  const yaml = `
source: PRODUCT
target: PG
streams:
  public.merged: { mode: incremental, primary_key: id, object: merged.merged }
`;
  await harness.loadOne(yaml);
  await harness.run('PRODUCT', "update merged set v = 'c' where id = 2");
  await harness.loadOne(yaml);
  expect(await harness.rows('PG', 'select id, v from merged.merged order by id')).toEqual([
    [1, 'a'],
    [2, 'c'],
  ]);
  expect(await harness.rows('PG', `select indexdef from pg_indexes where schemaname = 'merged'`)).toEqual([
    [expect.stringMatching(/UNIQUE INDEX merged_key .*\(id\)/)],
  ]);
});

test('a long table name leaves room for the stage', async () => {
  const name = `${'ä'.repeat(25)}_orders`;
  await harness.run('PG', 'drop schema if exists long cascade');
  const yaml = `source: PRODUCT\ntarget: PG\nstreams: { public.items: { object: 'long.${name}' } }\n`;
  const [plan] = await harness.explain(yaml);
  expect(Buffer.byteLength(plan?.stage.name ?? '')).toBeLessThanOrEqual(63);
  await harness.loadOne(yaml);
  await harness.loadOne(yaml);
  expect(await harness.rows('PG', `select count(*) from long."${name}"`)).toEqual([[1]]);
});
