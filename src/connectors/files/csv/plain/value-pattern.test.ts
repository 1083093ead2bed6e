import { expect, test } from 'vitest';
import { type DataType } from '../../../../sql/data-type.ts';
import { candidates, writtenPattern } from '../../typing/column-fit.ts';
import { declaredPattern } from '../plain-csv.ts';
import { valuePattern } from './value-pattern.ts';

const texts = [
  '', '0', '7', '-7', '+7', '007', '1.', '.5', '-.5', '1.5', '1.25', '1.250', '1.255', '1e5', '-1.5E-07', '1e', '0x1f',
  '1_000', ' 1', '1 ', 'nan', 'NaN', '-inf', 'infinity', 'true', 'TRUE', 'tr', 't', 'No', 'on', '2024-01-31', '2024-1-31',
  '31.01.2024', '2024-01-31 10:00', '2024-01-31T10:00:59', '2024-01-31 10:00:59.1', '2024-01-31 10:00:59.1234567',
  '2024-01-31 10:00:59.1234560', '2024-01-31 10:00Z', '2024-01-31 10:00 +02', '2024-01-31 10:00+0230',
  '2024-01-31 10:00+02:30', '2024-01-31 10:00+2', '10:00', '10:00:00.5', 'today', 'é', '12345678901234567890', '١',
]; // prettier-ignore

const types: readonly DataType[] = [
  { type: 'boolean' },
  { type: 'int16' },
  { type: 'float64' },
  { type: 'decimal' },
  { type: 'decimal', precision: 12, scale: 2 },
  { type: 'decimal', precision: 5, scale: 0 },
  { type: 'date' },
  { type: 'time' },
  { type: 'timestamp' },
  { type: 'timestamptz' },
];
const patterns = [
  ...types.flatMap((type) => [declaredPattern(type), writtenPattern(type)]),
  ...candidates.map(({ pattern }) => pattern),
  '-?(0|[1-9][0-9]{0,3})([.][0-9]{1,2})?',
  'ab{2}(c|de?)*',
  '',
].filter((pattern) => pattern !== undefined);

function matches(pattern: string, text: string): boolean {
  const { next, accepts } = valuePattern(pattern);
  let state = 0;
  for (const byte of Buffer.from(text)) {
    state = next[256 * state + byte] ?? -1;
    if (state < 0) return false;
  }
  return accepts[state] === true;
}

test.each([...new Set(patterns)])('%s means the same as a regular expression', (pattern) => {
  const expected = new RegExp(`^(?:${pattern})$`);
  for (const text of [...texts, 'abb', 'abbcdedc', 'abbe', 'abbb', '1234.12', '12345'])
    expect([text, matches(pattern, text)]).toEqual([text, expected.test(text)]);
});
