import { expect, test } from 'vitest';
import { mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';
import { databaseOf, openDuckdb, runAll } from './testing/transform-runner.fixture.ts';

test('on DuckDB models, seeds, snapshots and increments are built in an attached database', async () => {
  const connection = await openDuckdb();
  await databaseOf(connection).execute("attach ':memory:' as lake");
  await databaseOf(connection).execute('create table lake.main.src as select 1 as id');
  const project = await readFiles(
    {
      'models/s.yml': 'sources: [{ name: raw, database: lake, schema: main, tables: [{ name: src }] }]\n',
      'models/t.sql':
        "{{ config(materialized='table', database='lake', schema='mart') }} select * from {{ source('raw', 'src') }}",
      'models/v.sql': "{{ config(database='lake') }} select id + 1 as id from {{ ref('t') }}",
      'models/i.sql':
        "{{ config(materialized='incremental', database='lake', unique_key='id') }} select * from {{ ref('v') }}",
      'models/here.sql': "select * from {{ ref('i') }}",
      'seeds/seeds.yml': 'seeds: [{ name: kinds, config: { database: lake } }]\n',
      'seeds/kinds.csv': 'id\n7\n',
      'snapshots/s.sql':
        "{% snapshot kept %}{{ config(target_database='lake', target_schema='snaps', unique_key='id', strategy='check', check_cols='all') }}select * from {{ ref('kinds') }}{% endsnapshot %}",
    },
    { attachedDatabases: ['lake'], database: 'memory' },
  );
  await runAll(project, connection);
  await runAll(project, connection);
  const { rows } = await databaseOf(connection).query(
    'select (select id from lake.main_mart.t), (select id from lake.main.v), (select id from lake.main.i), (select id from main.here), (select id from lake.main.kinds), (select id from lake.snaps.kept)',
  );
  expect(rows.map((row) => row.map(Number))).toEqual([[1, 2, 2, 2, 7, 7]]);
  await connection.close();
});

test('on PostgreSQL another database is refused where it is configured', async () => {
  const files = { 'models/m.sql': "{{ config(database='elsewhere') }} select 1 as id" };
  expect(await mistakesOf(files, { dialectName: 'postgres', database: 'here' })).toEqual([
    'this is to be built in the database "elsewhere"; PostgreSQL writes only to the one it is connected to',
  ]);
  const project = await readFiles(files, {
    dialectName: 'postgres',
    database: 'here',
    toleratesUndefined: true,
  });
  expect(project.manifest.byKey.get('m')).toMatchObject({ relation: { database: 'elsewhere' } });
});

test('a seed that is declared as a source too, and a source of two packages, have keys of their own', async () => {
  const source = 'sources: [{ name: raw, tables: [{ name: orders }] }]\n';
  const project = await readFiles({
    'packages.yml': 'packages: [{ local: packages/other }]\n',
    'packages/other/dbt_project.yml': 'name: other\nversion: "1.0"\n',
    'packages/other/models/s.yml': source,
    'models/s.yml': source,
    'seeds/seeds.yml': 'seeds: [{ name: orders, config: { schema: raw } }]\n',
    'seeds/orders.csv': 'id\n1\n',
  });
  const keys = [...project.manifest.byId.values()].map(({ uniqueId, key }) => [uniqueId, key]);
  expect(Object.fromEntries(keys)).toEqual({
    'seed.shop.orders': 'raw/orders',
    'source.shop.raw.orders': 'source/raw/orders',
    'source.other.raw.orders': 'other/source/raw/orders',
  });
});
