import { expect, test } from 'vitest';
import { ChunkPace } from './chunk-pace.ts';

const limits = { firstRows: 1000, leastRows: 100, mostRows: 5000, budgetSeconds: 10 };

test('grows and shrinks towards the time budget, by two at most', () => {
  const pace = new ChunkPace(limits);
  pace.succeeded(1);
  expect(pace.rows).toBe(2000);
  pace.succeeded(8);
  expect(pace.rows).toBe(2500);
  pace.succeeded(40);
  expect(pace.rows).toBe(1250);
});

test('stays within its bounds', () => {
  const pace = new ChunkPace(limits);
  for (let round = 0; round < 9; round += 1) pace.succeeded(0);
  expect(pace.rows).toBe(5000);
  for (let round = 0; round < 9; round += 1) pace.conflicted();
  expect(pace.rows).toBe(100);
  expect(pace.isLeast).toBe(true);
});

test('is halved by a conflict, and grows only after three successes', () => {
  const pace = new ChunkPace(limits);
  pace.conflicted();
  const sizes = [1, 1, 1].map((seconds) => {
    pace.succeeded(seconds);
    return pace.rows;
  });
  expect(sizes).toEqual([500, 500, 1000]);
});
