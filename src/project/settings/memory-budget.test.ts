import { totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { memoryBudget } from './memory-budget.ts';

test.each(['512MB', '512 mb', '0.5GiB', '2GB'])('%s is split, and the parts stay within it', (written) => {
  const { memoryBudgetBytes, engineMemoryBytes = Infinity } = memoryBudget({
    MILLRACE_MEMORY_BUDGET: written,
  });
  expect(memoryBudgetBytes).toBeGreaterThan(0);
  expect(engineMemoryBytes).toBeGreaterThanOrEqual(100e6);
  const whole = written === '2GB' ? 2e9 : 0.5 * 1024 ** 3;
  expect(memoryBudgetBytes + engineMemoryBytes).toBeLessThan(whole - 290e6);
});

test.each([{}, { MILLRACE_MEMORY_BUDGET: '' }])('without one an engine decides for itself', (environment) => {
  expect(memoryBudget(environment)).toEqual({ memoryBudgetBytes: Math.floor(totalmem() / 4) });
});

test.each(['much', '512', '64MB', '-1GB'])('%s is a mistake', (written) => {
  expect(() => memoryBudget({ MILLRACE_MEMORY_BUDGET: written })).toThrow(/MILLRACE_MEMORY_BUDGET/);
});
