import type { ColumnDoc, Edge, GraphNode, NodeKey } from '../../src/core/node.ts';
import type { ReportSummary, ReportView, TablePayload } from '../../src/server/index.ts';

const connection = 'warehouse';

/** A small shop's graph with every kind of node, one failing check and one model that nobody reads. */
export const retailNodes: readonly GraphNode[] = [
  node('task/generate_orders', 'task', 'function', {
    group: 'shop',
    description: 'Appends new orders to the shop.',
  }),
  source('shop/orders', ['task/generate_orders'], 'What customers bought, one row per order.'),
  source('shop/customers', [], 'Kept by the shop itself.'),
  {
    ...table('raw/orders', ['shop/orders'], 'load', 'table'),
    partitions: { dimensions: [{ kind: 'static', name: 'region', keys: ['eu', 'us'] }] },
  },
  table('raw/customers', ['shop/customers'], 'load', 'table'),
  table('seeds/countries', [], 'transform', 'seed'),
  table('staging/stg_orders', ['raw/orders'], 'transform', 'model'),
  check('unique_orders_order_id', 'staging/stg_orders', 'error'),
  check('not_null_orders_order_id', 'staging/stg_orders', 'error'),
  table('staging/stg_customers', ['raw/customers'], 'transform', 'model'),
  table('marts/total_revenue', ['staging/stg_orders'], 'transform', 'model'),
  table('marts/total_discount', ['staging/stg_orders'], 'transform', 'model'),
  check('accepted_discounts', 'marts/total_discount', 'warn'),
  table('marts/net_revenue_by_city', ['staging/stg_orders'], 'transform', 'model'),
  table('marts/net_revenue_by_country', ['staging/stg_orders', 'seeds/countries'], 'transform', 'model'),
  table(
    'marts/customer_lifetime_value',
    ['staging/stg_orders', 'staging/stg_customers'],
    'transform',
    'model',
  ),
  table('marts/orders_per_weekday', ['staging/stg_orders'], 'transform', 'model'),
  check('positive_lifetime_value', 'marts/customer_lifetime_value', 'error'),
  node('report/revenue', 'report', 'markdown', {
    group: 'reports',
    description: 'Revenue, discount and where it comes from.',
    reads: [
      'marts/total_revenue',
      'marts/total_discount',
      'marts/net_revenue_by_city',
      'marts/net_revenue_by_country',
    ],
  }),
  node('sync/crm_customers', 'sync', 'http', {
    group: 'syncs',
    description: 'Lifetime value of each customer, sent to the CRM.',
    reads: ['marts/customer_lifetime_value'],
  }),
];

export const retailReports: readonly ReportSummary[] = [
  {
    name: 'revenue',
    key: 'report/revenue',
    title: 'Revenue',
    description: 'Revenue, discount and where it comes from.',
  },
];

export function retailReport(generatedAtMs: number): ReportView {
  return {
    ...retailReports[0]!,
    generatedAtMs,
    blocks: [
      {
        type: 'markdown',
        markdown:
          'Revenue is **quantity times price**, before discounts. See [the model](/node/marts/total_revenue).\n\n' +
          '- Orders are loaded every five minutes\n- Discounts are taken off in *net revenue*\n\n' +
          '| term | meaning |\n|---|---|\n| net | after `discount` |\n\n<script>alert(1)</script>',
      },
      value('Total revenue', 8_412_903.55, 'EUR'),
      value('Total discount', 391_250.1, 'EUR'),
      value('Orders', 100_000, 'integer'),
      {
        type: 'chart',
        chart: 'line',
        title: 'Net revenue by day',
        x: 'day',
        y: ['net_revenue'],
        series: 'category',
        format: 'EUR',
        queryName: 'by_day',
        data: {
          columns: [
            { name: 'day', type: 'date' },
            { name: 'category', type: 'text' },
            { name: 'net_revenue', type: 'decimal' },
          ],
          rows: ['Home', 'Garden', 'Books'].flatMap((category, offset) =>
            Array.from({ length: 14 }, (_, day) => [
              `2026-10-${String(day + 1).padStart(2, '0')}`,
              category,
              String(12_000 + offset * 4000 + ((day * 37 + offset * 11) % 13) * 420),
            ]),
          ),
        },
      },
      {
        type: 'chart',
        chart: 'bar',
        title: 'Net revenue by city',
        x: 'city',
        y: ['net_revenue', 'discount'],
        format: 'EUR',
        queryName: 'by_city',
        data: {
          columns: [
            { name: 'city', type: 'text' },
            { name: 'net_revenue', type: 'decimal' },
            { name: 'discount', type: 'decimal' },
          ],
          rows: ['Toronto', 'Montréal', 'Vancouver', 'Calgary', 'Ottawa', 'Halifax', 'Winnipeg'].map(
            (city, index) => [city, String(1_900_000 - index * 214_000), String(90_000 - index * 9000)],
          ),
        },
      },
      {
        type: 'chart',
        chart: 'table',
        title: 'Largest orders',
        queryName: 'largest',
        data: sampleOrders(8),
      },
      {
        type: 'chart',
        chart: 'bar',
        title: 'Returns by month',
        queryName: 'returns',
        data: { columns: [], rows: [] },
        error: {
          kind: 'config',
          code: 'query_failed',
          message: 'Table "returns" does not exist.',
          origin: { file: 'reports/revenue.md', line: 41 },
          next: 'Correct the query, or run: millrace run returns',
        },
      },
    ],
  };
}

