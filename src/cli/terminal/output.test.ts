import { expect, test } from 'vitest';
import { formatCount } from './output.ts';

test.each([
  [undefined, ''],
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1_234_567.6, '1,234,568'],
  [-12_345, '-12,345'],
])('%s is written as %j', (count, text) => {
  expect(formatCount(count)).toBe(text);
});
