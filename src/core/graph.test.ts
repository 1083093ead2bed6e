import { describe, expect, it } from 'vitest';
import { ProjectError } from './errors.ts';
import {
  ancestors,
  buildGraph,
  checksOf,
  descendants,
  downstream,
  findNode,
  upstream,
  type Graph,
} from './graph.ts';
import type { Edge, GraphNode } from './node.ts';

function node(key: string, reads: readonly string[] = [], more: Partial<GraphNode> = {}): GraphNode {
  return {
    key,
    kind: 'asset',
    type: 'model',
    description: '',
    tags: [],
    group: '',
    origin: { file: `models/${key}.sql`, line: 1 },
    edges: reads.map((from, index) => ({
      kind: 'reads',
      from,
      origin: { file: `models/${key}.sql`, line: index + 2 },
    })),
    columns: [],
    executor: 'transform',
    spec: {},
    ...more,
  };
}

function issuesOf(nodes: readonly GraphNode[]): ProjectError['issues'] {
  try {
    buildGraph(nodes);
  } catch (error) {
    if (error instanceof ProjectError) return error.issues;
    throw error;
  }
  throw new Error('The graph was accepted');
}

function keys(graph: Graph): readonly string[] {
  return graph.nodes.map(({ key }) => key);
}

describe('edges', () => {
  it('orders every node after what it reads, whatever the order of the input', () => {
    const nodes = [node('c', ['b']), node('a'), node('b', ['a']), node('aa', ['c'])];
    expect(keys(buildGraph(nodes))).toEqual(['a', 'b', 'c', 'aa']);
    expect(keys(buildGraph(nodes.toReversed()))).toEqual(['a', 'b', 'c', 'aa']);
  });

  it.each([
    ['the exact key', 'shop/orders'],
    ['dots for slashes', 'shop.orders'],
    ['another case', 'SHOP/Orders'],
    ['the last segment', 'orders'],
    ['the last segment in another case', 'ORDERS'],
  ])('resolves %s', (_, reference) => {
    const graph = buildGraph([node('shop/orders'), node('revenue', [reference])]);
    expect(upstream(graph, 'revenue')).toEqual(['shop/orders']);
  });

  it('prefers an asset to another kind with the same last segment', () => {
    const graph = buildGraph([
      node('task/orders', [], { kind: 'task' }),
      node('shop/orders'),
      node('revenue', ['orders']),
    ]);
    expect(upstream(graph, 'revenue')).toEqual(['shop/orders']);
  });

  it('keeps "reads" when a node is both read and waited for', () => {
    const edges: Edge[] = [
      { kind: 'after', from: 'a' },
      { kind: 'reads', from: 'A' },
    ];
    const graph = buildGraph([node('a'), node('b', [], { edges })]);
    expect(findNode(graph, 'b')?.edges).toEqual([{ kind: 'reads', from: 'a' }]);
  });

  it('names the place of an unknown reference and what is near', () => {
    const [issue] = issuesOf([node('shop/orders'), node('revenue', ['shop/ordres'])]);
    expect(issue).toMatchObject({
      code: 'reference_missing',
      message: 'revenue reads "shop/ordres", which does not exist',
      origin: { file: 'models/revenue.sql', line: 2 },
      next: 'Did you mean shop/orders?',
    });
  });

  it('lists the candidates of an ambiguous reference', () => {
    const [issue] = issuesOf([node('shop/orders'), node('crm/orders'), node('revenue', ['orders'])]);
    expect(issue).toMatchObject({ code: 'reference_ambiguous' });
    expect(issue?.message).toContain('crm/orders or shop/orders');
  });

  it('collects all mistakes in one error', () => {
    const issues = issuesOf([node('a', ['x']), node('a'), node('b', ['y']), node('c', ['c']), node('/d')]);
    expect(issues.map((issue) => issue.code)).toEqual([
      'key_duplicate',
      'key_invalid',
      'reference_missing',
      'reference_missing',
      'graph_circle',
    ]);
  });
});

describe('circles', () => {
  it('shows the way round with the place of each reference', () => {
    const [issue, ...others] = issuesOf([node('a', ['b']), node('b', ['a']), node('c', ['b'])]);
    expect(others).toEqual([]);
    expect(issue?.message).toBe('These depend on each other in a circle: a -> b -> a');
    expect(issue?.state).toBe('b reads a (models/b.sql:2); a reads b (models/a.sql:2).');
    expect(issue?.origin).toEqual({ file: 'models/a.sql', line: 2 });
  });

  it('reports two circles apart', () => {
    const issues = issuesOf([node('a', ['b']), node('b', ['a']), node('c', ['d', 'a']), node('d', ['c'])]);
    expect(issues.map((issue) => issue.message.split(': ')[1])).toEqual(['a -> b -> a', 'c -> d -> c']);
  });

  it('finds a circle of order edges', () => {
    const [issue] = issuesOf([
      node('a', ['b']),
      node('b', [], { edges: [{ kind: 'after', from: 'a', origin: { file: 'b.ts', line: 9 } }] }),
    ]);
    expect(issue?.state).toContain('b runs after a (b.ts:9)');
  });
});

