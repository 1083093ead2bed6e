import { expect, test } from 'vitest';
import { isWarningError } from './warn-error.ts';

test.each([
  [undefined, false],
  ['{include: all}', true],
  ['{error: "*"}', true],
  ['{include: [LogTestResult]}', true],
  ['{include: [NoNodesForSelectionCriteria]}', false],
  ['{"include": "all", "exclude": ["LogTestResult"]}', false],
  ['{error: all, warn: [LogTestResult]}', false],
  ['{error: all, silence: [LogTestResult]}', false],
])('--warn-error-options %s', (warnErrorOptions, expected) => {
  const flags = warnErrorOptions === undefined ? {} : { warnErrorOptions };
  expect(isWarningError(flags, 'LogTestResult')).toBe(expected);
  expect(isWarningError({ ...flags, warnError: true }, 'LogTestResult')).toBe(true);
});

test.each(['{inclde: all}', '{include: {a: 1}}', 'all'])('%s is refused', (warnErrorOptions) => {
  expect(() => isWarningError({ warnErrorOptions }, 'LogTestResult')).toThrow(
    expect.objectContaining({ code: 'flag_invalid' }),
  );
});
