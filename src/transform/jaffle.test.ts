import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection } from '../connector/connection.ts';
import { type TemporaryProject, temporaryProject } from './testing/temporary-project.fixture.ts';
import { databaseOf, openDuckdb, openPostgres, runAll, runNode } from './testing/transform-runner.fixture.ts';

interface Order {
  readonly id: number;
  readonly customer: number;
  readonly day: string;
  readonly status: string;
  readonly cents: number;
}

const statuses = ['placed', 'shipped', 'returned'];

/** Made by a fixed rule, so that results can be counted without SQL. */
function ordersOf(count: number): readonly Order[] {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    customer: (index * 7) % 5,
    day: `2024-01-${String(1 + Math.floor(index / 4)).padStart(2, '0')}`,
    status: statuses[(index * 3 + (index >> 2)) % 3] ?? 'placed',
    cents: 100 + ((index * 37) % 400),
  }));
}

function ordersCsv(orders: readonly Order[]): string {
  const rows = orders.map((order) =>
    [order.id, order.customer, order.day, order.status, order.cents].join(','),
  );
  return ['id,customer_id,ordered_on,status,cents', ...rows].join('\n');
}

const names = ['Ada', 'Grace, "the admiral"', 'Édsger', "O'Hara", ''];
const customersCsv = [
  'id,name,joined_at',
  ...names.map((name, id) => `${id},"${name.replaceAll('"', '""')}",2023-0${id + 1}-01 10:00:00`),
].join('\n');

const files = {
  'dbt_project.yml': `
name: jaffle
version: '1.0'
config-version: 2
vars:
  paid_statuses: [placed, shipped]
  jaffle:
    minimum_cents: 120
models:
  jaffle:
    +tags: [all]
    staging:
      +materialized: view
    marts:
      +materialized: table
      +schema: marts
      +tags: daily
seeds:
  jaffle:
    raw_orders:
      +column_types: {cents: bigint}
`,
  'seeds/raw_customers.csv': customersCsv,
  'models/staging/stg_orders.sql': `
select id as order_id, customer_id, ordered_on, status, {{ euros('cents') }} as amount
from {{ ref('raw_orders') }}
`,
  'models/staging/stg_customers.sql': `
with source as (select * from {{ ref('raw_customers') }})
select id as customer_id, name, joined_at from source
`,
  'models/marts/paid_orders.sql': `
{{ config(materialized='ephemeral') }}
-- only what was paid
with paid as (
  select * from {{ ref('stg_orders') }}
  where status in ({% for status in var('paid_statuses') %}'{{ status }}'{{ ', ' if not loop.last }}{% endfor %})
)
select * from paid where amount >= {{ euros(var('minimum_cents')) }}
`,
  'models/marts/customers.sql': `
with totals as (
  select customer_id, count(*) as orders, sum(amount) as amount from {{ ref('paid_orders') }} group by 1
)
select c.customer_id, c.name, coalesce(t.orders, 0) as orders, coalesce(t.amount, 0) as amount
from {{ ref('stg_customers') }} as c
left join totals as t on t.customer_id = c.customer_id
`,
  'models/marts/daily.sql': `
{{ config(materialized='incremental', unique_key='ordered_on') }}
select ordered_on, count(*) as orders, sum(amount) as amount
from {{ ref('stg_orders') }}
{% if is_incremental() %}
where ordered_on >= (select max(ordered_on) from {{ this }})
{% endif %}
group by ordered_on
`,
  'models/schema.yml': `
version: 2
models:
  - name: stg_orders
    columns:
      - name: order_id
        description: "{{ doc('order_id') }}"
        data_tests: [unique, not_null]
      - name: status
        tests:
          - accepted_values:
              arguments: {values: [placed, shipped, returned]}
      - name: customer_id
        tests:
          - relationships: {to: ref('stg_customers'), field: customer_id}
  - name: customers
    description: One row per customer
    columns:
      - name: name
        tests:
          - not_null:
              config: {severity: warn}
      - name: amount
        tests:
          - positive:
              name: every_paying_customer_paid
              where: orders > 0
`,
  'models/docs.md': '# Words\n{% docs order_id %}The number on the bill{% enddocs %}\n',
  'macros/euros.sql': `{% macro euros(cents) -%}cast({{ cents }} / 100.0 as decimal(12, 2)){%- endmacro %}`,
  'tests/generic/positive.sql': `
{% test positive(model, column_name) %}
select {{ column_name }} from {{ model }} where {{ column_name }} <= 0
{% endtest %}
`,
  'tests/every_order_is_counted_once.sql': `
select * from (select sum(orders) as n from {{ ref('daily') }}) as d
where n <> (select count(*) from {{ ref('stg_orders') }})
`,
};

