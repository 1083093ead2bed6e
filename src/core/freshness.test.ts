import { describe, expect, it } from 'vitest';
import { freshnessState, parseDuration, type DeadlineTimes } from './freshness.ts';

const hour = 3_600_000;
const never = (): DeadlineTimes => ({ last: undefined, beforeLast: undefined, next: undefined });

describe('freshness', () => {
  it('by age goes from fresh over warn to stale', () => {
    const freshness = { maxAgeSeconds: 6 * 3600, warnAgeSeconds: 4 * 3600 };
    const at = (nowMs: number): string => freshnessState(freshness, hour, nowMs, never).condition;
    expect([at(hour), at(5 * hour - 1), at(5 * hour), at(7 * hour - 1), at(7 * hour)]).toEqual([
      'fresh',
      'fresh',
      'warn',
      'warn',
      'stale',
    ]);
    expect(freshnessState(freshness, hour, 2 * hour, never).staleAtMs).toBe(7 * hour);
    expect(freshnessState(freshness, undefined, 0, never).condition).toBe('stale');
  });

  it('by deadline is what was made since the deadline before', () => {
    const freshness = { deadline: { cron: '0 9 * * *', timeZone: 'UTC' } };
    const times = (): DeadlineTimes => ({ last: 33 * hour, beforeLast: 9 * hour, next: 57 * hour });
    const made = (madeAtMs: number | undefined): unknown =>
      freshnessState(freshness, madeAtMs, 40 * hour, times);
    expect(made(undefined)).toEqual({ condition: 'stale', staleAtMs: 33 * hour });
    expect(made(9 * hour)).toEqual({ condition: 'stale', staleAtMs: 33 * hour });
    expect(made(10 * hour)).toEqual({ condition: 'fresh', staleAtMs: 57 * hour });
    expect(made(34 * hour)).toEqual({ condition: 'fresh' });
    expect(freshnessState(freshness, undefined, 0, never)).toEqual({ condition: 'fresh' });
  });

  it('is written as a duration', () => {
    expect(['90m', '6h', '1d 12h', '0.5h', '2w'].map(parseDuration)).toEqual([
      5400, 21_600, 129_600, 1800, 1_209_600,
    ]);
    expect(['', '6', 'h', '6 h', '0h', '-1h', '6h x'].map(parseDuration)).toEqual(
      Array.from({ length: 7 }, () => undefined),
    );
  });
});
