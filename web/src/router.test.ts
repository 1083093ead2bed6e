import { expect, test } from 'vitest';
import { parseRoute, paths } from './router.tsx';

test.each([
  ['/', { view: 'overview' }],
  ['/runs', { view: 'runs' }],
  ['/runs/a%20b', { view: 'run', runId: 'a b' }],
  ['/node/shop/orders', { view: 'node', nodeKey: 'shop/orders' }],
  ['/node', { view: 'missing' }],
  ['/reports/revenue/more', { view: 'missing' }],
  ['/elsewhere', { view: 'missing' }],
  ['/runs/%E0%A4%A', { view: 'run', runId: '%E0%A4%A' }],
])('%s', (path, route) => {
  expect(parseRoute(path)).toEqual(route);
});

test.each(['shop/orders', 'a b/c$d', 'größe/x.y', 'one'])('the path of %s leads back to it', (key) => {
  expect(parseRoute(paths.node(key))).toEqual({ view: 'node', nodeKey: key });
});
