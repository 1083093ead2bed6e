import { expect, test } from 'vitest';
import { sampleOf } from './sample.ts';

const nowMs = Date.UTC(2024, 2, 31, 12);

test.each([
  ['6 hours', Date.UTC(2024, 2, 31, 6), nowMs],
  ['1 day', Date.UTC(2024, 2, 30, 12), nowMs],
  ['2 years', Date.UTC(2022, 2, 31, 12), nowMs],
  ['{start: 2024-01-01, end: 2024-01-02T06:00:00}', Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2, 6)],
])('%s', (text, startMs, endMs) => {
  expect(sampleOf(text, nowMs)).toEqual({ startMs, endMs });
});

test.each([
  '3 dys',
  'days',
  '{start: 2024-01-01}',
  '{start: 2024-01-02, end: 2024-01-01}',
  '{start: soon, end: 1}',
])('%s is refused', (text) => {
  expect(() => sampleOf(text, nowMs)).toThrow(expect.objectContaining({ code: 'flag_invalid' }));
});
