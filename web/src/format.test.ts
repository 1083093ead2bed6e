import { expect, test } from 'vitest';
import {
  formatAgo,
  formatCell,
  formatDuration,
  formatNumber,
  formatQuantity,
  groupDigits,
} from './format.ts';
import { timeTicks } from './run/time-ticks.ts';

test.each([
  [-5, '0 ms'],
  [840, '840 ms'],
  [3210, '3.2 s'],
  [59_940, '59.9 s'],
  [59_960, '1 m 00 s'],
  [245_000, '4 m 05 s'],
  [7_800_000, '2 h 10 m'],
])('a duration of %i ms is %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

test.each([
  [-1000, 'just now'],
  [-30_000, '30 seconds ago'],
  [180_000, 'in 3 minutes'],
  [-90_000_000, 'yesterday'],
])('%i ms from now is %s', (offsetMs, text) => {
  expect(formatAgo(1_000_000_000 + offsetMs, 1_000_000_000)).toBe(text);
});

test.each([
  [1234.5, undefined, '1,234.5'],
  [1234.5, 'integer', '1,235'],
  [0.126, 'percent', '12.6%'],
  [12.5, 'EUR', '€12.50'],
  [1234.5, 'EUR', '€1,235'],
])('%d as %s is %s', (value, format, text) => {
  expect(formatNumber(value, format)).toBe(text);
});

test('cells and quantities', () => {
  expect([null, 'a', 1.5, true, { a: [1] }].map(formatCell)).toEqual(['', 'a', '1.5', 'true', '{"a":[1]}']);
  expect(formatQuantity(1, 'match', 'matches')).toBe('1 match');
  expect(formatQuantity(1200, 'row')).toBe('1,200 rows');
});

test.each([
  ['1234567.50', '1,234,567.50'],
  ['-900719925474099300', '-900,719,925,474,099,300'],
  ['999', '999'],
  ['1e5', '1e5'],
  ['', ''],
])('the digits of %j are grouped as %j', (text, grouped) => {
  expect(groupDigits(text)).toBe(grouped);
});

test.each([500, 1000, 4000, 61_000, 3_600_000, 400_000_000])(
  'an axis of %i ms has few round ticks',
  (spanMs) => {
    const ticks = timeTicks(spanMs);
    expect(ticks[0]).toBe(0);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThanOrEqual(8);
    expect(ticks.at(-1)).toBeLessThanOrEqual(spanMs);
  },
);
