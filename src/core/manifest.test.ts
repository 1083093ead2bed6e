import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { makeManifest } from './manifest.ts';
import type { GraphNode } from './node.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function node(key: string, spec: GraphNode['spec'] = {}): GraphNode {
  const origin = { file: 'x.sql' };
  return {
    key,
    kind: 'asset',
    type: 'model',
    description: '',
    tags: [],
    group: '',
    origin,
    edges: [],
    columns: [],
    spec,
  };
}

it('has one hash for equal definitions in any order, another for different ones', () => {
  const schedules = [{ name: 'nightly', cron: '@daily', timeZone: 'UTC', select: '' }];
  const hashOf = (nodes: readonly GraphNode[]): string =>
    makeManifest({ name: 'shop', nodes, schedules }, sha256).hash;
  expect(hashOf([node('a', { x: 1, y: 2 }), node('b')])).toBe(hashOf([node('b'), node('a', { y: 2, x: 1 })]));
  expect(hashOf([node('a', { x: 1 })])).not.toBe(hashOf([node('a', { x: 2 })]));
});
