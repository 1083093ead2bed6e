import { expect, test } from 'vitest';
import { mistakesOf, readFiles, temporaryProject } from './testing/temporary-project.fixture.ts';

const one = { 'models/orders.sql': 'select 1 as id' };

test('a template that cannot be read is named with its line', async () => {
  const mistakes = await mistakesOf({ 'models/a.sql': 'select 1\n{% if %}\n' });
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toMatch(/^transform\/models\/a\.sql:2:/);
});

test('a model that does not exist is named, with the one that was meant', async () => {
  const mistakes = await mistakesOf({ ...one, 'models/b.sql': "select *\nfrom {{ ref('order') }}" });
  expect(mistakes).toEqual([
    expect.stringMatching(
      /^transform\/models\/b\.sql:2:\d+: ref\("order"\): there is no such model or seed; did you mean "orders"\?$/,
    ),
  ]);
});

test('a source that nobody declares is named, and so is a missing table', async () => {
  const sources = 'sources:\n  - name: shop\n    tables: [{name: orders}]\n';
  const mistakes = await mistakesOf({
    'models/s.yml': sources,
    'models/a.sql': "select * from {{ source('shp', 'orders') }}",
    'models/b.sql': "select * from {{ source('shop', 'order') }}",
  });
  expect(mistakes).toEqual([
    expect.stringMatching(
      /a\.sql:1:\d+: .* no property file declares the source "shp"; did you mean "shop"\?$/,
    ),
    expect.stringMatching(/b\.sql:1:\d+: .* the source has no table "order"; did you mean "orders"\?$/),
  ]);
});

test('two models of one name are refused', async () => {
  expect(await mistakesOf({ ...one, 'models/more/orders.sql': 'select 2' })).toContain(
    'transform/models/orders.sql: there are two models or seeds named "orders": transform/models/more/orders.sql and transform/models/orders.sql',
  );
});

test('two models that would write one table are refused', async () => {
  const mistakes = await mistakesOf({ ...one, 'models/b.sql': "{{ config(alias='orders') }} select 1" });
  expect(mistakes).toEqual([
    'transform/models/orders.sql: "orders" and "b" would both be built as main.orders',
  ]);
});

test('misspelt keys are named with line and suggestion, all in one reading', async () => {
  const mistakes = await mistakesOf({
    ...one,
    'models/schema.yml': [
      'models:',
      '  - name: orders',
      '    descripton: what is sold',
      '    columns:',
      '      - name: id',
      '        data_test: [unique]',
    ].join('\n'),
  });
  expect([...mistakes].sort()).toEqual([
    'transform/models/schema.yml:3:5: unknown key "descripton"; did you mean "description"?',
    'transform/models/schema.yml:6:9: unknown key "data_test"; did you mean "data_tests"?',
  ]);
});

test('misspelt configuration is found wherever it is written', async () => {
  expect(await mistakesOf({ 'models/a.sql': "\n{{ config(materialised='table') }} select 1" })).toEqual([
    expect.stringMatching(
      /a\.sql:2:\d+: unknown configuration "materialised"; did you mean "materialized"\?$/,
    ),
  ]);
  expect(
    await mistakesOf({
      ...one,
      'dbt_project.yml': 'name: shop\nmodels:\n  shop:\n    +materialized: tabel\n',
    }),
  ).toEqual(['transform/dbt_project.yml:4:5: unknown materialization "tabel"; did you mean "table"?']);
});

test('keys of one’s own are kept and can be read by macros', async () => {
  const project = await readFiles({
    'models/a.sql': "{{ config(team_color='red') }} select '{{ config.get('team_color') }}' as c",
  });
  expect(project.nodes[0]?.spec).toMatchObject({ config: { team_color: 'red' } });
});

test.each([
  ['packages.yml', 'packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.0.0\n', 'packages'],
  ['models/p.py', 'def model(dbt, session): ...', 'Python'],
  ['models/i.sql', "{{ config(materialized='materialized_view') }} select 1", 'materialized_view'],
  [
    'models/m.sql',
    "{{ config(materialized='incremental', incremental_strategy='insert_overwrite') }} select 1",
    'incremental_strategy',
  ],
  ['macros/o.sql', '{% macro get_merge_sql(a, b, c) %}{% endmacro %}', 'get_merge_sql'],
])('what is not built yet is refused by name: %s', async (path, text, word) => {
  const mistakes = await mistakesOf({ ...one, [path]: text });
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain(`transform/${path}`);
  expect(mistakes[0]).toContain(word);
});

