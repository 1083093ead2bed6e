import { describe, expect, test } from 'vitest';
import { createDbtExecutor } from './dbt-executor.ts';
import { openDuckdb, runNode } from './testing/transform-runner.fixture.ts';
import { laboratory, systems } from './testing/laboratory.fixture.ts';
import { readFiles, type Files } from './testing/temporary-project.fixture.ts';
import { compileSql } from './compile.ts';
import { datasetTagOf } from './artifacts/artifact-dataset.ts';
import { manifestArtifact } from './artifacts/manifest-artifact.ts';
import type { TransformProject } from './project.ts';

const datasets = `datasets:
  database:
    folders: [models/cleaning, seeds/prices, snapshots/cleaning]
    values:
      eu: { vars: { rate: 2 } }
      us: { schema: america }
`;

const shop: Files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nconfig-version: 2\nvars: { rate: 1 }\n',
  'datasets.yml': datasets,
  'seeds/prices/prices.csv': 'id,price\n1,10\n2,20\n',
  'models/cleaning/clean_prices.sql': `select id, price * {{ var('rate') }} as price, '{{ target.schema }}' as place
    {%- if var('database') == 'us' %}, cast(7 as integer) as tax{% endif %} from {{ ref('prices') }}`,
  'models/cleaning/dear.sql': `{{ config(materialized='table') }} select * from {{ ref('clean_prices') }} where price > 10`,
  'models/cleaning/schema.yml': `models:
  - name: clean_prices
    columns: [{ name: id, data_tests: [unique] }]
unit_tests:
  - name: rates
    model: clean_prices
    given: [{ input: ref('prices'), rows: [{ id: 1, price: 5 }] }]
    expect: { rows: [{ id: 1, price: "{{ 5 * var('rate') }}" }] }
`,
  'snapshots/cleaning/kept.sql': `{% snapshot kept %}{{ config(unique_key='id', strategy='check', check_cols='all') }}
    select id, price from {{ ref('prices') }}{% endsnapshot %}`,
  'models/all_prices.sql': `{{ config(materialized='table') }} select * from {{ ref_all('clean_prices') }} as every_one`,
  'models/european.sql': `select * from {{ ref('dear', database='eu') }}`,
  'models/outside.yml': `models:
  - name: dear
    description: What costs more.
    columns: [{ name: price, data_tests: [not_null] }]
exposures:
  - { name: board, type: dashboard, owner: { name: a, email: b@c.d }, depends_on: ["ref('dear')"] }
`,
};

const keysOf = (project: TransformProject): readonly string[] => project.nodes.map(({ key }) => key).sort();

const fingerprintsOf = (project: TransformProject): ReadonlyMap<string, unknown> =>
  new Map(project.nodes.map(({ key, spec }) => [key, spec['fingerprint']]));

describe.each(systems)('datasets on %s', (system) => {
  const lab = laboratory(system);

  test('each is built in its schema with its variables, and all are read by one model', async () => {
    const outcomes = await lab.runAll(shop);
    expect(await lab.relations('lab')).toEqual(['all_prices table', 'european view']);
    expect(await lab.relations('america')).toEqual(
      expect.arrayContaining(['clean_prices view', 'dear table', 'kept table', 'prices table']),
    );
    expect(
      await lab.rows('select database, id, price, place, tax from lab.all_prices order by 1, 2'),
    ).toEqual([
      ['eu', 1, 20, 'lab_eu', null],
      ['eu', 2, 40, 'lab_eu', null],
      ['us', 1, 10, 'america', 7],
      ['us', 2, 20, 'america', 7],
    ]);
    expect(await lab.rows('select id from lab.european order by 1')).toEqual([[1], [2]]);
    expect([...outcomes].flatMap(([key, { check }]) => (check && !check.passed ? [key] : []))).toEqual([]);
    expect([...outcomes.keys()].filter((key) => key.startsWith('check/')).sort()).toEqual([
      'check/eu/not_null_dear_price',
      'check/eu/rates',
      'check/eu/unique_clean_prices_id',
      'check/us/not_null_dear_price',
      'check/us/rates',
      'check/us/unique_clean_prices_id',
    ]);
    await lab.execute('drop schema lab_eu cascade');
    await lab.execute('drop schema america cascade');
  });

  test('columns that are not everywhere are NULL of their type, whatever their order', async () => {
    const files = {
      'datasets.yml': 'datasets: { region: { folders: [models/cleaning], values: [a, b, c] } }',
      'models/cleaning/t.sql': `select
        {%- if var('region') == 'c' %} cast(1.5 as numeric(4, 2)) as n, cast('2024-01-31' as date) as d, 1 as id
        {%- else %} 1 as id{% endif %}`,
      'models/joined.sql': `with every as {{ ref_all('t', column='origin') }} select origin, id, n, d from every`,
      'models/plain.sql': `select * from {{ ref_all('t', column=none) }} as t`,
    };
    await lab.runAll(files);
    expect(await lab.rows('select origin, id, n is null, d is null from lab.joined order by 1')).toEqual([
      ['a', 1, true, true],
      ['b', 1, true, true],
      ['c', 1, false, false],
    ]);
    expect(await lab.rows("select sum(n) * 2 = 3, max(d) = date '2024-01-31' from lab.plain")).toEqual([
      [true, true],
    ]);
    for (const schema of ['lab_a', 'lab_b', 'lab_c']) await lab.execute(`drop schema ${schema} cascade`);
  });

  test('a unit test of what reads all gives the rows of each dataset', async () => {
    const files = {
      'datasets.yml': 'datasets: { region: { folders: [models/cleaning], values: [a, b] } }',
      'models/cleaning/t.sql': 'select 1 as id, 10 as amount',
      'models/total.sql': "select region, sum(amount) as amount from {{ ref_all('t') }} as t group by region",
      'models/total.yml': `unit_tests:
  - name: sums
    model: total
    given:
      - { input: "ref('t', region='a')", rows: [{ id: 1, amount: 1 }, { id: 2, amount: 2 }] }
      - { input: "ref('t', region='b')", rows: [{ id: 1, amount: 4 }] }
    expect: { rows: [{ region: a, amount: 3 }, { region: b, amount: 4 }] }
`,
    };
    const outcomes = await lab.runAll(files);
    expect(outcomes.get('check/sums')?.check).toMatchObject({ passed: true });
    for (const schema of ['lab_a', 'lab_b']) await lab.execute(`drop schema ${schema} cascade`);
  });
});

