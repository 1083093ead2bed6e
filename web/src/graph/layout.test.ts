import { describe, expect, test } from 'vitest';
import { isotonic } from './isotonic.ts';
import { layoutGraph, type LayoutInput } from './layout.ts';

const sizes = { nodeWidth: 100, nodeHeight: 40, rankGap: 50, rowGap: 10 };

function node(key: string, ...from: string[]): LayoutInput {
  return { key, edges: from.map((one) => ({ from: one, kind: 'reads' })) };
}

/** Layers of pseudo-random edges, the same on every run. */
function bigGraph(layers: number, perLayer: number): LayoutInput[] {
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  return Array.from({ length: layers * perLayer }, (_, index) => {
    const layer = Math.floor(index / perLayer);
    const parents = layer === 0 ? [] : [0, 1].map(() => `n${next(layer * perLayer)}`);
    return node(`n${index}`, ...new Set(parents));
  });
}

describe('layoutGraph', () => {
  test('puts what is read to the left of what reads it', () => {
    const graph = bigGraph(8, 20);
    const { nodes } = layoutGraph(graph, sizes);
    const x = new Map(nodes.map((placed) => [placed.key, placed.x]));
    for (const { key, edges } of graph) {
      for (const { from } of edges) expect(x.get(from)).toBeLessThan(x.get(key) ?? 0);
    }
  });

  test('lets no two nodes touch', () => {
    const { nodes } = layoutGraph(bigGraph(8, 20), sizes);
    const columns = Map.groupBy(nodes, (placed) => placed.x);
    for (const column of columns.values()) {
      const tops = column.map((placed) => placed.y).sort((a, b) => a - b);
      for (let row = 1; row < tops.length; row += 1) {
        expect((tops[row] ?? 0) - (tops[row - 1] ?? 0)).toBeGreaterThanOrEqual(49.999);
      }
    }
  });

  test('keeps a straight chain straight', () => {
    const { nodes, height } = layoutGraph([node('a'), node('b', 'a'), node('c', 'b')], sizes);
    expect(nodes.map((placed) => [placed.x, placed.y])).toEqual([
      [0, 0],
      [150, 0],
      [300, 0],
    ]);
    expect(height).toBe(40);
  });

  test('untangles crossed edges', () => {
    const { nodes } = layoutGraph([node('a'), node('b'), node('x', 'b'), node('y', 'a')], sizes);
    const y = new Map(nodes.map((placed) => [placed.key, placed.y]));
    expect(Math.sign((y.get('a') ?? 0) - (y.get('b') ?? 0))).toBe(
      Math.sign((y.get('y') ?? 0) - (y.get('x') ?? 0)),
    );
  });

  test('leads a long edge around the nodes between', () => {
    const graph = [node('a'), node('b', 'a'), node('c', 'a', 'b')];
    const { nodes, edges } = layoutGraph(graph, sizes);
    const between = nodes.find((placed) => placed.key === 'b');
    const long = edges.find((edge) => edge.from === 'a' && edge.to === 'c');
    expect(long?.points).toHaveLength(4);
    const bend = long?.points[1]?.y ?? 0;
    const top = between?.y ?? 0;
    expect(bend < top || bend > top + sizes.nodeHeight).toBe(true);
  });

  test('is the same every time, and survives a circle and an unknown end', () => {
    const graph = [node('a', 'c'), node('b', 'a'), node('c', 'b'), node('d', 'nowhere')];
    const first = layoutGraph(graph, sizes);
    expect(layoutGraph(graph, sizes)).toEqual(first);
    expect(first.nodes).toHaveLength(4);
    expect(first.edges).toHaveLength(3);
  });

  test('an empty graph has no size', () => {
    expect(layoutGraph([], sizes)).toEqual({ nodes: [], edges: [], width: 0, height: 0 });
  });
});

describe('isotonic', () => {
  test('pools what is out of order', () => {
    expect(isotonic([1, 3, 2, 5, 4, 4])).toEqual([1, 2.5, 2.5, 13 / 3, 13 / 3, 13 / 3]);
  });
});