test('tests: unknown ones, wrong arguments, and properties of nothing', async () => {
  const mistakes = await mistakesOf({
    ...one,
    'models/schema.yml': [
      'models:',
      '  - name: orders',
      '    columns:',
      '      - name: id',
      '        tests:',
      '          - uniqe',
      '          - dbt_utils.at_least_one',
      '          - accepted_values: {value: [1]}',
      '          - relationships: {to: ref("nothing"), field: id}',
      '  - name: ordrs',
    ].join('\n'),
  });
  expect(mistakes).toEqual([
    expect.stringMatching(/schema\.yml:8:.*no argument "value"; did you mean "values"\?/),
    expect.stringMatching(/schema\.yml:8:.*needs the argument "values"/),
    expect.stringMatching(/schema\.yml:6:.*there is no test "uniqe"; did you mean "unique"\?/),
    expect.stringMatching(/schema\.yml:7:.*there is no test "dbt_utils\.at_least_one"/),
    expect.stringMatching(
      /schema\.yml:10:.*"ordrs" is described, but there is no such file; did you mean "orders"\?/,
    ),
    expect.stringMatching(/schema\.yml:9:.*ref\("nothing"\): there is no such model/),
  ]);
});

test('a macro that nobody defines is found while the project is read', async () => {
  const macros = { 'macros/m.sql': '{% macro cents(x) %}{{ x }}{% endmacro %}' };
  expect(await mistakesOf({ ...macros, 'models/a.sql': 'select\n  {{ cent(1) }}' })).toEqual([
    expect.stringMatching(/a\.sql:2:\d+: 'cent' is undefined; did you mean "cents"\?$/),
  ]);
  expect(
    await mistakesOf({ 'models/a.sql': "{{ dbt_utils.star(from=ref('b')) }}", 'models/b.sql': 'select 1' }),
  ).toEqual([expect.stringMatching(/a\.sql:1:\d+: 'dbt_utils' is undefined/)]);
});

test('what hangs on the answer of a query is no mistake while there is none', async () => {
  const project = await readFiles({
    'models/a.sql': 'select 1 as x',
    'models/b.sql':
      "{% set n = run_query('select x from ' ~ ref('a')).columns[0].values()[0] %} select {{ n }} as n",
  });
  expect(project.nodes.find((node) => node.key === 'b')?.edges.map((edge) => edge.from)).toEqual(['a']);
});

test('a missing project file, broken YAML and missing values are told with their place', async () => {
  const project = await temporaryProject({});
  await project.remove('dbt_project.yml');
  await expect(project.read()).rejects.toMatchObject({ code: 'file_unreadable' });
  await project.drop();
  expect(await mistakesOf({ 'dbt_project.yml': 'name: shop\nmodels: [\n' })).toEqual([
    expect.stringMatching(/^transform\/dbt_project\.yml:\d+:\d+: not valid YAML/),
  ]);
  expect(await mistakesOf({ 'models/a.sql': "select\n{{ var('since') }}" })).toEqual([
    expect.stringMatching(/^transform\/models\/a\.sql:2:\d+: the variable "since" has no value/),
  ]);
  expect(await mistakesOf({ 'models/a.sql': "select '{{ env_var('NOWHERE') }}'" })).toEqual([
    expect.stringMatching(/a\.sql:1:\d+: the environment variable "NOWHERE" is not set/),
  ]);
  expect(
    await mistakesOf(
      { 'models/a.sql': "select '{{ env_var('DBT_ENV_SECRET_KEY') }}'" },
      { environment: { DBT_ENV_SECRET_KEY: 'hunter2' } },
    ),
  ).toEqual([expect.stringMatching(/"DBT_ENV_SECRET_KEY" is a secret and may not be used/)]);
  expect(await mistakesOf({ 'models/a.sql': "{{ exceptions.raise_compiler_error('not here') }}" })).toEqual([
    expect.stringMatching(/a\.sql:1:\d+: not here/),
  ]);
});

test('configuration comes from the tree, the properties and the file, nearest last', async () => {
  const project = await readFiles(
    {
      'dbt_project.yml': [
        'name: shop',
        'models:',
        '  +tags: [all]',
        '  shop:',
        '    materialized: table',
        '    marts:',
        '      +materialized: "{{ var(\'how\') }}"',
        '      +tags: marts',
        "      +enabled: \"{{ env_var('ON') == 'yes' }}\"",
      ].join('\n'),
      'models/top.sql': 'select 1',
      'models/marts/a.sql': 'select 1',
      'models/marts/b.sql': "{{ config(materialized='view', tags=['own']) }} select 1",
      'models/marts/off.sql': '{{ config(enabled=false) }} select 1',
      'models/marts/s.yml': 'models:\n  - name: a\n    config: {tags: yaml, schema: extra}\n',
    },
    { vars: { how: 'incremental' }, environment: { ON: 'yes' } },
  );
  const seen = Object.fromEntries(
    project.nodes.map((node) => [node.key, [node.spec['materialized'], node.tags]]),
  );
  expect(seen).toEqual({
    top: ['table', ['all']],
    'extra/a': ['incremental', ['all', 'marts', 'yaml']],
    b: ['view', ['all', 'marts', 'own']],
  });
  expect(project.nodes.find((node) => node.key === 'extra/a')?.relation).toEqual({
    connection: 'WAREHOUSE',
    schema: 'main_extra',
    name: 'a',
  });
});

