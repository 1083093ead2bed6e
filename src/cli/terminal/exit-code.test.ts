import { describe, expect, it } from 'vitest';
import { exitCodeOfRun } from './exit-code.ts';

describe('the exit code of a run', () => {
  it('tells the kind that all failed steps have in common', () => {
    expect(exitCodeOfRun('succeeded', [], 3)).toBe(0);
    expect(exitCodeOfRun('cancelled', [], 1)).toBe(130);
    expect(exitCodeOfRun('failed', ['data'], 0)).toBe(1);
    expect(exitCodeOfRun('failed', ['transient', 'transient'], 2)).toBe(3);
    expect(exitCodeOfRun('failed', ['transient', 'data'], 0)).toBe(1);
  });

  it('is 2 only while nothing was done', () => {
    expect(exitCodeOfRun('failed', ['config'], 0)).toBe(2);
    expect(exitCodeOfRun('failed', ['config'], 1)).toBe(1);
  });
});
