import { expect, test } from 'vitest';
import { readFiles } from '../testing/temporary-project.fixture.ts';
import { manifestArtifact } from './manifest-artifact.ts';
import type { ManifestArtifact } from './artifact-node.ts';
import { semanticArtifact } from './semantic-artifact.ts';

async function artifactOf(files: Readonly<Record<string, string>>): Promise<ManifestArtifact> {
  const { manifest } = await readFiles(files, { database: 'shop' });
  return manifestArtifact({ manifest, invocation: { id: 'i', atMs: 1000, environment: {} }, root: '/shop' });
}

const nodeKeys = [
  'alias',
  'build_path',
  'checksum',
  'columns',
  'compiled_path',
  'config',
  'contract',
  'created_at',
  'database',
  'depends_on',
  'description',
  'docs',
  'fqn',
  'group',
  'language',
  'meta',
  'metrics',
  'name',
  'original_file_path',
  'package_name',
  'patch_path',
  'path',
  'raw_code',
  'refs',
  'relation_name',
  'resource_type',
  'schema',
  'sources',
  'tags',
  'unique_id',
  'unrendered_config',
];

test('a model is described as dbt describes it', async () => {
  const {
    nodes,
    parent_map: parents,
    child_map: children,
  } = await artifactOf({
    'models/marts/mart.sql':
      "\n{{ config(materialized='table', group='money') }}\nselect {{ cents('1') }} as id from {{ ref('stg') }}\n",
    'models/stg.sql': 'select 1 as id',
    'macros/m.sql': '{% macro cents(x) %}{{ x }}{% endmacro %}',
    'models/schema.yml': `
groups: [{ name: money, owner: { name: me } }]
models:
  - name: mart
    description: a mart
    config: { contract: { enforced: true } }
    constraints: [{ type: primary_key, columns: [id] }]
    columns: [{ name: id, data_type: integer, constraints: [{ type: not_null }] }, { name: cents, data_type: integer }]
`,
  });
  const mart = nodes['model.shop.mart'];
  expect(Object.keys(mart ?? {}).toSorted()).toEqual(
    [
      ...nodeKeys,
      'access',
      'constraints',
      'deprecation_date',
      'latest_version',
      'primary_key',
      'time_spine',
      'version',
    ].toSorted(),
  );
  expect(mart).toMatchObject({
    fqn: ['shop', 'marts', 'mart'],
    path: 'marts/mart.sql',
    original_file_path: 'models/marts/mart.sql',
    patch_path: 'shop://models/schema.yml',
    relation_name: '"shop"."main"."mart"',
    raw_code:
      "{{ config(materialized='table', group='money') }}\nselect {{ cents('1') }} as id from {{ ref('stg') }}",
    refs: [{ name: 'stg', package: null, version: null }],
    depends_on: { macros: ['macro.shop.cents'], nodes: ['model.shop.stg'] },
    primary_key: ['id'],
    group: 'money',
    // What dbt 1.9 computes for these columns and constraints.
    contract: {
      enforced: true,
      checksum: 'f4330dd66646fd162426cc5ea09398a0bbc86783459c8095e6c62808ea30a71c',
    },
  });
  expect(parents['model.shop.mart']).toEqual(['model.shop.stg']);
  expect(children['model.shop.stg']).toEqual(['model.shop.mart']);
});

