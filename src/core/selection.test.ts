import { describe, expect, it } from 'vitest';
import { buildGraph } from './graph.ts';
import type { GraphNode } from './node.ts';
import { selectNodes } from './selection.ts';

function node(key: string, reads: readonly string[] = [], more: Partial<GraphNode> = {}): GraphNode {
  return {
    key,
    kind: 'asset',
    type: 'model',
    description: '',
    tags: [],
    group: '',
    origin: { file: `models/${key}.sql` },
    edges: reads.map((from) => ({ kind: 'reads', from })),
    columns: [],
    executor: 'transform',
    spec: {},
    ...more,
  };
}

const graph = buildGraph([
  node('shop/orders', [], { type: 'table', tags: ['daily', 'raw'], group: 'shop' }),
  node('shop/customers', [], { type: 'table', tags: ['raw'], group: 'shop' }),
  node('stg_orders', ['orders'], { tags: ['daily'] }),
  node('stg_customers', ['customers']),
  node('marts/revenue', ['stg_orders', 'stg_customers'], { tags: ['daily'] }),
  node('report/my revenue', ['revenue'], { kind: 'report', type: 'page' }),
  node('check/unique_orders', ['orders'], {
    kind: 'check',
    type: 'test',
    check: { asset: 'orders', severity: 'error' },
  }),
]);

function select(text: string, exclude?: string): string {
  return selectNodes(graph, { select: text, exclude }).join(' ');
}

const all = graph.nodes.map((each) => each.key).join(' ');

describe('selection', () => {
  it.each([
    ['', all],
    ['shop/orders', 'shop/orders check/unique_orders'],
    ['orders', 'shop/orders check/unique_orders'],
    ['shop.customers', 'shop/customers'],
    ['shop/*', 'shop/customers shop/orders check/unique_orders'],
    ['stg_*', 'stg_customers stg_orders'],
    ['+stg_orders', 'shop/orders check/unique_orders stg_orders'],
    ['1+revenue', 'stg_customers stg_orders marts/revenue'],
    ['stg_orders+', 'stg_orders marts/revenue report/my revenue'],
    ['stg_orders+1', 'stg_orders marts/revenue'],
    ['1+stg_orders+1', 'shop/orders check/unique_orders stg_orders marts/revenue'],
    [
      '@stg_orders',
      'shop/customers shop/orders check/unique_orders stg_customers stg_orders marts/revenue report/my revenue',
    ],
    ['tag:daily', 'shop/orders check/unique_orders stg_orders marts/revenue'],
    ['tag:daily,kind:model', 'stg_orders marts/revenue'],
    ['kind:report kind:check', 'check/unique_orders report/my revenue'],
    ['group:shop,not tag:daily', 'shop/customers'],
    ['(stg_orders stg_customers),tag:daily', 'stg_orders'],
    [
      '+(stg_orders stg_customers)',
      'shop/customers shop/orders check/unique_orders stg_customers stg_orders',
    ],
    ['path:models/shop', 'shop/customers shop/orders check/unique_orders'],
    ['path:models/stg_*.sql', 'stg_customers stg_orders'],
    ['"report/my revenue"', 'report/my revenue'],
    ['not kind:table', 'stg_customers stg_orders marts/revenue report/my revenue'],
  ])('%s', (text, expected) => {
    const sorted = (keys: string): string[] => [...selectNodes(graph, { select: keys })].sort();
    expect(sorted(text)).toEqual(
      graph.nodes
        .map((each) => each.key)
        .filter((key) => isIn(key, expected))
        .sort(),
    );
  });

  it('takes the excluded away, with their checks', () => {
    expect(select('tag:raw', 'orders')).toBe('shop/customers');
    expect(select('orders', 'kind:check')).toBe('shop/orders');
  });

  it.each([
    ['stg_ordrs', 'selection_empty', 'Did you mean stg_orders?'],
    ['tag:dayly', 'selection_empty', 'Did you mean daily?'],
    ['tag:zzzzzzzz', 'selection_empty', 'There are: daily, raw.'],
    ['none_*', 'selection_empty', 'To see what there is, run: millrace plan'],
    ['tga:daily', 'selection_invalid', 'Did you mean tag:? The methods are tag:, kind:, group:, path:.'],
    ['state:modified', 'selection_invalid', 'The methods are tag:, kind:, group:, path:.'],
    ['(orders', 'selection_invalid', 'Examples'],
    ['orders)', 'selection_invalid', 'Examples'],
    ['orders,', 'selection_invalid', 'Examples'],
    ['a"b"', 'selection_invalid', 'Examples'],
    ['()', 'selection_invalid', 'Examples'],
  ])('refuses %s', (text, code, next) => {
    expect(() => select(text)).toThrow(
      expect.objectContaining({ code, next: expect.stringContaining(next) }),
    );
  });

  it('refuses an ambiguous name', () => {
    const twice = buildGraph([node('a/x'), node('b/x')]);
    expect(() => selectNodes(twice, { select: 'x' })).toThrow('"x" could be a/x or b/x');
  });
});

/** Whether `key` is one of the keys in `list`; keys may contain blanks. */
function isIn(key: string, list: string): boolean {
  return ` ${list} `.includes(` ${key} `);
}
