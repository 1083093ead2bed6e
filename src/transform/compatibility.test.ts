import { expect, test } from 'vitest';
import { explainTransform } from './index.ts';
import { type Files, readFiles } from './testing/temporary-project.fixture.ts';

const sqlOf = async (files: Files, key: string): Promise<string> =>
  explainTransform(await readFiles(files), key).replaceAll(/\s+/g, ' ');

test('a package that lies in dbt_packages is read whether packages.yml names it or not', async () => {
  const sql = await sqlOf(
    {
      'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
      'dbt_packages/tools/macros/m.sql': '{% macro one() %}1{% endmacro %}',
      'models/a.sql': 'select {{ tools.one() }} as x',
    },
    'a',
  );
  expect(sql).toContain('select 1 as x');
});

test('a template in YAML that prints one value gives that value, whatever stands around it', async () => {
  const project = await readFiles({
    'models/a.sql': 'select 1',
    'models/b.sql': 'select 2',
    'models/s.yml': [
      'models:',
      '  - name: a',
      '    config:',
      '      enabled: |',
      '        {% if target.type == "other" -%} {{ true|as_bool }} {%- else -%} {{ false|as_bool }} {%- endif -%}',
    ].join('\n'),
  });
  expect(project.nodes.map((node) => node.key)).toEqual(['b']);
});

test('folders may be called as sections of property files are', async () => {
  const sql = await sqlOf(
    {
      'dbt_project.yml':
        "name: shop\nmodels: {shop: {unit_tests: {+materialized: \"{{ 'table' if target.type == 'duckdb' else 'view' }}\"}}}\n",
      'models/unit_tests/a.sql': 'select 1 as x',
    },
    'a',
  );
  expect(sql).toContain('create table');
});

test('Python’s flags may stand one after the other in front of an expression', async () => {
  const sql = await sqlOf(
    { 'models/a.sql': "select '{{ modules.re.sub('(?i)(?s)A.b', 'x', 'a\\nB') }}' as x" },
    'a',
  );
  expect(sql).toContain("select 'x' as x");
});

test('names are quoted in templates as the project wants them', async () => {
  const files = {
    'dbt_project.yml': 'name: shop\nquoting: {database: false, schema: false, identifier: false}\n',
    'models/a.sql': 'select 1 as x',
    'models/b.sql':
      "select * from {{ ref('a') }}, {{ ref('a').quote(identifier=true) }}, {{ api.Relation.create(schema='s', identifier='i') }}",
  };
  expect(await sqlOf(files, 'b')).toContain('select * from main.a, main."a", s.i');
});

test('a seed that is described as a model has the tests that are written there', async () => {
  const project = await readFiles({
    'seeds/a.csv': 'id\n1\n',
    'models/s.yml': 'models: [{name: a, columns: [{name: id, tests: [unique]}]}]\n',
  });
  expect(project.nodes.map((node) => node.key)).toEqual(['a', 'check/unique_a_id']);
});

test('what a node says of itself, and of the others, is what the manifest has', async () => {
  const project = await readFiles({
    'models/a.sql': 'select 1 as x',
    'models/b.sql':
      "select '{{ model.refs[0].name }} {{ model.depends_on.nodes | join }} {{ model.config.on_schema_change }}' as x from {{ ref('a') }}",
  });
  expect(explainTransform(project, 'b')).toContain("'a model.shop.a ignore' as x");
});

test('a temporary relation has no schema, so that it may be made as a temporary table', async () => {
  const sql = await sqlOf(
    {
      'models/a.sql':
        "select '{{ make_temp_relation(this) }}' as t, '{{ make_intermediate_relation(this) }}' as i",
    },
    'a',
  );
  expect(sql).toMatch(/'"a__dbt_tmp\d+"' as t, '"main"\."a__dbt_tmp"' as i/);
});

test('ref knows the configuration of the invocation', async () => {
  const sql = await sqlOf(
    {
      'dbt_packages/tools/dbt_project.yml': 'name: tools\nversion: 1.2.3\n',
      'models/a.sql': "select '{{ builtins.ref.config.dependencies.tools.version }}' as v",
    },
    'a',
  );
  expect(sql).toContain("'1.2.3' as v");
});

test('a name that nobody defines is a warning where the project tolerates it', async () => {
  const files = { 'models/a.sql': 'select {{ tools.one() }} as x', 'models/b.sql': 'select 2 as x' };
  const project = await readFiles(files, { toleratesUndefined: true });
  expect(project.manifest.warnings).toEqual([
    {
      message: expect.stringContaining("'tools' is undefined"),
      origin: expect.objectContaining({ line: 1, column: 17 }),
    },
  ]);
});

test('between macros, tags that nobody knows are read over', async () => {
  const sql = await sqlOf(
    {
      'macros/m.sql': '{% https://example.com/1 %}\n{% macro one() %}1{% endmacro %}\n{% todo %}',
      'models/a.sql': 'select {{ one() }} as x',
    },
    'a',
  );
  expect(sql).toContain('select 1 as x');
});

