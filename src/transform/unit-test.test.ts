import { describe, expect, test } from 'vitest';
import { laboratory, systems } from './testing/laboratory.fixture.ts';
import { mistakesOf, readFiles } from './testing/temporary-project.fixture.ts';

const models = {
  'models/orders.sql': "select 1 as id, 500 as amount, 'x' as note, date '2024-01-01' as day",
  'models/totals.sql': [
    "{{ config(materialized='incremental', unique_key='day') }}",
    "select day, sum(amount) * {{ var('rate', 1) }} as total, {{ label() }} as label",
    "from {{ ref('orders') }}",
    '{% if is_incremental() %}where day > (select max(day) from {{ this }}){% endif %}',
    'group by day',
  ].join('\n'),
  'macros/label.sql': "{% macro label() %}'real'{% endmacro %}",
};

function unitTest(...lines: readonly string[]): Record<string, string> {
  const head = ['unit_tests:', '  - name: u', '    model: totals'];
  return { ...models, 'models/u.yml': [...head, ...lines.map((line) => `    ${line}`)].join('\n') };
}

const given = [
  'given:',
  "  - input: ref('orders')",
  '    rows:',
  '      - {amount: 1, day: 2024-05-01}',
  '      - {amount: 2, day: 2024-05-01}',
  '      - {amount: 7, day: 2024-05-02}',
];

describe.each(systems)('on %s', (dialectName) => {
  const lab = laboratory(dialectName);
  const outcome = async (files: Record<string, string>): Promise<unknown> =>
    (await lab.runAll(files)).get('check/u')?.check;

  test('rows that are made as expected pass, whatever their order', async () => {
    const files = unitTest(
      ...given,
      'expect: {rows: [{day: 2024-05-02, total: 7}, {day: 2024-05-01, total: 3}]}',
    );
    expect(await outcome(files)).toMatchObject({ passed: true, failures: 0 });
  });

  test('what is missing and what is too much is shown', async () => {
    const files = unitTest(
      ...given,
      'expect: {rows: [{day: 2024-05-02, total: 8}, {day: 2024-05-01, total: 3}]}',
    );
    expect(await outcome(files)).toMatchObject({
      passed: false,
      failures: 2,
      message: expect.stringMatching(/dbt_difference=(missing|unexpected)/),
    });
  });

  test('variables, macros and what the model holds are replaced', async () => {
    const files = unitTest(
      ...given,
      '  - input: this',
      '    format: csv',
      '    rows: |',
      '      day,total',
      '      2024-05-01,3',
      'overrides: {macros: {is_incremental: true, label: "\'made up\'"}, vars: {rate: 10}}',
      'expect: {rows: [{day: 2024-05-02, total: 70, label: made up}]}',
    );
    expect(await outcome(files)).toMatchObject({ passed: true });
  });

  test('rows come from fixtures and from SQL', async () => {
    const files = {
      ...unitTest(
        'given:',
        "  - input: ref('orders')",
        '    format: csv',
        '    fixture: some_orders',
        'expect:',
        '  format: sql',
        "  rows: select date '2024-05-02' as day, 9 as total, 'real' as label",
      ),
      'tests/fixtures/some_orders.csv': 'amount,day\n4,2024-05-02\n5,2024-05-02\n',
    };
    expect(await outcome(files)).toMatchObject({ passed: true });
  });
});

test('a unit test of nothing, with nothing or from nothing is told with its place', async () => {
  const wrong = (
    text: string,
    by: string,
    files = unitTest(...given, 'expect: {rows: []}'),
  ): Promise<readonly string[]> =>
    mistakesOf({ ...files, 'models/u.yml': (files['models/u.yml'] ?? '').replace(text, by) });
  expect(await wrong('model: totals', 'model: total')).toEqual([
    expect.stringMatching(/u\.yml:3:5: .*"total", which is no model; did you mean "totals"\?/),
  ]);
  expect(await wrong("ref('orders')", "ref('order')")).toEqual([
    expect.stringMatching(/u\.yml:5:9: ref\("order"\): there is no such model/),
  ]);
  expect(await wrong('rows: []', 'fixture: none')).toEqual([
    expect.stringMatching(/u\.yml:\d+:\d+: there is no fixture "none"/),
  ]);
});

test('a unit test runs before its model, after what the model reads', async () => {
  const { nodes } = await readFiles(unitTest(...given, 'expect: {rows: []}'));
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  expect(byKey.get('check/u')?.edges.map(({ from }) => from)).toEqual(['orders']);
  expect(byKey.get('check/u')?.accompanies).toEqual(['totals']);
  expect(byKey.get('totals')?.edges.map(({ kind, from }) => `${kind} ${from}`)).toEqual([
    'reads orders',
    'after check/u',
  ]);
});

const versioned = {
  'models/dim.yml':
    'models: [{ name: dim, latest_version: 2, versions: [{ v: 1 }, { v: 2 }, { v: 3 }] }]\n' +
    'unit_tests: [{ name: u, model: dim, given: [], expect: { rows: [{ id: 1 }] } }]\n',
  'models/dim_v1.sql': 'select 1 as id',
  'models/dim.sql': 'select 1 as id',
  'models/dim_v3.sql': 'select 1 as id',
};

function testsOf(versions: string): Promise<readonly string[]> {
  const files = {
    ...versioned,
    'models/dim.yml': versioned['models/dim.yml'].replace('model: dim,', `model: dim, ${versions}`),
  };
  return readFiles(files).then(({ manifest }) => manifest.tests.map(({ uniqueId }) => uniqueId));
}

test('a model with versions has a unit test for each that is wanted', async () => {
  const idOf = (version: number): string => `unit_test.shop.dim.u_v${version}`;
  expect(await testsOf('')).toEqual([idOf(1), idOf(2), idOf(3)]);
  expect(await testsOf('versions: { include: [1, 3] },')).toEqual([idOf(1), idOf(3)]);
  expect(await testsOf('versions: { exclude: [1] },')).toEqual([idOf(2), idOf(3)]);
  const { nodes } = await readFiles(versioned);
  expect(nodes.find(({ key }) => key === 'check/u_v3')?.accompanies).toEqual(['dim.v3']);
});

test('versions that a unit test cannot be for', async () => {
  expect(
    await mistakesOf({
      ...versioned,
      'models/dim.yml': versioned['models/dim.yml'].replace(
        'model: dim,',
        'model: dim, versions: { include: [7] },',
      ),
    }),
  ).toEqual([expect.stringMatching(/dim\.yml:2.*no version of "dim"; there are 1, 2, 3/)]);
  expect(await mistakesOf(unitTest('versions: { include: [1] }', 'expect: {rows: []}'))).toEqual([
    expect.stringContaining('is for versions of "totals", which has none'),
  ]);
});
