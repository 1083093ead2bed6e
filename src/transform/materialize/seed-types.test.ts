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
  [['2024-1-5', '2024-12-31'], 'date'],
  [['2024-01-01 10:00:00', '2024-01-01 4:30:21'], 'timestamp'],
  [['2024-01-01T10:00', '2024-01-01T10:00:00.5Z'], 'timestamp'],
  [['2024-01-01 10:00:00', '2024-01-01T10:00'], 'text'],
  [['2024-01-01 10:00', '2024-01-01 10:00:00.5'], 'text'],
  [['$1,000', '5%', '1_000', '1e3'], 'integer'],
  [['1.5e-3'], 'double precision'],
  [['true', 'False'], 'boolean'],
  [['1', 'x'], 'text'],
  [[null], 'integer'],
])('%j is %s', (values, type) => {
  expect(inferSeedType(values)).toBe(type);
});

test('empty fields and null are NULL; whole numbers are stored as such', () => {
  expect(['', ' ', 'NULL', ' Null', '0', ' 0'].map((field) => seedValue(field))).toEqual([
    ...[null, null, null, null],
    ...['0', ' 0'],
  ]);
  expect([storedText(' +7.0 ', 'integer'), storedText('7.0', 'text'), storedText(null, 'integer')]).toEqual([
    '7',
    '7.0',
    null,
  ]);
});

test('numbers are stored without the signs that are read over', () => {
  expect(['$1,000', '5%', '1e3', '-1.5e2'].map((text) => storedText(text, 'integer'))).toEqual([
    '1000',
    '5',
    '1000',
    '-150',
  ]);
  expect(storedText('1.5e-3', 'double precision')).toBe('0.0015');
});