test('a disabled model may not be read', async () => {
  expect(
    await mistakesOf({
      'models/off.sql': '{{ config(enabled=false) }} select 1',
      'models/a.sql': "select * from {{ ref('off') }}",
    }),
  ).toEqual([expect.stringMatching(/a\.sql:1:\d+: ref\("off"\): the model is disabled$/)]);
});

test('naming macros of the project decide about schema and alias', async () => {
  const project = await readFiles({
    'macros/names.sql': [
      '{% macro generate_schema_name(custom_schema_name, node) -%}',
      '{{ (custom_schema_name or target.schema) | trim }}',
      '{%- endmacro %}',
      '{% macro generate_alias_name(custom_alias_name=none, node=none) %}{{ node.fqn[1] ~ "_" ~ node.name }}{% endmacro %}',
    ].join('\n'),
    'models/sales/a.sql': "{{ config(schema='gold') }} select 1",
  });
  expect(project.nodes[0]?.relation).toEqual({ connection: 'WAREHOUSE', schema: 'gold', name: 'sales_a' });
});

test('edges say where they come from, and a check waits for everything it reads', async () => {
  const project = await readFiles({
    'models/a.sql': 'select 1 as id',
    'models/b.sql': "-- depends_on: {{ ref('a') }}\nselect 1 as id",
    'models/c.sql': "select id\nfrom {{ ref('b') }}\n{% if execute %}{{ run_query('select 1') }}{% endif %}",
    'models/s.yml': [
      'sources: [{name: raw, schema: landing, tables: [{name: t, identifier: t_v2, tests: [{unique: {column_name: id}}]}]}]',
      'models:',
      '  - name: a',
      '    columns:',
      '      - {name: id, tests: [{relationships: {to: ref("c"), field: id, severity: warn}}]}',
      'exposures:',
      '  - {name: board, type: dashboard, depends_on: [ref("c"), "source(\'raw\', \'t\')"]}',
    ].join('\n'),
  });
  const byKey = new Map(project.nodes.map((node) => [node.key, node]));
  expect(byKey.get('c')?.edges).toMatchObject([
    { kind: 'reads', from: 'b', origin: { file: 'transform/models/c.sql', line: 2 } },
  ]);
  expect(byKey.get('b')?.edges.map((edge) => edge.from)).toEqual(['a']);
  expect(byKey.get('raw/t')).toMatchObject({
    type: 'source',
    relation: { connection: 'WAREHOUSE', schema: 'landing', name: 't_v2' },
  });
  expect(byKey.get('raw/t')).not.toHaveProperty('executor');
  const check = byKey.get('check/relationships_a_id__id__ref_c_');
  expect(check?.edges.map((edge) => edge.from)).toEqual(['a', 'c']);
  expect(check?.check).toEqual({ asset: 'c', severity: 'warn' });
  expect(byKey.get('check/source_unique_raw_t_id')?.check).toEqual({ asset: 'raw/t', severity: 'error' });
  expect(byKey.get('report/board')).toMatchObject({ kind: 'report', type: 'exposure' });
  expect(byKey.get('report/board')?.edges.map((edge) => edge.from)).toEqual(['c', 'raw/t']);
});

test('a fingerprint changes with the SQL, with a macro it uses, and with nothing else', async () => {
  const files = {
    'models/a.sql': 'select {{ one() }} as x',
    'models/b.sql': 'select 1 as x',
    'macros/m.sql': '{% macro one() %}{{ two() }}{% endmacro %}\n{% macro two() %}2{% endmacro %}',
  };
  const prints = async (changed: Readonly<Record<string, string>>): Promise<Record<string, unknown>> => {
    const project = await readFiles({ ...files, ...changed });
    return Object.fromEntries(project.nodes.map((node) => [node.key, node.spec['fingerprint']]));
  };
  const before = await prints({});
  const macroChanged = await prints({ 'macros/m.sql': files['macros/m.sql'].replace('2{%', '3{%') });
  expect(macroChanged['a']).not.toBe(before['a']);
  expect(macroChanged['b']).toBe(before['b']);
  expect(await prints({ 'models/b.sql': 'select 2 as x' })).toMatchObject({ a: before['a'] });
  expect((await prints({ 'models/b.sql': 'select 2 as x' }))['b']).not.toBe(before['b']);
});
