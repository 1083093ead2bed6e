import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { pyYamlTags } from './yaml-tags.ts';

test('scalars are what PyYAML makes of them', () => {
  const read = (text: string): unknown => parse(text, { version: '1.1', customTags: pyYamlTags });
  expect(read('[y, n, Y, N, yes, No, on, OFF, true, False]')).toEqual([
    ...['y', 'n', 'Y', 'N'],
    ...[true, false, true, false, true, false],
  ]);
  expect(read('[1e3, 1.5e3, -.5, 1.5e+3, .5, -1.5, 1_0.5, .inf, 1_000, 014, 0o14, ~]')).toEqual([
    ...['1e3', '1.5e3', '-.5'],
    ...[1500, 0.5, -1.5, 10.5, Number.POSITIVE_INFINITY, 1000, 12],
    '0o14',
    null,
  ]);
  expect(read('{n: 1, y: 2, d: 2024-01-01}')).toEqual({ n: 1, y: 2, d: '2024-01-01' });
});