test('every dataset has nodes of its own, with keys, ids, names, groups and tags that tell them apart', async () => {
  const project = await readFiles(shop);
  expect(keysOf(project)).toEqual([
    'all_prices',
    'check/eu/not_null_dear_price',
    'check/eu/rates',
    'check/eu/unique_clean_prices_id',
    'check/us/not_null_dear_price',
    'check/us/rates',
    'check/us/unique_clean_prices_id',
    'eu/clean_prices',
    'eu/dear',
    'eu/kept',
    'eu/prices',
    'european',
    'report/board',
    'us/clean_prices',
    'us/dear',
    'us/kept',
    'us/prices',
  ]);
  const nodes = new Map(project.nodes.map((node) => [node.key, node]));
  expect(nodes.get('eu/dear')).toMatchObject({
    group: 'cleaning/eu',
    tags: ['database:eu'],
    description: 'What costs more.',
    spec: { dataset: { database: 'eu' } },
  });
  expect(nodes.get('all_prices')?.edges.map(({ from }) => from)).toEqual([
    'eu/clean_prices',
    'us/clean_prices',
  ]);
  expect(nodes.get('report/board')?.edges.map(({ from }) => from)).toEqual(['eu/dear', 'us/dear']);
  expect(nodes.get('check/us/unique_clean_prices_id')?.check?.asset).toBe('us/clean_prices');

  const { manifest } = project;
  const artifact = manifestArtifact({
    manifest,
    invocation: { id: 'x', atMs: 0, environment: {} },
    root: '/',
  });
  expect(artifact.nodes['model.shop.dear.us']).toMatchObject({
    name: 'dear',
    alias: 'dear',
    schema: 'america',
    relation_name: '"america"."dear"',
    fqn: ['shop', 'cleaning', 'us', 'dear'],
    depends_on: { nodes: ['model.shop.clean_prices.us'] },
  });
  expect(artifact.parent_map['model.shop.all_prices']).toEqual([
    'model.shop.clean_prices.eu',
    'model.shop.clean_prices.us',
  ]);
});

test('a changed variable concerns its dataset alone; a further dataset only what reads all', async () => {
  const before = fingerprintsOf(await readFiles(shop));
  const changed = fingerprintsOf(
    await readFiles({ ...shop, 'datasets.yml': datasets.replace('rate: 2', 'rate: 3') }),
  );
  const differing = [...changed].filter(([key, value]) => before.get(key) !== value).map(([key]) => key);
  expect(differing.length).toBeGreaterThan(0);
  expect(differing.every((key) => key.split('/').includes('eu'))).toBe(true);

  const more = await readFiles({ ...shop, 'datasets.yml': `${datasets}      jp:\n` });
  const kept = fingerprintsOf(more);
  expect([...before].filter(([key, value]) => kept.get(key) !== value)).toEqual([]);
  expect(keysOf(more)).toEqual(expect.arrayContaining(['jp/clean_prices', 'check/jp/rates', 'jp/kept']));
  expect(more.nodes.find(({ key }) => key === 'all_prices')?.edges).toHaveLength(3);
});

