import { expect, test } from 'vitest';
import { explainTransform } from './index.ts';
import { type Files, mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';

const tools: Files = {
  'dbt_packages/tools/dbt_project.yml':
    'name: tools\nvars: {unit: own, tools: {size: own}}\nmodels: {tools: {+materialized: table}}\n',
  'dbt_packages/tools/macros/m.sql': [
    "{% macro cents(column) %}{{ return(adapter.dispatch('cents', 'tools')(column)) }}{% endmacro %}",
    '{% macro default__cents(column) %}({{ column }} / 100){% endmacro %}',
    "{% macro doubled(x) %}{{ tools.cents(x) ~ ' * 2' }}{% endmacro %}",
    '{% test above(model, column_name, least=0) %}select * from {{ model }} where {{ column_name }} <= {{ least }}{% endtest %}',
  ].join('\n'),
  'dbt_packages/tools/models/days.sql': "select '{{ var('unit') }}' as unit, '{{ var('size') }}' as size",
  'dbt_packages/tools/models/weeks.sql': "select * from {{ ref('days') }}",
};
const shop: Files = {
  'packages.yml': 'packages:\n  - package: acme/tools\n    version: [">=1.0.0"]\n',
  'models/a.sql': "select {{ tools.doubled('x') }} as d from {{ ref('tools', 'days') }}",
};
const sqlOf = async (files: Files, key: string): Promise<string> =>
  explainTransform(await readFiles(files), key).replaceAll(/\s+/g, ' ');

test('macros, models and tests of an installed package are the project’s too', async () => {
  const project = await readFiles({
    ...shop,
    ...tools,
    'models/a.yml': 'models: [{name: a, columns: [{name: d, tests: [tools.above: {least: 3}]}]}]\n',
  });
  expect(explainTransform(project, 'a')).toContain('select (x / 100) * 2 as d from "main"."days"');
  expect(explainTransform(project, 'check/tools_above_a_d__3')).toContain('where d <= 3');
  expect(project.nodes.map((node) => [node.key, node.spec['uniqueId']])).toContainEqual([
    'tools/weeks',
    'model.tools.weeks',
  ]);
  expect(project.nodes.find((node) => node.key === 'a')?.edges.map((edge) => edge.from)).toEqual([
    'tools/days',
  ]);
});

test('the project wins: dispatch, trees and variables', async () => {
  const files = {
    ...shop,
    ...tools,
    'macros/m.sql': '{% macro duckdb__cents(column) %}{{ column }}_in_cents{% endmacro %}',
    'dbt_project.yml':
      'name: shop\nvars: {unit: root, tools: {size: scoped}}\nmodels: {tools: {+materialized: view}}\n',
  };
  expect(await sqlOf(files, 'a')).toContain('select x_in_cents * 2 as d');
  expect(await sqlOf(files, 'tools/days')).toMatch(/create view .* select 'root' as unit, 'scoped' as size/);
  const late = `${files['dbt_project.yml']}dispatch: [{macro_namespace: tools, search_order: [tools, shop]}]\n`;
  expect(await sqlOf({ ...files, 'dbt_project.yml': late }, 'a')).toContain('select (x / 100) * 2 as d');
});

test('a package describes what only another has', async () => {
  const files = {
    'packages.yml': 'packages: [{ local: tools }]\n',
    'tools/dbt_project.yml': 'name: tools\nversion: "1.0"\n',
    'tools/seeds/s.yml':
      'seeds: [{ name: kinds, description: Kinds., config: { column_types: { id: bigint } }, columns: [{ name: id, data_tests: [unique] }] }]\n',
    'seeds/kinds.csv': 'id\n1\n',
    'models/m.sql': 'select 1 as id',
  };
  const { manifest } = await readFiles(files);
  expect(manifest.byKey.get('kinds')).toMatchObject({
    description: 'Kinds.',
    config: { columnTypes: { id: 'bigint' } },
  });
  expect(manifest.tests.map(({ uniqueId }) => uniqueId)).toEqual([
    expect.stringContaining('test.tools.unique_kinds_id.'),
  ]);
  expect(manifest.warnings).toEqual([]);
});

test('the macros of a package are looked up by a name that is made', async () => {
  const names = "{{ context['tools'].get('unit_of', none) is none }} {{ 'nothing' in context['tools'] }}";
  const files = {
    'packages.yml': 'packages: [{ local: tools }]\n',
    'tools/dbt_project.yml': 'name: tools\nversion: "1.0"\n',
    'tools/macros/m.sql': "{% macro unit_of(x) %}'{{ x }} days'{% endmacro %}",
    'models/m.sql': `select {{ context['tools'].get('unit_' ~ 'of')(3) }} as x, '${names}' as y`,
  };
  expect(await sqlOf(files, 'm')).toContain("'3 days' as x, 'False False' as y");
});

test('a package without the project’s words keeps its own', async () => {
  expect(await sqlOf({ ...shop, ...tools }, 'tools/days')).toMatch(
    /create table .* select 'own' as unit, 'own' as size/,
  );
});

test('a variant of dbt’s own macro in the project is taken wherever dbt’s is called', async () => {
  const own = { 'macros/m.sql': '{% macro default__type_string() %}char{% endmacro %}' };
  expect(await sqlOf({ ...own, 'models/a.sql': 'select {{ dbt.type_string() }}' }, 'a')).toContain(
    'select char',
  );
  expect(await sqlOf({ ...own, 'models/a.sql': 'select {{ type_string() }}' }, 'a')).toContain('select char');
});

test('a local package is read where it lies, with what it names itself', async () => {
  const files = {
    'packages.yml': 'packages: [{local: ./near}]\n',
    'near/dbt_project.yml': 'name: near\n',
    'near/packages.yml': 'packages: [{local: ../nearer}]\n',
    'near/macros/m.sql': '{% macro one() %}{{ nearer.two() }}{% endmacro %}',
    'nearer/dbt_project.yml': 'name: nearer\n',
    'nearer/macros/m.sql': '{% macro two() %}2{% endmacro %}',
    'models/a.sql': 'select {{ near.one() }} as n',
  };
  expect(await sqlOf(files, 'a')).toContain('select 2 as n');
});

test('what is missing is told with its place', async () => {
  expect(await mistakesOf(shop)).toContain(
    'transform/packages.yml:2:5: the package "acme/tools" is not in transform/dbt_packages',
  );
  expect(await mistakesOf({ 'packages.yml': 'packages:\n  - local: ../nowhere\n' })).toEqual([
    'transform/packages.yml:2:5: there is no dbt project in the local package "../nowhere"',
  ]);
  expect(await mistakesOf({ ...shop, ...tools, 'models/a.sql': "{{ ref('tool', 'days') }}" })).toEqual([
    expect.stringMatching(/a\.sql:1:\d+: .*there is no package "tool"; did you mean "tools"\?/),
  ]);
  expect(await mistakesOf({ ...shop, ...tools, 'models/a.sql': 'select\n{{ tools.cent(1) }}' })).toEqual([
    expect.stringMatching(/a\.sql:2:\d+: .*cent/),
  ]);
  expect(await mistakesOf({ 'packages.yml': 'packages:\n  - pakage: acme/tools\n' })).toEqual([
    expect.stringMatching(/packages\.yml:2:5/),
  ]);
});
