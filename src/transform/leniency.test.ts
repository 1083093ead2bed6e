import { expect, test } from 'vitest';
import { explainTransform } from './index.ts';
import { mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';
import { openDuckdb, runNode } from './testing/transform-runner.fixture.ts';

const byItself = { toleratesUndefined: true };

test.each([
  ["materialized='incremental', incremental_strategy='insert_overwrite'", 'no partitions to overwrite'],
  ["materialized='external'", 'the materialization "external" is not yet supported'],
  ["materialized='dynamic_table'", 'unknown materialization "dynamic_table"'],
  ["materialized='materialized_view'", 'is not supported on duckdb'],
])('in a dbt project by itself, only the model with %s fails', async (config, reason) => {
  const files = {
    'models/other.sql': `\n{{ config(${config}) }} select 1 as id`,
    'models/m.sql': 'select 1 as id',
  };
  expect(await mistakesOf(files)).toEqual([expect.stringContaining(reason)]);
  const project = await readFiles(files, byItself);
  const connection = await openDuckdb();
  await runNode(project, connection, 'm');
  await expect(runNode(project, connection, 'other')).rejects.toMatchObject({
    kind: 'config',
    message: expect.stringContaining(reason),
    origin: { file: 'transform/models/other.sql', line: 2 },
  });
  await connection.close();
});

test('a strategy of what is no increment is nobody’s business', async () => {
  const files = {
    'models/m.sql': "{{ config(materialized='table', incremental_strategy='insert_overwrite') }} select 1",
  };
  const project = await readFiles(files, byItself);
  expect(project.manifest.byKey.get('m')).toMatchObject({ config: { refusal: undefined } });
});

test('a key that is said twice counts as it was said last', async () => {
  const files = {
    'models/m.sql': 'select 1 as id',
    'models/m.yml': 'models:\n  - name: m\n    description: one\n    description: two\n',
  };
  expect(await mistakesOf(files)).toEqual([
    expect.stringMatching(/m\.yml:4:5: not valid YAML: Map keys must be unique/),
  ]);
  const { manifest } = await readFiles(files, byItself);
  expect(manifest.byKey.get('m')?.description).toBe('two');
  expect(manifest.warnings).toContainEqual({
    message: 'Map keys must be unique: what was said last counts',
    origin: { file: 'transform/models/m.yml', line: 4, column: 5 },
  });
});

test('fromyaml reads a key that is said twice as it was said last', async () => {
  const files = { 'models/m.sql': "select {{ fromyaml('a: 1\\nb: 2\\na: 3').a }} as x" };
  expect(explainTransform(await readFiles(files), 'm')).toContain('select 3 as x');
});

test('a name that a macro was given is told with the file that gave it', async () => {
  const files = {
    'macros/m.sql': '{% macro from_it(name) %}\nselect * from {{ ref(name) }}{% endmacro %}',
    'models/m.sql': "{{ from_it('nothing') }}",
  };
  expect(await mistakesOf(files)).toEqual([
    expect.stringMatching(
      /^transform\/macros\/m\.sql:2:\d+: ref\("nothing"\): there is no such model or seed; called from transform\/models\/m\.sql$/,
    ),
  ]);
});

test('configuration among the arguments of a test is configuration', async () => {
  const { manifest } = await readFiles({
    'models/m.sql': 'select 1 as id',
    'models/m.yml': `
models:
  - name: m
    columns:
      - name: id
        data_tests:
          - unique: { arguments: { where: id > 0, severity: warn } }
          - accepted_values: { arguments: { values: [1], config: { limit: 3 } } }
`,
  });
  expect(
    manifest.tests.map(({ config, body }) => [
      config.where,
      config.severity,
      config.limit,
      'arguments' in body && body.arguments,
    ]),
  ).toEqual([
    ['id > 0', 'warn', undefined, { column_name: 'id' }],
    [undefined, 'error', 3, { column_name: 'id', values: [1] }],
  ]);
});

test('tests that belong to nothing are without effect', async () => {
  const project = await readFiles(
    {
      'models/m.sql': 'select 1 as id',
      'models/m.yml': "tests:\n  - name: x\n    sql: select * from {{ ref('m') }}\n",
    },
    byItself,
  );
  expect(project.manifest.tests).toEqual([]);
});