test('an expression may be written with blanks and comments', async () => {
  const sql = await sqlOf(
    { 'models/a.sql': "select '{{ modules.re.sub('(?x) a [ ] # then\n b', 'x', 'a b') }}' as x" },
    'a',
  );
  expect(sql).toContain("select 'x' as x");
});

test('the model of a package may be tested in the project', async () => {
  const project = await readFiles({
    'dbt_packages/tools/dbt_project.yml': 'name: tools\n',
    'dbt_packages/tools/models/days.sql': 'select 1 as d',
    'models/s.yml': 'models: [{name: days, columns: [{name: d, tests: [unique]}]}]\n',
  });
  expect(project.nodes.map((node) => node.key)).toEqual(['tools/days', 'check/unique_days_d']);
});

test('dbt’s macros of the moment are in its package too', async () => {
  expect(await sqlOf({ 'models/a.sql': 'select {{ dbt.is_incremental() }} as x' }, 'a')).toContain(
    'select False as x',
  );
});

test('variables of the invocation are an object that becomes a dict', async () => {
  const sql = await sqlOf(
    {
      'dbt_project.yml': 'name: shop\nvars: {size: 3}\n',
      'models/a.sql': 'select {{ builtins.ref.config.vars.to_dict().size }} as x',
    },
    'a',
  );
  expect(sql).toContain('select 3 as x');
});

test('names with characters that a key cannot have are read', async () => {
  const project = await readFiles({
    'models/s.yml': `sources: [{name: raw, tables: [{name: '"GROUP"', identifier: '"GROUP"'}]}]\n`,
    'models/a b.sql': 'select 1 as x',
  });
  expect(project.nodes.map((node) => node.key)).toEqual(['a b', 'raw/_GROUP_']);
});

test('what dbt reads over is a warning where the project tolerates it', async () => {
  const files = {
    'models/a.sql': "{{ config(materialised='table') }} select 1 as x",
    'models/off.sql': '{{ config(enabled=false) }} select 1 as x',
    'models/s.yml': `models: [{name: a, grain: day, columns: [{name: x, rule: y, tests: [relationships: {to: ref('off'), field: x}]}]}]\n`,
  };
  const project = await readFiles(files, { toleratesUndefined: true });
  expect(project.nodes.map((node) => node.key)).toEqual(['a']);
  expect(project.manifest.warnings.map(({ message }) => message).sort()).toEqual([
    expect.stringContaining('the test "relationships_a_x__x__ref_off_" is left out: ref("off")'),
    'unknown configuration "materialised"; did you mean "materialized"?',
    'unknown key "grain": it is without effect',
    expect.stringContaining('unknown key "rule"'),
  ]);
});

test('a dispatch by a word that is no package looks everywhere', async () => {
  const sql = await sqlOf(
    {
      'macros/m.sql':
        "{% macro f() %}{{ return(adapter.dispatch('f', 'macros')()) }}{% endmacro %}{% macro default__f() %}1{% endmacro %}",
      'models/a.sql': 'select {{ f() }} as x',
    },
    'a',
  );
  expect(sql).toContain('select 1 as x');
});

test('a variable without a value is None while a tolerant project is read', async () => {
  const project = await readFiles(
    { 'models/a.sql': "select '{{ var('missing') }}' as x" },
    { toleratesUndefined: true },
  );
  expect(explainTransform(project, 'a')).toContain("'None' as x");
});

test('a source may be files on DuckDB', async () => {
  const files = {
    'models/s.yml': [
      'sources:',
      '  - name: raw',
      "    meta: {external_location: 'data/{name}.csv'}",
      '    tables:',
      '      - {name: a}',
      '      - {name: b, meta: {external_location: "read_parquet(\'{schema}/{identifier}.parquet\')"}}',
    ].join('\n'),
    'models/m.sql': "select * from {{ source('raw', 'a') }}, {{ source('raw', 'b') }}",
  };
  expect(await sqlOf(files, 'm')).toContain("from 'data/a.csv', read_parquet('raw/b.parquet')");
});

test('a variable that is a template is rendered where it is used', async () => {
  const sql = await sqlOf(
    {
      'dbt_project.yml':
        'name: shop\nvars: {day: "{{ modules.datetime.date(2024, 1, 2).isoformat() }} of {{ this.identifier }} {{ var(\'n\') }}", n: 3}\n',
      'models/a.sql': "select '{{ var('day') }}' as day, '{{ adapter.config.quoting.schema }}' as quoted",
    },
    'a',
  );
  expect(sql).toContain("select '2024-01-02 of a 3' as day, 'True' as quoted");
});

test('`this` of a test is where its failures would be kept', async () => {
  const sql = await sqlOf(
    {
      'models/a.sql': 'select 1 as x',
      'tests/t.sql': "select '{{ this.schema }}.{{ this.identifier }}' as x from {{ ref('a') }}",
    },
    'check/t',
  );
  expect(sql).toContain("'main_dbt_test__audit.t'");
});