test('tests have dbt’s ids, names and aliases', async () => {
  const { nodes } = await artifactOf({
    'dbt_project.yml': 'name: jaffle_shop\n',
    'models/customers.sql': 'select 1 as customer_id',
    'models/orders.sql': "select 1 as order_id, 'placed' as status",
    'models/schema.yml': `
models:
  - name: customers
    columns: [{ name: customer_id, tests: [unique, not_null] }]
  - name: orders
    columns:
      - name: status
        tests: [{ accepted_values: { values: ['placed', 'shipped', 'completed', 'return_pending', 'returned'] } }]
sources:
  - { name: raw, tables: [{ name: items, columns: [{ name: id, tests: [unique] }] }] }
`,
  });
  const long = 'accepted_values_orders_status__placed__shipped__completed__return_pending__returned';
  expect(Object.keys(nodes).filter((id) => id.startsWith('test.'))).toEqual([
    'test.jaffle_shop.unique_customers_customer_id.c5af1ff4b1',
    'test.jaffle_shop.not_null_customers_customer_id.5c9bf9911d',
    `test.jaffle_shop.${long}.be6b5b5ec3`,
    expect.stringMatching(/^test\.jaffle_shop\.source_unique_raw_items_id\.[0-9a-f]{10}$/),
  ]);
  const alias = 'accepted_values_orders_1ce6ab157c285f7cd2ac656013faf758';
  expect(nodes[`test.jaffle_shop.${long}.be6b5b5ec3`]).toMatchObject({
    alias,
    path: `${alias}.sql`,
    raw_code: `{{ test_accepted_values(**_dbt_generic_test_kwargs) }}{{ config(alias="${alias}") }}`,
    attached_node: 'model.jaffle_shop.orders',
    schema: 'main_dbt_test__audit',
    test_metadata: { name: 'accepted_values', kwargs: { model: "{{ get_where_subquery(ref('orders')) }}" } },
  });
});

test('versions, sources, exposures, unit tests and analyses', async () => {
  const artifact = await artifactOf({
    'models/dim_v1.sql': 'select 1 as id, 2 as old',
    'models/dim.sql': 'select 1 as id',
    'models/uses.sql': "select * from {{ ref('dim') }} union all select id from {{ ref('dim', v=1) }}",
    'analyses/look.sql': "select * from {{ ref('dim') }}",
    'models/schema.yml': `
sources:
  - name: raw
    freshness: { warn_after: { count: 1, period: day } }
    loaded_at_field: at
    tables: [{ name: a }, { name: b, freshness: null }]
models:
  - name: dim
    latest_version: 2
    columns: [{ name: id }, { name: old }]
    versions: [{ v: 1 }, { v: 2, columns: [{ include: all, exclude: [old] }] }]
exposures: [{ name: board, type: dashboard, owner: { email: a@b.c }, depends_on: ["ref('uses')"] }]
unit_tests: [{ name: u, model: uses, given: [], expect: { rows: [{ id: 1 }] } }]
`,
  });
  expect(artifact.nodes['model.shop.dim.v2']).toMatchObject({
    name: 'dim',
    alias: 'dim_v2',
    version: 2,
    latest_version: 2,
    path: 'dim.sql',
    columns: { id: { name: 'id' } },
  });
  expect(Object.keys(artifact.nodes['model.shop.dim.v2']?.['columns'] ?? {})).toEqual(['id']);
  expect(artifact.nodes['model.shop.uses']?.depends_on?.nodes).toEqual([
    'model.shop.dim.v2',
    'model.shop.dim.v1',
  ]);
  expect(artifact.sources['source.shop.raw.a']?.['freshness']).toEqual({
    warn_after: { count: 1, period: 'day' },
    error_after: { count: null, period: null },
    filter: null,
  });
  expect(artifact.sources['source.shop.raw.b']?.['freshness']).toBeNull();
  expect(artifact.exposures['exposure.shop.board']?.depends_on?.nodes).toEqual(['model.shop.uses']);
  expect(artifact.unit_tests['unit_test.shop.uses.u']).toMatchObject({ model: 'uses', version: null });
  expect(artifact.nodes['analysis.shop.look']).toMatchObject({
    path: 'analysis/look.sql',
    fqn: ['shop', 'analysis', 'look'],
  });
});

