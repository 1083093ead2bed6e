import { expect, test } from 'vitest';
import { ProjectError } from './errors.ts';
import { buildGraph, upstream } from './graph.ts';
import type { GraphNode, RelationRef } from './node.ts';

const relation = (schema: string, name: string, connection = 'W'): RelationRef => ({
  connection,
  schema,
  name,
});

function node(key: string, more: Partial<GraphNode>): GraphNode {
  return {
    key,
    kind: 'asset',
    type: 'table',
    description: '',
    tags: [],
    group: '',
    origin: { file: key },
    edges: [],
    columns: [],
    spec: {},
    ...more,
  };
}

const wildcard = node('raw/all', { executor: 'load', relationPattern: relation('raw', 'ord_*') });
const model = node('model', {
  executor: 'transform',
  relation: relation('main', 'ord_x'),
  edges: [{ kind: 'reads', from: 'shop/orders' }],
});

test.each([
  ['fits', relation('RAW', 'ORD_ers', 'w'), ['raw/all']],
  ['another name', relation('raw', 'users'), []],
  ['another schema', relation('rawx', 'ord_ers'), []],
  ['another connection', relation('raw', 'ord_ers', 'X'), []],
])('a table that others keep comes after the node whose pattern it fits: %s', (_, source, expected) => {
  const graph = buildGraph([model, node('shop/orders', { relation: source }), wildcard]);
  expect(upstream(graph, 'shop/orders')).toEqual(expected);
  expect(upstream(graph, 'model')).toEqual(['shop/orders']);
  const keys = graph.nodes.map(({ key }) => key);
  if (expected.length > 0) expect(keys).toEqual(['raw/all', 'shop/orders', 'model']);
});

test('a table that has a node of its own is left to that', () => {
  const own = node('raw/orders', { executor: 'load', relation: relation('raw', 'ord_ers') });
  const source = node('shop/orders', { relation: relation('raw', 'ord_ers') });
  const graph = buildGraph([wildcard, own, source, model]);
  expect(upstream(graph, 'raw/orders')).toEqual([]);
  expect(upstream(graph, 'model')).toEqual(['raw/orders']);
});

test('letters that mean something in patterns of programs mean nothing here', () => {
  const dotted = node('raw/all', { executor: 'load', relationPattern: relation('raw', 'a.b?') });
  const graph = buildGraph([
    dotted,
    node('s/one', { relation: relation('raw', 'a.b1') }),
    node('s/two', { relation: relation('raw', 'axb1') }),
  ]);
  expect(upstream(graph, 's/one')).toEqual(['raw/all']);
  expect(upstream(graph, 's/two')).toEqual([]);
});

test('a pattern that comes after what reads its tables is a circle', () => {
  const late = { ...wildcard, edges: [{ kind: 'after' as const, from: 'model' }] };
  const source = node('shop/orders', { relation: relation('raw', 'ord_ers') });
  expect(() => buildGraph([late, source, model])).toThrow(ProjectError);
});