export function sampleOrders(limit: number): TablePayload {
  return {
    columns: [
      { name: 'order_id', type: 'int64' },
      { name: 'customer', type: 'text' },
      { name: 'city', type: 'text' },
      { name: 'price', type: 'decimal' },
      { name: 'purchased_at', type: 'timestamptz' },
      { name: 'note', type: 'text' },
    ],
    rows: Array.from({ length: Math.min(limit, 20) }, (_, index) => [
      900_719_925_474_099_300n + BigInt(index),
      ['Ada', 'Grace', 'Edsger', 'Barbara'][index % 4],
      ['Toronto', 'Montréal', 'Halifax'][index % 3],
      (4820.5 - index * 113).toFixed(2),
      `2026-10-${String(14 - (index % 14)).padStart(2, '0')}T09:30:00Z`,
      index % 3 === 0 ? 'gift' : null,
    ]),
  };
}

interface NodeParts {
  readonly group: string;
  readonly description?: string;
  readonly reads?: readonly NodeKey[];
  readonly after?: readonly NodeKey[];
  readonly executor?: string | undefined;
}

function node(key: NodeKey, kind: GraphNode['kind'], type: string, parts: NodeParts): GraphNode {
  const edges: Edge[] = [
    ...(parts.reads ?? []).map((from): Edge => ({ kind: 'reads', from })),
    ...(parts.after ?? []).map((from): Edge => ({ kind: 'after', from })),
  ];
  const executor = 'executor' in parts ? parts.executor : kind;
  return {
    key,
    kind,
    type,
    description: parts.description ?? '',
    tags: kind === 'asset' ? ['daily'] : [],
    group: parts.group,
    origin: { file: `${parts.group}/${key.split('/').at(-1)}.yml`, line: 3 },
    edges,
    columns: [],
    ...(executor === undefined ? {} : { executor }),
    spec: {},
  };
}

function source(key: NodeKey, after: readonly NodeKey[], description: string): GraphNode {
  return node(key, 'asset', 'source', { group: 'shop', description, after, executor: undefined });
}

function table(key: NodeKey, reads: readonly NodeKey[], executor: string, type: string): GraphNode {
  const [schema = '', name = ''] = key.split('/');
  const columns: ColumnDoc[] = [
    { name: 'order_id', dataType: 'BIGINT', description: 'Unique in the shop.' },
    { name: 'customer_id', dataType: 'BIGINT' },
    {
      name: 'net_revenue',
      dataType: 'DECIMAL(18,2)',
      description: 'Quantity times price, less the discount.',
    },
  ];
  return {
    ...node(key, 'asset', type, { group: schema, description: `The ${type} ${name}.`, reads, executor }),
    relation: { connection, schema, name },
    columns,
  };
}

function check(name: string, asset: NodeKey, severity: 'error' | 'warn'): GraphNode {
  return {
    ...node(`check/${name}`, 'check', 'test', { group: 'checks', reads: [asset] }),
    check: { asset, severity },
  };
}

function value(title: string, amount: number, format: string): ReportView['blocks'][number] {
  return {
    type: 'chart',
    chart: 'value',
    title,
    y: ['value'],
    format,
    queryName: title,
    data: { columns: [{ name: 'value', type: 'decimal' }], rows: [[String(amount)]] },
  };
}
