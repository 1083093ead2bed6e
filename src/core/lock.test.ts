import { describe, expect, it } from 'vitest';
import { locksOverlap, partitionLock } from './lock.ts';

describe('locks of partitions', () => {
  const lock = (from: number, to: number, slice = 'day UTC|us', node = 'shop/events'): string =>
    partitionLock(node, { slice, from, to });

  it('stand in each other’s way where their stretches overlap', () => {
    expect(locksOverlap(lock(1, 5), lock(4, 6))).toBe(true);
    expect(locksOverlap(lock(1, 5), lock(5, 6))).toBe(false);
    expect(locksOverlap(lock(-5, -1), lock(-2, 3))).toBe(true);
    expect(locksOverlap(lock(1, 5), lock(1, 5, 'day UTC|eu#1'))).toBe(false);
    expect(locksOverlap(lock(1, 5), lock(1, 5, 'day UTC|us', 'shop/other'))).toBe(false);
  });

  it('of a whole node stand in the way of all of its partitions', () => {
    expect(locksOverlap('shop/events', lock(1, 5))).toBe(true);
    expect(locksOverlap(lock(1, 5), 'shop/events')).toBe(true);
    expect(locksOverlap('shop/events', 'shop/events_more')).toBe(false);
  });
});
