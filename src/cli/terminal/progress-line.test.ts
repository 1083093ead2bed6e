import { describe, expect, test } from 'vitest';
import { progressLine, type RunningStep, withProgress } from './progress-line.ts';

const begun: RunningStep = { key: 'raw/orders', startedAtMs: 0, progress: {}, samples: [] };
const at = (...told: readonly (readonly [atMs: number, rows: number])[]): RunningStep =>
  told.reduce(
    (step, [atMs, rows]) =>
      withProgress(step, { rows, bytes: rows * 100, totalRows: 1_000_000, phase: 'loading' }, atMs),
    begun,
  );

describe('a line of progress', () => {
  test('tells rows, share, rate, bytes, and when it will be done', () => {
    expect(progressLine(at([1000, 100_000], [5000, 500_000]), 5000, 100)).toBe(
      '… raw/orders  ██████████··········  50%  500,000 rows  100,000/s  50.0 MB  ETA 5 s  5 s',
    );
  });

  test('has the rate of the last seconds, not that of the beginning', () => {
    const told = Array.from(
      { length: 40 },
      (_, second) => [second * 1000, second < 20 ? 0 : (second - 20) * 1000] as const,
    );
    expect(progressLine(at(...told), 39_000, 120)).toContain('  1,000/s  ');
  });

  test('slows down while nothing comes', () => {
    expect(progressLine(at([1000, 100_000], [2000, 200_000]), 6000, 120)).toContain('  20,000/s  ');
  });

  test('knows no end when the statistics were behind', () => {
    const line = progressLine(at([1000, 500_000], [2000, 1_200_000]), 2000, 120);
    expect(line).toBe('… raw/orders  1,200,000 rows  700,000/s  120.0 MB  2 s');
  });

  test('says what is being done when it is not loading, and only how long before the first row', () => {
    expect(progressLine(withProgress(begun, { phase: 'publishing' }, 1), 3000, 80)).toBe(
      '… raw/orders  publishing  3 s',
    );
    expect(progressLine(begun, 61_000, 80)).toBe('… raw/orders  1 min 1 s');
  });

  test.each([20, 40, 60, 79])('is no wider than %i', (width) => {
    for (const key of ['raw/orders', `raw/${'long_'.repeat(30)}name`, '表/順番'.repeat(20)]) {
      const line = progressLine({ ...at([1000, 100_000], [5000, 500_000]), key }, 5000, width);
      const wide = Array.from(line).filter((letter) => /\p{Script=Han}/u.test(letter)).length;
      expect(Array.from(line).length + wide).toBeLessThanOrEqual(width);
      expect(line).toMatch(/ 5 s$/);
    }
  });
});
