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