describe('nodes with the same relation', () => {
  const relation = { connection: 'warehouse', schema: 'shop', name: 'orders' };
  const source = node('raw/orders', [], {
    type: 'source',
    relation: { connection: 'WAREHOUSE', schema: 'Shop', name: 'ORDERS' },
    description: 'Orders of the shop',
    tags: ['raw'],
    columns: [{ name: 'ID', description: 'Number of the order' }],
  });
  const { executor: _, ...dbtSource } = source;
  const table = node('shop/orders', [], {
    relation,
    tags: ['load'],
    columns: [{ name: 'id', dataType: 'BIGINT' }],
  });

  it('become one node also when both carry the same key', () => {
    const relation = { connection: 'DW', schema: 'shop', name: 'orders' };
    const loaded = node('shop/orders', [], { relation, executor: 'load', type: 'table' });
    const { executor: _, ...source } = node('shop/orders', [], {
      relation,
      type: 'source',
      description: 'Orders',
    });
    const graph = buildGraph([loaded, source, node('stg_orders', ['shop/orders'])]);
    expect(keys(graph)).toEqual(['shop/orders', 'stg_orders']);
    expect(graph.byKey.get('shop/orders')).toMatchObject({ executor: 'load', description: 'Orders' });
  });

  it('become one node under the key of the one that is executed', () => {
    const graph = buildGraph([dbtSource, node('staging', ['raw/orders']), table]);
    expect(keys(graph)).toEqual(['shop/orders', 'staging']);
    expect(upstream(graph, 'staging')).toEqual(['shop/orders']);
    expect(findNode(graph, 'raw/orders')?.key).toBe('shop/orders');
    expect(findNode(graph, 'shop/orders')).toMatchObject({
      description: 'Orders of the shop',
      tags: ['load', 'raw'],
      columns: [{ name: 'id', dataType: 'BIGINT', description: 'Number of the order' }],
      executor: 'transform',
    });
  });

  it('carry the checks of the other name along', () => {
    const check = node('check/unique', ['raw/orders'], {
      kind: 'check',
      check: { asset: 'raw/orders', severity: 'error' },
    });
    const graph = buildGraph([dbtSource, check, table]);
    expect(checksOf(graph, 'shop/orders').map(({ key }) => key)).toEqual(['check/unique']);
    expect(findNode(graph, 'check/unique')?.check?.asset).toBe('shop/orders');
  });

  it('may have the same key', () => {
    const graph = buildGraph([{ ...dbtSource, key: 'shop/orders' }, node('staging', ['orders']), table]);
    expect(keys(graph)).toEqual(['shop/orders', 'staging']);
    expect(findNode(graph, 'shop/orders')).toMatchObject({
      description: 'Orders of the shop',
      tags: ['load', 'raw'],
    });
  });

  it('are refused when they have one key but name different tables', () => {
    const elsewhere = { ...dbtSource, key: 'shop/orders', relation: { ...relation, schema: 'public' } };
    const [issue] = issuesOf([elsewhere, table]);
    expect(issue).toMatchObject({
      code: 'key_duplicate',
      state:
        'Here it is the table shop.orders in warehouse, there it is the table public.orders in warehouse.',
    });
  });

  it('are refused when two of them write the table', () => {
    const [issue] = issuesOf([table, node('other/orders', [], { relation })]);
    expect(issue).toMatchObject({
      code: 'relation_written_twice',
      origin: { file: 'models/shop/orders.sql' },
    });
    expect(issue?.message).toContain('models/other/orders.sql:1');
  });
});

describe('checks', () => {
  it('must read the asset that they test', () => {
    const check = node('check/x', ['b'], { kind: 'check', check: { asset: 'a', severity: 'error' } });
    const [issue] = issuesOf([node('a'), node('b'), check]);
    expect(issue).toMatchObject({ code: 'check_target_unread' });
  });
});

describe('queries', () => {
  const graph = buildGraph([node('a'), node('b', ['a']), node('c', ['b']), node('d', ['a', 'c'])]);

  it('walk up and down, to a depth if asked', () => {
    expect(downstream(graph, 'a')).toEqual(['b', 'd']);
    expect([...ancestors(graph, 'd')].sort()).toEqual(['a', 'b', 'c']);
    expect([...ancestors(graph, 'c', 1)]).toEqual(['b']);
    expect([...descendants(graph, 'a', 1)]).toEqual(['b', 'd']);
    expect([...descendants(graph, 'b')].sort()).toEqual(['c', 'd']);
  });

  it('leave the nodes frozen', () => {
    expect(Object.isFrozen(graph.nodes)).toBe(true);
    expect(Object.isFrozen(graph.nodes[0]?.spec)).toBe(true);
  });
});
