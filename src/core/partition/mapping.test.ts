import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PartitionMapping, TimeDimension, WindowLength } from '../partitions.ts';
import { checkMapping, correspond } from './mapping.ts';
import { boxSet, contains, pointsOf, type PartitionSet } from './partition-set.ts';
import { formatSet, keyOfPoint, parseSet, type PartitionSpace } from './partition-space.ts';
import { spaceOf, time, worldOn } from './world.fixture.ts';

const regions = { kind: 'static', name: 'region', keys: ['us', 'eu', 'ca'] } as const;

function reads(
  reader: PartitionSpace,
  upstream: PartitionSpace,
  key: string,
  mapping?: PartitionMapping,
): string {
  return formatSet(upstream, correspond(reader, upstream, mapping).upstreamOf(parseSet(reader, key)));
}

function readBy(
  reader: PartitionSpace,
  upstream: PartitionSpace,
  key: string,
  mapping?: PartitionMapping,
): string {
  return formatSet(reader, correspond(reader, upstream, mapping).readersOf(parseSet(upstream, key)));
}

function point(at: readonly number[]): PartitionSet {
  return boxSet(at.map((value) => ({ from: value, to: value + 1 })));
}

describe('what a partition reads', () => {
  const world = worldOn(2024, 3, 1);
  const day = spaceOf(world, time());
  const hour = spaceOf(world, time({ every: 'hour' }));
  const week = spaceOf(world, time({ every: 'week' }));
  const month = spaceOf(world, time({ every: 'month' }));
  const lag: PartitionMapping = {
    kind: 'dimensions',
    by: { time: { kind: 'window', from: 'time', startOffset: -1, endOffset: -1 } },
  };

  it('is the windows that its own overlaps', () => {
    expect(reads(day, hour, '2024-01-05')).toBe('2024-01-05T00:00..2024-01-05T23:00');
    expect(reads(hour, day, '2024-01-05T07:00')).toBe('2024-01-05');
    expect(reads(month, day, '2024-02')).toBe('2024-02-01..2024-02-29');
    expect(reads(day, month, '2024-02-10')).toBe('2024-02');
    expect(reads(week, day, '2024-01-08')).toBe('2024-01-08..2024-01-14');
    expect(readBy(month, week, '2024-01-29')).toBe('2024-01..2024-02');
  });

  it('is an earlier window with a lag, and nothing for the first', () => {
    expect(reads(day, day, '2024-01-05', lag)).toBe('2024-01-04');
    expect(reads(day, day, '2024-01-01', lag)).toBe('');
    expect(readBy(day, day, '2024-01-05', lag)).toBe('2024-01-06');
    expect(readBy(day, day, '2024-02-29', lag)).toBe('');
  });

  it('is in another zone two days, and on the day of a clock change 23 hours', () => {
    const berlin = spaceOf(world, time({ zone: 'Europe/Berlin' }));
    expect(reads(berlin, day, '2024-01-05')).toBe('2024-01-04..2024-01-05');
    const late = worldOn(2024, 5, 1);
    const berlinHours = spaceOf(late, time({ zone: 'Europe/Berlin', every: 'hour' }));
    const berlinDays = spaceOf(late, time({ zone: 'Europe/Berlin' }));
    const spring = correspond(berlinDays, berlinHours).upstreamOf(parseSet(berlinDays, '2024-03-31'));
    expect([...pointsOf(spring)]).toHaveLength(23);
  });

  it('is everything of a dimension that the reader does not have', () => {
    const both = spaceOf(world, time(), regions);
    expect(reads(day, both, '2024-01-05')).toBe('2024-01-05|us..ca');
    expect(readBy(day, both, '2024-01-05|eu')).toBe('2024-01-05');
    expect(reads(both, day, '2024-01-05|eu')).toBe('2024-01-05');
    expect(readBy(both, day, '2024-01-05')).toBe('2024-01-05|us..ca');
    expect(reads(both, day, '2024-01-05|eu', { kind: 'all' })).toBe('2024-01-01..2024-02-29');
  });

  it('follows a table, and the latest', () => {
    const country = spaceOf(world, { kind: 'static', name: 'country', keys: ['usa', 'mexico', 'france'] });
    const region = spaceOf(world, regions);
    const table: PartitionMapping = {
      kind: 'dimensions',
      by: { country: { kind: 'table', from: 'region', keys: { us: ['usa', 'mexico'], eu: ['france'] } } },
    };
    expect(reads(region, country, 'us', table)).toBe('usa..mexico');
    expect(reads(region, country, 'ca', table)).toBe('');
    expect(readBy(region, country, 'france', table)).toBe('eu');
    const latest: PartitionMapping = { kind: 'dimensions', by: { time: { kind: 'latest' } } };
    expect(reads(region, day, 'us', latest)).toBe('2024-02-29');
    expect(readBy(region, day, '2024-02-28', latest)).toBe('');
    expect(readBy(region, day, '2024-02-29', latest)).toBe('us..ca');
  });

  it('cannot follow dimensions that are not there', () => {
    const wrong = (mapping: PartitionMapping): (() => void) => {
      return () => checkMapping(day, spaceOf(world, regions), mapping);
    };
    const invalid = expect.objectContaining({ code: 'partition_mapping_invalid' }) as Error;
    expect(wrong({ kind: 'dimensions', by: { nowhere: { kind: 'all' } } })).toThrow(invalid);
    expect(wrong({ kind: 'dimensions', by: { region: { kind: 'identity', from: 'nowhere' } } })).toThrow(
      invalid,
    );
    const window = { kind: 'window', from: 'time', startOffset: 0, endOffset: 0 } as const;
    expect(wrong({ kind: 'dimensions', by: { region: window } })).toThrow(invalid);
    const crossed = { ...window, startOffset: 1 };
    expect(() => checkMapping(day, day, { kind: 'dimensions', by: { time: crossed } })).toThrow(invalid);
  });

  const lengths = fc.constantFrom<WindowLength>('day', 'week', 'month', { cron: '0 5,17 * * *' });
  const times: fc.Arbitrary<TimeDimension> = fc
    .record({
      every: lengths,
      zone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
      start: fc.constantFrom('2024-01-01', '2024-01-17', '2024-02-01'),
    })
    .map((more) => time(more));
  const mappings: fc.Arbitrary<PartitionMapping | undefined> = fc.oneof(
    fc.constant(undefined),
    fc.constant({ kind: 'all' } as const),
    fc.tuple(fc.integer({ min: -3, max: 1 }), fc.nat(3)).map(([startOffset, length]): PartitionMapping => {
      const window = { kind: 'window', from: 'time', startOffset, endOffset: startOffset + length } as const;
      return { kind: 'dimensions', by: { time: window, region: { kind: 'identity', from: 'region' } } };
    }),
    fc.constant<PartitionMapping>({
      kind: 'dimensions',
      by: {
        time: { kind: 'latest' },
        region: { kind: 'table', from: 'region', keys: { us: ['us', 'eu'], ca: ['us'] } },
      },
    }),
  );

  it('is read by it: both directions are one relation, and sets map as their members', () => {
    fc.assert(
      fc.property(times, times, mappings, (downTime, upTime, mapping) => {
        const reader = spaceOf(world, downTime, regions);
        const upstream = spaceOf(world, upTime, regions);
        const relation = correspond(reader, upstream, mapping);
        const downs = [...pointsOf(reader.everything)];
        const ups = [...pointsOf(upstream.everything)];
        const read = new Map(downs.map((down) => [down, relation.upstreamOf(point(down))]));
        for (const up of ups.filter((_, index) => index % 5 === 0)) {
          const readers = relation.readersOf(point(up));
          for (const down of downs) {
            const set = read.get(down);
            const seen = `${keyOfPoint(reader, down)} reads ${keyOfPoint(upstream, up)}`;
            expect([seen, set && contains(set, up)]).toEqual([seen, contains(readers, down)]);
          }
        }
        const whole = relation.upstreamOf(reader.everything);
        const together = new Set(downs.flatMap((down) => [...pointsOf(read.get(down) ?? whole)].map(String)));
        expect(new Set([...pointsOf(whole)].map(String))).toEqual(together);
      }),
      { numRuns: 60 },
    );
  });
});
