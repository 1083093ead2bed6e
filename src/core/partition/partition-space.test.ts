import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxSet, count, difference, pointsOf, union, unionAll } from './partition-set.ts';
import {
  checkPartitions,
  formatSet,
  fromRanges,
  keyOfPoint,
  parseSet,
  pointOfKey,
  toRanges,
} from './partition-space.ts';
import { spaceOf, time, worldOn } from './world.fixture.ts';

const world = worldOn(2024, 3, 1, ['acme', 'zeta']);
const regions = { kind: 'static', name: 'region', keys: ['us', 'eu', 'ca'] } as const;
const customers = { kind: 'dynamic', name: 'customer', set: 'customers' } as const;

describe('the partitions that a definition has', () => {
  it('end with the last window that is over', () => {
    const keys = (more: Parameters<typeof time>[0]): string =>
      formatSet(spaceOf(world, time(more)), spaceOf(world, time(more)).everything);
    expect(keys({})).toBe('2024-01-01..2024-02-29');
    expect(keys({ endOffset: 1 })).toBe('2024-01-01..2024-03-01');
    expect(keys({ end: '2024-01-03' })).toBe('2024-01-01..2024-01-02');
    expect(keys({ start: '2025-01-01' })).toBe('');
    expect(keys({ zone: 'America/New_York' })).toBe('2024-01-01..2024-02-28');
    expect(keys({ every: 'month', start: '2024-01-15' })).toBe('2024-02');
  });

  it.each([
    ['2024-01-05', '2024-01-05'],
    ['2024-01', '2024-01-01..2024-01-31'],
    ['2024-02-20..2024-02-25', '2024-02-20..2024-02-25'],
    ['2024-02-27..', '2024-02-27..2024-02-29'],
    ['..2024-01-02', '2024-01-01..2024-01-02'],
    ['2024-01-30..2024-02', '2024-01-30..2024-02-29'],
    ['latest', '2024-02-29'],
    ['*', '2024-01-01..2024-02-29'],
    ['2024-01-01,2024-01-03', '2024-01-01,2024-01-03'],
    ['2023', ''],
  ])('are named by %s', (text, expected) => {
    const space = spaceOf(world, time());
    expect(formatSet(space, parseSet(space, text))).toBe(expected);
  });

  it('of several dimensions are named by parts', () => {
    const space = spaceOf(world, time(), regions, customers);
    const named = (text: string): string => formatSet(space, parseSet(space, text));
    expect(named('2024-01-05|us|acme')).toBe('2024-01-05|us|acme');
    expect(named('customer=zeta|time=2024-01-05')).toBe('2024-01-05|us..ca|zeta');
    expect(named('2024-01-05|*|acme,2024-01-05|us|zeta')).toBe(
      '2024-01-05|us|acme..zeta,2024-01-05|eu..ca|acme',
    );
    expect(count(space.everything)).toBe(60 * 3 * 2);
  });

  it.each(['2024-13', 'yesterday', 'nowhere=1', '2024-01-05|us|acme|more', '2024-02-30', '2024-01-05|usa'])(
    'are not named by %s',
    (text) => {
      const space = spaceOf(world, time(), regions, customers);
      expect(() => parseSet(space, text)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^partition_/) as string }) as Error,
      );
    },
  );

  it('have keys that lead back to them, and sets texts that do', () => {
    const space = spaceOf(
      world,
      time({ every: 'hour', zone: 'America/New_York', start: '2023-11-04' }),
      regions,
    );
    const boxes = fc.tuple(fc.nat(3000), fc.nat(3000), fc.nat(3), fc.nat(3));
    fc.assert(
      fc.property(fc.array(boxes, { minLength: 1, maxLength: 4 }), (found) => {
        const base = space.axes[0]?.from ?? 0;
        const set = unionAll(
          2,
          found.map(([a, b, c, d]) =>
            boxSet([
              { from: base + Math.min(a, b), to: base + Math.max(a, b) },
              { from: Math.min(c, d), to: Math.max(c, d) },
            ]),
          ),
        );
        const within = difference(set, difference(set, space.everything));
        if (count(within) > 0) expect(parseSet(space, formatSet(space, within))).toEqual(within);
        expect(fromRanges(space, toRanges(space, within))).toEqual(within);
        for (const point of [...pointsOf(within)].slice(0, 20)) {
          expect(pointOfKey(space, keyOfPoint(space, point))).toEqual(point);
        }
      }),
    );
  });

  it('are found in the ledger again after start and list of keys have changed', () => {
    const before = spaceOf(world, time(), regions);
    const kept = toRanges(before, parseSet(before, '2024-01-10..2024-01-20|eu'));
    const after = spaceOf(world, time({ start: '2024-01-15' }), { ...regions, keys: ['ca', 'de', 'eu'] });
    expect(formatSet(after, fromRanges(after, kept))).toBe('2024-01-15..2024-01-20|eu');
    const otherGrid = spaceOf(world, time({ zone: 'Europe/Berlin' }), regions);
    expect(formatSet(otherGrid, fromRanges(otherGrid, kept))).toBe('');
  });

  it('of a dynamic dimension may become more', () => {
    const before = spaceOf(world, customers);
    const done = toRanges(before, before.everything);
    const after = spaceOf(worldOn(2024, 3, 1, ['acme', 'zeta', 'beta']), customers);
    expect(formatSet(after, difference(after.everything, fromRanges(after, done)))).toBe('beta');
    expect(union(before.everything, after.everything)).toEqual(after.everything);
  });

  it.each([
    [{ dimensions: [] }],
    [{ dimensions: [time(), time()] }],
    [{ dimensions: [time()], partitionsPerStep: 0 }],
    [{ dimensions: [time({ start: 'soon' })] }],
    [{ dimensions: [time({ zone: 'Mars/Base' })] }],
    [{ dimensions: [time({ every: { cron: '99 * * * *' } })] }],
    [{ dimensions: [time({ name: 'a day' })] }],
    [{ dimensions: [{ ...regions, keys: ['a|b'] }] }],
    [{ dimensions: [{ ...regions, keys: ['a', 'a'] }] }],
    [{ dimensions: [{ ...regions, keys: [] }] }],
  ])('are refused when they are %j', (definition) => {
    expect(() => checkPartitions(definition, world)).toThrow(
      expect.objectContaining({ kind: 'config' }) as Error,
    );
  });
});
