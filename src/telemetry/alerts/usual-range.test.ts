import { expect, test } from 'vitest';
import { usualRange } from './usual-range.ts';

test('too few values say nothing', () => {
  expect(usualRange([1, 2, 3, 4, 5, 6, 7], 5)).toBeUndefined();
});

test('an outlier in the past does not widen the range', () => {
  const calm = [100, 102, 98, 101, 99, 100, 103, 97];
  const range = usualRange([...calm, 1_000_000], 5);
  expect(range?.to).toBeLessThan(200);
  expect(range?.from).toBeGreaterThan(50);
});

test('values that never differ allow a twentieth, and at least one row', () => {
  expect(
    usualRange(
      Array.from({ length: 8 }, () => 1000),
      5,
    ),
  ).toEqual({ from: 950, to: 1050 });
  expect(
    usualRange(
      Array.from({ length: 8 }, () => 2),
      5,
    ),
  ).toEqual({ from: 1, to: 3 });
});