test('metrics come down to measures and depend on what they are made of', async () => {
  const {
    metrics,
    semantic_models: models,
    saved_queries: queries,
  } = await artifactOf({
    'models/orders.sql': 'select 1 as id, 2 as amount',
    'models/schema.yml': `
semantic_models:
  - name: orders
    model: ref('orders')
    entities: [{ name: id, type: primary }]
    measures: [{ name: amount, agg: sum }, { name: orders, agg: count, expr: 1, create_metric: true }]
metrics:
  - { name: revenue, label: Revenue, type: simple, type_params: { measure: amount }, filter: "x = 1" }
  - { name: each, label: Each, type: ratio, type_params: { numerator: revenue, denominator: orders } }
saved_queries: [{ name: q, query_params: { metrics: [each], group_by: ["Dimension('id')"] } }]
`,
  });
  expect(models['semantic_model.shop.orders']?.depends_on?.nodes).toEqual(['model.shop.orders']);
  expect(metrics['metric.shop.revenue']).toMatchObject({
    depends_on: { nodes: ['semantic_model.shop.orders'] },
    filter: { where_filters: [{ where_sql_template: 'x = 1' }] },
  });
  expect(metrics['metric.shop.each']).toMatchObject({
    depends_on: { nodes: ['metric.shop.revenue', 'metric.shop.orders'] },
    type_params: { input_measures: [{ name: 'amount' }, { name: 'orders' }] },
  });
  expect(queries['saved_query.shop.q']?.depends_on?.nodes).toEqual(['metric.shop.each']);
});

test('what is switched off is told apart, whatever it is', async () => {
  const artifact = await artifactOf({
    'dbt_project.yml': 'name: shop\nmetrics: { shop: { +enabled: false } }\n',
    'models/lit.sql': 'select 1 as id',
    'models/off.sql': "{{ config(enabled=false) }} select 1 as id from {{ ref('nobody') }}",
    'tests/off_test.sql': '{{ config(enabled=false) }} select 1',
    'models/schema.yml': `
models: [{ name: lit, columns: [{ name: id, tests: [{ missing_macro: { name: off_generic, config: { enabled: false } } }] }] }]
sources: [{ name: raw, tables: [{ name: gone, config: { enabled: false } }] }]
exposures: [{ name: board, type: ml, owner: { email: a@b.c }, config: { enabled: false }, depends_on: ["ref('gone')"] }]
metrics: [{ name: count, label: Count, type: simple, type_params: { measure: gone } }]
unit_tests: [{ name: u, model: lit, given: [{ input: ref('gone') }], expect: { rows: [] }, config: { enabled: false } }]
`,
  });
  expect(Object.keys(artifact.disabled).map((id) => id.replace(/\.[0-9a-f]{10}$/, ''))).toEqual([
    'model.shop.off',
    'source.shop.raw.gone',
    'test.shop.off_generic',
    'test.shop.off_test',
    'unit_test.shop.lit.u',
    'exposure.shop.board',
    'metric.shop.count',
  ]);
  expect(artifact.metrics).toEqual({});
  expect(Object.keys(artifact.nodes)).toEqual(['model.shop.lit']);
});

test('hooks of the project and its packages are operations', async () => {
  const { nodes } = await artifactOf({
    'dbt_project.yml': 'name: shop\non-run-start: [select 1, "{{ greet() }}"]\n',
    'macros/m.sql': '{% macro greet() %}select 2{% endmacro %}',
    'packages.yml': 'packages: [{ local: lib }]\n',
    'lib/dbt_project.yml': 'name: lib\non-run-end: select 3\n',
  });
  expect(Object.keys(nodes)).toEqual([
    'operation.lib.lib-on-run-end-0',
    'operation.shop.shop-on-run-start-0',
    'operation.shop.shop-on-run-start-1',
  ]);
  expect(nodes['operation.shop.shop-on-run-start-1']).toMatchObject({
    raw_code: '{{ greet() }}',
    index: 1,
    tags: ['on-run-start'],
    depends_on: { macros: ['macro.shop.greet'], nodes: [] },
  });
});

