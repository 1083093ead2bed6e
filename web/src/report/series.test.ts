import { expect, test } from 'vitest';
import { chartData, drawnColumns } from './series.ts';

const data = {
  columns: [
    { name: 'day', type: 'date' },
    { name: 'city', type: 'text' },
    { name: 'net', type: 'decimal' },
    { name: 'orders', type: 'int64' },
  ],
  rows: [
    ['2026-01-01', 'Ottawa', '10.50', 2],
    ['2026-01-01', 'Halifax', '4', 1],
    ['2026-01-02', 'Ottawa', null, 0],
    ['2026-01-01', 'Ottawa', '0.50', 1],
  ],
};

test('columns are drawn as named, or else every number along the first column', () => {
  expect(drawnColumns({ data })).toEqual({ x: 'day', y: ['net', 'orders'] });
  expect(drawnColumns({ data, x: 'city', y: ['orders'] })).toEqual({ x: 'city', y: ['orders'] });
});

test('rows of one category are added up, exact decimals arrive as text', () => {
  expect(chartData({ data, x: 'day', y: ['net'] })).toEqual({
    categories: ['2026-01-01', '2026-01-02'],
    series: [{ name: 'net', values: [15, null] }],
  });
});

test('a series column splits the values and leaves gaps where there is no row', () => {
  expect(chartData({ data, x: 'day', y: ['orders'], series: 'city' }).series).toEqual([
    { name: 'Ottawa', values: [3, 0] },
    { name: 'Halifax', values: [1, null] },
  ]);
});

test('several values and a series column are told apart', () => {
  const { series } = chartData({ data, x: 'day', y: ['net', 'orders'], series: 'city' });
  expect(series.map(({ name }) => name)).toEqual([
    'Ottawa · net',
    'Ottawa · orders',
    'Halifax · net',
    'Halifax · orders',
  ]);
});

test('no rows are no chart', () => {
  expect(chartData({ data: { columns: [], rows: [] } })).toEqual({ categories: [], series: [] });
});
