import { expect, test } from 'vitest';
import { placeOf } from './lineage-source.ts';

const origin = { file: 'connections.yaml' };

test.each([
  [
    'postgres',
    { host: 'db.shop', database: 'sales', password: 'hunter2' },
    'postgres://db.shop:5432',
    ['sales'],
  ],
  ['postgres', { host: '::1', port: '6432', dbname: 'sales' }, 'postgres://[::1]:6432', ['sales']],
  ['mysql', { host: 'db.shop', database: 'sales' }, 'mysql://db.shop:3306', []],
  ['duckdb', { path: 'a/shop.duckdb' }, 'duckdb:///project/a/shop.duckdb', ['shop']],
  ['sqlite', { database: '/data/shop.db' }, 'sqlite:///data/shop.db', []],
  ['file', {}, 'file', ['/project']],
])('%s with %o is named as OpenLineage names it', (type, config, namespace, prefix) => {
  const place = placeOf({ name: 'A', type, config, url: undefined, origin }, config, '/project');
  expect(place).toMatchObject({ namespace, prefix });
  expect(JSON.stringify(place)).not.toContain('hunter2');
  expect(URL.canParse(place?.uri ?? '')).toBe(true);
});

test('a system without tables or files has no place', () => {
  expect(placeOf({ name: 'A', type: 'http', config: {}, url: undefined, origin }, {}, '/p')).toBeUndefined();
});
