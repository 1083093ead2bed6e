import { expect, test } from 'vitest';
import { compileSql, explainTransform } from './index.ts';
import { readFiles } from './testing/temporary-project.fixture.ts';

const files = {
  'models/orders.sql': "{{ config(materialized='table') }} select 1 as id",
  'models/inner_e.sql': "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }}",
  'models/outer_e.sql': "{{ config(materialized='ephemeral') }} select * from {{ ref('inner_e') }}",
  'models/seen.sql': "select id from {{ ref('orders') }}",
  'models/grown.sql':
    "{{ config(materialized='incremental', unique_key='id') }} select id from {{ ref('orders') }}{% if is_incremental() %} where id > (select max(id) from {{ this }}){% endif %}",
  'models/s.yml':
    'sources: [{name: shop, tables: [{name: carts}]}]\nmodels: [{name: orders, columns: [{name: id, tests: [not_null]}]}]\n',
  'macros/m.sql': '{% macro only_new() %}id > 5{% endmacro %}',
  'seeds/s.csv': 'a,b\n1,x\n2,y\n',
};
const spaced = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

test('SQL of a report is compiled with what it reads', async () => {
  const project = await readFiles(files, { database: 'shop', schema: 'gold' });
  const compiled = compileSql(
    project,
    "select * from {{ ref('orders') }} o join {{ source('shop', 'carts') }} c using (id) where {{ only_new() }}",
    { file: 'reports/a.md', line: 12 },
  );
  expect(compiled.sql).toBe(
    'select * from "shop"."gold"."orders" o join "shop"."shop"."carts" c using (id) where id > 5',
  );
  expect(compiled.reads).toEqual([
    { kind: 'reads', from: 'orders', origin: { file: 'reports/a.md', line: 12, column: expect.any(Number) } },
    {
      kind: 'reads',
      from: 'shop/carts',
      origin: { file: 'reports/a.md', line: 12, column: expect.any(Number) },
    },
  ]);
});

test('ephemeral models come along, inner ones first, before or within the SQL’s own with', async () => {
  const project = await readFiles(files);
  const ctes =
    '__dbt__cte__inner_e as ( select * from "main"."orders" ), __dbt__cte__outer_e as ( select * from __dbt__cte__inner_e )';
  const origin = { file: 'reports/a.md' };
  const plain = compileSql(project, "-- mine\nselect * from {{ ref('outer_e') }}", origin);
  expect(spaced(plain.sql)).toBe(`-- mine with ${ctes} select * from __dbt__cte__outer_e`);
  const within = compileSql(
    project,
    "/* a */ WITH RECURSIVE x as (select 1) select * from {{ ref('outer_e') }}, x",
    origin,
  );
  expect(spaced(within.sql)).toBe(
    `/* a */ WITH RECURSIVE ${ctes}, x as (select 1) select * from __dbt__cte__outer_e, x`,
  );
  expect(plain.reads.map((edge) => edge.from)).toEqual(['outer_e']);
});

test('a mistake in such SQL is told at its place', async () => {
  const project = await readFiles(files);
  const origin = { file: 'syncs/crm.yaml', line: 7 };
  expect(() => compileSql(project, "select *\nfrom {{ ref('ordrs') }}", origin)).toThrow(
    expect.objectContaining({
      code: 'model_missing',
      message: expect.stringContaining('did you mean "orders"?'),
      origin: expect.objectContaining({ file: 'syncs/crm.yaml', line: 8 }),
    }),
  );
});

test('explain shows the statements of every kind of node', async () => {
  const project = await readFiles(files);
  expect(spaced(explainTransform(project, 'seen'))).toBe(
    'begin; drop view if exists "main"."seen"; create view "main"."seen" as ( select id from "main"."orders" ); commit;',
  );
  expect(spaced(explainTransform(project, 'orders'))).toContain('create table "main"."orders__dbt_tmp" as (');
  const grown = explainTransform(project, 'grown');
  expect(grown.split('when the table exists')).toHaveLength(2);
  expect(grown.split('when the table exists')[0]).not.toContain('max(id)');
  expect(grown.split('when the table exists')[1]).toContain(
    'where id > (select max(id) from "main"."grown")',
  );
  expect(explainTransform(project, 's')).toContain(
    'create table "main"."s__dbt_tmp" ("a" integer, "b" text)',
  );
  expect(explainTransform(project, 'check/not_null_orders_id')).toContain('where id is null');
  expect(() => explainTransform(project, 'nothing')).toThrow(/builds no "nothing"/);
});

test('explain does not stumble over what only a query could tell', async () => {
  const project = await readFiles({
    'models/a.sql': "{% set n = run_query('select 1').columns[0].values()[0] %}select '{{ n }}' as n",
  });
  expect(explainTransform(project, 'a')).toContain("select '' as n");
});
