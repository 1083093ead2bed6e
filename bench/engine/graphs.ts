import { createHash } from 'node:crypto';
import type { Executor } from '../../src/core/executor.ts';
import { buildGraph, type Graph } from '../../src/core/graph.ts';
import { makeManifest } from '../../src/core/manifest.ts';
import type { GraphNode } from '../../src/core/node.ts';

/** Assets that do nothing: all that is measured is what the engine adds. */
export const noOp: Executor = { name: 'no-op', execute: () => Promise.resolve({ metadata: {} }) };

export const assetCount = 1000;

export type Shape = 'wide' | 'chain';

/** `wide`: none needs another. `chain`: each needs the one before. */
export function assets(count: number, shape: Shape): readonly GraphNode[] {
  return Array.from({ length: count }, (_, index): GraphNode => {
    const upstream = shape === 'chain' && index > 0 ? [key(index - 1)] : [];
    return asset(index, upstream);
  });
}

/** Like a warehouse: layers of 500, each asset reads three of the layer before. */
export function layered(count: number): readonly GraphNode[] {
  return Array.from({ length: count }, (_, index): GraphNode => {
    const layerBefore = (Math.floor(index / 500) - 1) * 500;
    const upstream =
      layerBefore < 0 ? [] : [1, 17, 211].map((step) => key(layerBefore + ((index * step) % 500)));
    return asset(index, [...new Set(upstream)]);
  });
}

/** What opening a project does with its nodes. */
export function load(nodes: readonly GraphNode[]): { readonly graph: Graph; readonly manifestHash: string } {
  const graph = buildGraph(nodes);
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    graph,
    manifestHash: makeManifest({ name: 'bench', nodes: graph.nodes, schedules: [] }, sha256).hash,
  };
}

function asset(index: number, upstream: readonly string[]): GraphNode {
  return {
    key: key(index),
    kind: 'asset',
    type: 'model',
    description: '',
    tags: [],
    group: 'bench',
    origin: { file: `models/${index}.sql` },
    edges: upstream.map((from) => ({ kind: 'reads', from })),
    columns: [],
    executor: 'no-op',
    spec: {},
  };
}

function key(index: number): string {
  return `bench/a${String(index).padStart(6, '0')}`;
}
