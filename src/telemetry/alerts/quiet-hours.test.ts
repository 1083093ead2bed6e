import { expect, test } from 'vitest';
import { isQuiet } from './quiet-hours.ts';

const night = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin' };

// Berlin is an hour before UTC in winter and two in summer.
test.each([
  ['2026-01-15T20:59:00Z', false],
  ['2026-01-15T21:00:00Z', true],
  ['2026-01-16T05:59:00Z', true],
  ['2026-01-16T06:00:00Z', false],
  ['2026-07-15T20:00:00Z', true],
  ['2026-07-16T05:00:00Z', false],
])('%s is quiet: %s', (time, quiet) => {
  expect(isQuiet(night, Date.parse(time))).toBe(quiet);
});

test('hours within one day', () => {
  const noon = { from: '12:00', to: '13:00', timeZone: 'UTC' };
  expect([11, 12, 13].map((hour) => isQuiet(noon, Date.UTC(2026, 0, 1, hour)))).toEqual([false, true, false]);
});
