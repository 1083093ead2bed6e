import { describe, expect, test } from 'vitest';
import type { Completion } from '../core/executor.ts';
import { buildGraph } from '../core/graph.ts';
import type { Edge, GraphNode, NodeKind } from '../core/node.ts';
import { scoreImportance } from './importance.ts';
import { findUnread } from './unread.ts';

function node(key: string, reads: readonly string[], more: Partial<GraphNode> = {}): GraphNode {
  const kinds: Readonly<Record<string, NodeKind>> = {
    report: 'report',
    sync: 'sync',
    check: 'check',
    task: 'task',
  };
  const kind = kinds[key.split('/')[0] ?? ''] ?? 'asset';
  return {
    key,
    kind,
    type: kind === 'asset' ? 'model' : kind,
    description: '',
    tags: [],
    group: 'g',
    origin: { file: `${key}.sql` },
    edges: reads.map((from): Edge => ({ kind: 'reads', from })),
    columns: [],
    executor: 'transform',
    spec: {},
    ...more,
  };
}

function completion(key: string, durationMs: number): Completion {
  return { key, runId: 'r', finishedAtMs: 5000, durationMs, rows: 12, metadata: {} };
}

const nodes = [
  node('shop/orders', [], { type: 'table', executor: 'load' }),
  node('shop/unused', [], {
    type: 'table',
    executor: 'load',
    origin: { file: 'replications/shop.yaml', line: 9 },
  }),
  node('stg', ['shop/orders']),
  node('revenue', ['stg']),
  node('dead_base', ['stg']),
  node('dead_top', ['dead_base', 'revenue']),
  node('value', ['stg']),
  node('exported', ['stg'], { tags: ['consumer'] }),
  node('report/revenue', ['revenue']),
  node('sync/crm', ['value']),
  node('check/dead_top', ['dead_top'], { check: { asset: 'dead_top', severity: 'error' } }),
];

describe('findUnread', () => {
  test('lists what reaches no consumer, ready for removal first, with evidence', () => {
    const completions = new Map([['dead_top', completion('dead_top', 700)]]);
    const unread = findUnread(buildGraph(nodes), completions);
    expect(unread).toEqual([
      {
        key: 'dead_top',
        type: 'model',
        origin: { file: 'dead_top.sql' },
        reason: 'No report, sync or other asset reads it.',
        suggestion:
          'Remove the model (dead_top.sql), or tag it "consumer" if somebody outside of this project reads it.',
        unreadDownstream: [],
        checks: ['check/dead_top'],
        rows: 12,
        durationMs: 700,
        lastRunAtMs: 5000,
      },
      {
        key: 'shop/unused',
        type: 'table',
        origin: { file: 'replications/shop.yaml', line: 9 },
        reason: 'No report, sync or other asset reads it.',
        suggestion:
          'Disable what loads it (replications/shop.yaml:9), or tag it "consumer" if somebody outside of this project reads it.',
        unreadDownstream: [],
        checks: [],
      },
      {
        key: 'dead_base',
        type: 'model',
        origin: { file: 'dead_base.sql' },
        reason: 'Only dead_top reads it, which itself reaches no report or sync.',
        suggestion:
          'After dead_top, remove the model (dead_base.sql), or tag it "consumer" if somebody outside of this project reads it.',
        unreadDownstream: ['dead_top'],
        checks: [],
      },
    ]);
  });

  test('running after something is not reading it', () => {
    const graph = buildGraph([
      node('table', []),
      node('report/r', [], { edges: [{ kind: 'after', from: 'table' }] }),
    ]);
    expect(findUnread(graph).map((asset) => asset.key)).toEqual(['table']);
  });

  test('what others keep up to date is not ours to remove', () => {
    const { executor: _, ...external } = node('erp/items', [], { type: 'source' });
    expect(findUnread(buildGraph([external]))).toEqual([]);
  });

  test('an ephemeral model is ours although nothing runs it', () => {
    const { executor: _, ...ephemeral } = node('helper', []);
    expect(findUnread(buildGraph([ephemeral])).map((asset) => asset.key)).toEqual(['helper']);
  });

  test('a graph of 10,000 models in one chain is walked without recursion', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) =>
      node(`m${index}`, index === 0 ? [] : [`m${index - 1}`]),
    );
    expect(findUnread(buildGraph([...chain, node('report/r', ['m9999'])]))).toEqual([]);
    expect(findUnread(buildGraph(chain))).toHaveLength(10_000);
  });
});

describe('scoreImportance', () => {
  test('counts what is read and what reads, checks left out', () => {
    const scores = scoreImportance(buildGraph(nodes));
    expect(scores[0]).toEqual({
      key: 'stg',
      kind: 'asset',
      degree: 5 / 9,
      inDegree: 1 / 9,
      outDegree: 4 / 9,
    });
    expect(scores.find((score) => score.key === 'dead_top')).toMatchObject({ inDegree: 2 / 9, outDegree: 0 });
    expect(scores.some((score) => score.kind === 'check')).toBe(false);
  });
});
