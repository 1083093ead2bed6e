import { expect, test } from 'vitest';
import { inferSeedType, seedValue, storedText } from './seed-types.ts';

test.each([
  [['1', '-2', '+3', ' 4 ', '5.0'], 'integer'],
  [['2147483647', '-2147483648'], 'integer'],
  [['2147483648'], 'bigint'],
  [['9223372036854775808'], 'numeric(38,0)'],
  [['1', '2.50'], 'double precision'],
  [['2024-02-29', null], 'date'],
  [['2023-02-29'], 'text'],
  [['2024-01-01 10:00:00', '2024-01-01T10:00'], 'timestamp'],
  [['true', 'False'], 'boolean'],
  [['1', 'x'], 'text'],
  [[null], 'integer'],
])('%j is %s', (values, type) => {
  expect(inferSeedType(values)).toBe(type);
});

test('empty fields and null are NULL; whole numbers are stored as such', () => {
  expect(['', 'NULL', 'Null', '0'].map((field) => seedValue(field))).toEqual([null, null, null, '0']);
  expect([storedText(' +7.0 ', 'integer'), storedText('7.0', 'text'), storedText(null, 'integer')]).toEqual([
    '7',
    '7.0',
    null,
  ]);
});