test('a source in a schema for each is one for each; one that is the same for all is one', async () => {
  const project = await readFiles({
    'datasets.yml': 'datasets: { database: { folders: [models/cleaning], values: [eu, us] } }',
    'models/cleaning/sources.yml': `sources:
  - name: raw
    schema: "raw_{{ var('database') }}"
    tables: [{ name: orders, columns: [{ name: id, data_tests: [unique] }] }]
  - name: shared
    tables: [{ name: countries, columns: [{ name: code, data_tests: [unique] }] }]
`,
    'models/cleaning/clean.sql':
      "select * from {{ source('raw', 'orders') }} join {{ source('shared', 'countries') }} using (code)",
  });
  expect(keysOf(project)).toEqual([
    'check/eu/source_unique_raw_orders_id',
    'check/source_unique_shared_countries_code',
    'check/us/source_unique_raw_orders_id',
    'eu/clean',
    'eu/raw/orders',
    'shared/countries',
    'us/clean',
    'us/raw/orders',
  ]);
  const nodes = new Map(project.nodes.map((node) => [node.key, node]));
  expect(nodes.get('us/raw/orders')?.relation).toMatchObject({ schema: 'raw_us', name: 'orders' });
  expect(nodes.get('us/clean')?.edges.map(({ from }) => from)).toEqual(['us/raw/orders', 'shared/countries']);
});

test('a whole package is built for each dataset', async () => {
  const project = await readFiles({
    'packages.yml': 'packages: [{ local: cleaning }]',
    'cleaning/dbt_project.yml': 'name: cleaning\nversion: "1.0"\nconfig-version: 2\nvars: { rate: 1 }\n',
    'cleaning/models/orders.sql': "select {{ var('rate') }} as rate, '{{ var('database') }}' as database",
    'datasets.yml':
      'datasets: { database: { packages: [cleaning], values: { eu: { vars: { rate: 5 } }, us: } } }',
    'models/every.sql': "select * from {{ ref_all('cleaning', 'orders', column=none) }} as t",
  });
  expect(keysOf(project)).toEqual(['cleaning/eu/orders', 'cleaning/us/orders', 'every']);
  expect(compileSql(project, "select * from {{ ref('orders', database='us') }}", { file: 'x.sql' }).sql).toBe(
    'select * from "main_us"."orders"',
  );
});

test('a report on PostgreSQL reads the columns that are described, and is told to describe them', async () => {
  const compile = async (properties: string): Promise<string> => {
    const files = { ...shop, 'models/outside.yml': properties };
    const project = await readFiles(files, { dialectName: 'postgres' });
    return compileSql(project, "select * from {{ ref_all('dear') }} as t", { file: 'x.sql', line: 3 }).sql;
  };
  await expect(compile('models: [{ name: dear }]')).rejects.toMatchObject({
    code: 'ref_all_unavailable',
    origin: { line: 3 },
  });
  const sql = await compile('models: [{ name: dear, columns: [{ name: id }, { name: Price }] }]');
  expect(sql).toMatch(/select 'eu' as "database", "id", "Price" from [^\n]*\n\s+union all\n/);
});

test('what is named alike in several datasets is told apart', async () => {
  const { manifest } = await readFiles(shop);
  const artifact = manifestArtifact({
    manifest,
    invocation: { id: '', atMs: 0, environment: {} },
    root: '/',
  });
  const tags = Object.values({ ...artifact.nodes, ...artifact.sources }).map((node) => datasetTagOf(node));
  expect(new Set(tags)).toEqual(new Set([undefined, 'database:eu', 'database:us']));
});

test('dbt as the executor, which does not know them, is refused', async () => {
  const project = await readFiles(shop);
  const connection = await openDuckdb();
  const executor = createDbtExecutor(project, {
    settings: {
      path: 'dbt',
      profilesFolder: undefined,
      profile: undefined,
      target: undefined,
      threads: undefined,
      vars: {},
      stateFolder: project.folder,
      environment: {},
    },
    findRun: () => Promise.resolve(undefined),
    makeProfile: () => Promise.reject(new Error('nobody asks for a profile')),
    alone: (work) => work(),
  });
  await expect(runNode(project, connection, 'european', {}, executor)).rejects.toMatchObject({
    code: 'not_supported',
  });
  await connection.close();
});

test('an ephemeral model is put into what reads it, for each dataset', async () => {
  const project = await readFiles({
    'datasets.yml': 'datasets: { database: { folders: [models/cleaning], values: [eu, us] } }',
    'models/cleaning/e.sql': "{{ config(materialized='ephemeral') }} select '{{ var('database') }}' as d",
    'models/every.sql': 'select 1 as one',
  });
  const { sql } = compileSql(project, "select * from {{ ref_all('e') }}", { file: 'x.sql' });
  expect(sql).toMatch(/__dbt__cte__e__eu as \(\s+select 'eu' as d\s+\)/);
  expect(sql).toContain('from __dbt__cte__e__us');
});