function paid(orders: readonly Order[]): readonly Order[] {
  return orders.filter((order) => order.status !== 'returned' && order.cents >= 120);
}

function expectedCustomers(orders: readonly Order[]): readonly unknown[][] {
  return names.map((name, id) => {
    const own = paid(orders).filter((order) => order.customer === id);
    const cents = own.reduce((sum, order) => sum + order.cents, 0);
    return [id, name === '' ? null : name, own.length, (cents / 100).toFixed(2)];
  });
}

function expectedDaily(orders: readonly Order[]): readonly unknown[][] {
  const days = [...new Set(orders.map((order) => order.day))].sort();
  return days.map((day) => {
    const own = orders.filter((order) => order.day === day);
    return [day, own.length, (own.reduce((sum, order) => sum + order.cents, 0) / 100).toFixed(2)];
  });
}

const systems = ['duckdb', 'postgres'] as const;

describe.each(systems)('a small shop on %s', (dialectName) => {
  let connection: Connection;
  let project: TemporaryProject;
  let server: TestDatabase | undefined;
  const options = { dialectName, schema: dialectName === 'duckdb' ? 'main' : 'public', database: '' };

  beforeAll(async () => {
    server = dialectName === 'postgres' ? await createTestDatabase() : undefined;
    connection = server ? await openPostgres(server.url) : await openDuckdb();
    options.database = String((await databaseOf(connection).query('select current_database()')).rows[0]?.[0]);
    project = await temporaryProject({ ...files, 'seeds/raw_orders.csv': ordersCsv(ordersOf(30)) });
  });

  afterAll(async () => {
    await connection.close();
    await server?.drop();
    await project.drop();
  });

  const schemaOfMarts = `${options.schema}_marts`;
  const rows = async (sql: string): Promise<readonly (readonly unknown[])[]> =>
    (await databaseOf(connection).query(sql)).rows.map((row) =>
      row.map((value) => (typeof value === 'bigint' ? Number(value) : value)),
    );
  const customers = (): Promise<readonly (readonly unknown[])[]> =>
    rows(
      `select customer_id, name, orders, cast(cast(amount as decimal(12,2)) as varchar) from ${schemaOfMarts}.customers order by 1`,
    );
  const daily = (): Promise<readonly (readonly unknown[])[]> =>
    rows(
      `select cast(ordered_on as varchar), cast(orders as integer), cast(cast(amount as decimal(12,2)) as varchar) from ${schemaOfMarts}.daily order by 1`,
    );

  test('the first run builds everything and every check tells the truth', async () => {
    const outcomes = await runAll(await project.read(options), connection);
    const orders = ordersOf(30);
    expect(await customers()).toEqual(expectedCustomers(orders));
    expect(await daily()).toEqual(expectedDaily(orders));
    expect(outcomes.get('raw_orders')).toMatchObject({ rows: 30, metadata: { rowsInserted: 30 } });
    expect(outcomes.get('marts/daily')).toMatchObject({
      rows: expectedDaily(orders).length,
      metadata: { materialization: 'incremental', relation: `"${schemaOfMarts}"."daily"` },
    });
    expect(outcomes.get('stg_orders')?.columns?.map((column) => column.name)).toEqual([
      'order_id',
      'customer_id',
      'ordered_on',
      'status',
      'amount',
    ]);
    expect(outcomes.get('stg_orders')?.columns?.[0]).toMatchObject({ description: 'The number on the bill' });
    const checks = [...outcomes].filter(([key]) => key.startsWith('check/'));
    expect(Object.fromEntries(checks.map(([key, outcome]) => [key, outcome.check?.message]))).toEqual({
      'check/unique_stg_orders_order_id': 'passed',
      'check/not_null_stg_orders_order_id': 'passed',
      'check/accepted_values_stg_orders_status__placed__shipped__returned': 'passed',
      'check/relationships_stg_orders_customer_id__customer_id__ref_stg_customers_': 'passed',
      'check/not_null_customers_name': 'warn: 1 failing row, such as name=null',
      'check/every_paying_customer_paid': 'passed',
      'check/every_order_is_counted_once': 'passed',
    });
    const unpassed = checks.filter(([, outcome]) => outcome.check?.passed !== true).map(([key]) => key);
    expect(unpassed).toEqual(['check/not_null_customers_name']);
  });

  test('seeds are typed as dbt types them', async () => {
    const shape = await databaseOf(connection).describe({ schema: options.schema, name: 'raw_orders' });
    expect(shape?.columns.map((column) => [column.name, column.type.type])).toEqual([
      ['id', 'int32'],
      ['customer_id', 'int32'],
      ['ordered_on', 'date'],
      ['status', 'text'],
      ['cents', 'int64'],
    ]);
  });

  test('a second run continues the incremental model and leaves nothing of its own behind', async () => {
    const orders = ordersOf(47);
    await project.write({ 'seeds/raw_orders.csv': ordersCsv(orders) });
    const outcomes = await runAll(await project.read(options), connection);
    expect(await customers()).toEqual(expectedCustomers(orders));
    expect(await daily()).toEqual(expectedDaily(orders));
    const newDays = expectedDaily(orders).filter(([day]) => String(day) >= (ordersOf(30).at(-1)?.day ?? ''));
    expect(outcomes.get('marts/daily')?.metadata).toMatchObject({
      rowsInserted: newDays.length,
      rowsDeleted: 1,
    });
    const left = await rows(
      `select table_name from information_schema.tables where table_name like '%dbt_tmp%'`,
    );
    expect(left).toEqual([]);
  });

  test('a full refresh gives the same as the increments did', async () => {
    const before = await daily();
    const outcome = await runNode(await project.read(options), connection, 'marts/daily', {
      fullRefresh: true,
    });
    expect(outcome.metadata).not.toHaveProperty('rowsDeleted');
    expect(await daily()).toEqual(before);
  });

  test('a broken row fails the checks that watch for it, with the values', async () => {
    await project.write({
      'seeds/raw_orders.csv': `${ordersCsv(ordersOf(47))}\n47,99,2024-02-01,lost,500`,
    });
    const outcomes = await runAll(await project.read(options), connection);
    const failed = [...outcomes].filter(([, outcome]) => outcome.check?.passed === false);
    expect(Object.fromEntries(failed.map(([key, outcome]) => [key, outcome.check]))).toEqual({
      'check/unique_stg_orders_order_id': {
        passed: false,
        failures: 1,
        message: '1 failing row, such as unique_field=47, n_records=2',
      },
      'check/accepted_values_stg_orders_status__placed__shipped__returned': {
        passed: false,
        failures: 1,
        message: '1 failing row, such as value_field=lost, n_records=1',
      },
      'check/relationships_stg_orders_customer_id__customer_id__ref_stg_customers_': {
        passed: false,
        failures: 1,
        message: '1 failing row, such as from_field=99',
      },
      'check/not_null_customers_name': {
        passed: false,
        failures: 1,
        message: 'warn: 1 failing row, such as name=null',
      },
    });
  });
});