test('configuration as it was written is that of the nearest place', async () => {
  const { nodes } = await artifactOf({
    'dbt_project.yml': `
name: shop
models: { +tags: a, +schema: "{{ target.name }}_x", shop: { +meta: { one: 1 }, +grants: { select: [x], insert: [z] } } }
`,
    'models/m.sql':
      "{{ config(tags='b', meta={'two': 2}, grants={'+select': 'y', 'insert': 'w'}) }} select 1 as id",
  });
  const { config, unrendered_config: written } = nodes['model.shop.m'] ?? {};
  expect(config).toMatchObject({
    tags: ['a', 'b'],
    meta: { one: 1, two: 2 },
    schema: 'dev_x',
    grants: { select: ['x', 'y'], insert: ['w'] },
  });
  expect(written).toEqual({
    tags: 'b',
    meta: { two: 2 },
    schema: '{{ target.name }}_x',
    grants: { '+select': 'y', insert: 'w' },
  });
});

test('the metrics layer alone, with its time spines', async () => {
  const semantic = semanticArtifact(
    await artifactOf({
      'models/orders.sql': 'select 1 as id',
      'models/days.sql': 'select 1 as day',
      'models/schema.yml': `
models:
  - name: days
    time_spine: { standard_granularity_column: day, custom_granularities: [{ name: fiscal, column_name: f }] }
    columns: [{ name: day, granularity: day }]
semantic_models:
  - name: orders
    model: ref('orders')
    description: "{{ 1 + 1 }} orders"
    entities: [{ name: id, type: primary }]
    measures: [{ name: orders, agg: count, expr: 1 }]
metrics: [{ name: n, label: N, type: simple, type_params: { measure: orders }, filter: "{{ Dimension('id') }} > 0" }]
exposures: [{ name: board, type: ml, owner: { email: a@b.c }, depends_on: [metric('n')] }]
`,
    }),
  );
  expect(semantic).toMatchObject({
    semantic_models: [{ name: 'orders', description: '2 orders', measures: [{ name: 'orders', expr: '1' }] }],
    metrics: [
      { name: 'n', filter: { where_filters: [{ where_sql_template: "{{ Dimension('id') }} > 0" }] } },
    ],
    project_configuration: {
      time_spines: [
        {
          node_relation: { alias: 'days', relation_name: '"shop"."main"."days"' },
          primary_column: { name: 'day', time_granularity: 'day' },
          custom_granularities: [{ name: 'fiscal', column_name: 'f' }],
        },
      ],
      time_spine_table_configurations: [],
    },
    saved_queries: [],
  });
});

test('an exposure of a metric depends on it', async () => {
  const { exposures } = await artifactOf({
    'models/schema.yml': `
exposures: [{ name: board, type: ml, owner: { email: a@b.c }, depends_on: [metric('n')] }]
metrics: [{ name: n, label: N, type: simple, type_params: { measure: m } }]
`,
  });
  expect(exposures['exposure.shop.board']).toMatchObject({
    metrics: [['n']],
    depends_on: { nodes: ['metric.shop.n'] },
  });
});

test('in the graph an exposure of a metric reads the models that it is measured on', async () => {
  const { nodes } = await readFiles({
    'models/orders.sql': 'select 1 as id',
    'models/schema.yml': `
semantic_models: [{ name: o, model: ref('orders'), measures: [{ name: orders, agg: count, expr: 1 }] }]
metrics:
  - { name: n, label: N, type: simple, type_params: { measure: orders } }
  - { name: twice, label: T, type: derived, type_params: { expr: 2 * n, metrics: [n] } }
exposures: [{ name: board, type: ml, owner: { email: a@b.c }, depends_on: [metric('twice')] }]
`,
  });
  expect(nodes.find(({ key }) => key === 'report/board')?.edges).toEqual([
    expect.objectContaining({ kind: 'reads', from: 'orders' }),
  ]);
});
