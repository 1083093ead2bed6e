import { expect, test } from 'vitest';
import type { GraphNodePayload, NodeStatus } from '../../src/server/contract.ts';
import { joinNodes } from './health.ts';

const orders: GraphNodePayload = {
  key: 'shop/orders',
  kind: 'asset',
  type: 'table',
  description: '',
  group: 'shop',
  tags: [],
  edges: [],
  runnable: true,
};

function checkNode(name: string, severity: 'error' | 'warn'): GraphNodePayload {
  return {
    ...orders,
    key: `check/${name}`,
    kind: 'check',
    type: 'test',
    check: { asset: orders.key, severity },
  };
}

function checkStatus(name: string, passed: boolean): NodeStatus {
  return {
    key: `check/${name}`,
    state: passed ? 'succeeded' : 'failed',
    check: { passed, failures: passed ? 0 : 3, message: '' },
  };
}

function ordersWith(state: NodeStatus['state'], checks: readonly NodeStatus[]) {
  const nodes = [orders, checkNode('strict', 'error'), checkNode('mild', 'warn')];
  return joinNodes(nodes, [{ key: orders.key, state }, ...checks]).get(orders.key);
}

test('an asset is as well as its checks', () => {
  const [good, bad] = [true, false];
  const health = (strict: boolean, mild: boolean) =>
    ordersWith('succeeded', [checkStatus('strict', strict), checkStatus('mild', mild)])?.health.tone;
  expect(health(good, good)).toBe('good');
  expect(health(good, bad)).toBe('warn');
  expect(health(bad, bad)).toBe('bad');
});

test('its own failure and its own work come before its checks', () => {
  const failed = checkStatus('strict', false);
  expect(ordersWith('failed', [failed])?.health.word).toBe('Failed');
  expect(ordersWith('running', [failed])?.health.word).toBe('Running');
});

test('checks are counted, those that have not run too', () => {
  expect(ordersWith('succeeded', [checkStatus('mild', false)])?.checkCounts).toEqual({
    passed: 0,
    failed: 0,
    warned: 1,
    total: 2,
  });
});

test('a node that the status does not speak of has not been run', () => {
  expect(joinNodes([orders], []).get(orders.key)?.health.word).toBe('Not run yet');
  expect(joinNodes([{ ...orders, runnable: false }], []).get(orders.key)?.health.word).toBe('Kept by others');
});
