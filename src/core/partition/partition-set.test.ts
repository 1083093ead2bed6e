import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boxesOf,
  boxSet,
  contains,
  count,
  difference,
  emptySet,
  firstOf,
  intersection,
  pointsOf,
  union,
  unionAll,
  type PartitionSet,
} from './partition-set.ts';

const interval = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }))
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

function sets(dimensions: number): fc.Arbitrary<PartitionSet> {
  return fc
    .array(fc.array(interval, { minLength: dimensions, maxLength: dimensions }), { maxLength: 6 })
    .map((boxes) =>
      unionAll(
        dimensions,
        boxes.map((box) => boxSet(box)),
      ),
    );
}

const pairs = fc
  .integer({ min: 1, max: 3 })
  .chain((dimensions) => fc.tuple(sets(dimensions), sets(dimensions)));

/** What the set holds, by listing it. */
function listed(set: PartitionSet): ReadonlySet<string> {
  return new Set([...pointsOf(set)].map((point) => point.join(',')));
}

describe('sets of partitions', () => {
  it('agree with lists of their members', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const [inA, inB] = [listed(a), listed(b)];
        expect(listed(union(a, b))).toEqual(inA.union(inB));
        expect(listed(intersection(a, b))).toEqual(inA.intersection(inB));
        expect(listed(difference(a, b))).toEqual(inA.difference(inB));
        expect(count(a)).toBe(inA.size);
      }),
    );
  });

  it('are written in one way only, whatever they were made of', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const oneByOne = unionAll(
          a.dimensions,
          [...pointsOf(a)].toReversed().map((point) => boxSet(point.map((at) => ({ from: at, to: at + 1 })))),
        );
        expect(oneByOne).toEqual(a);
        expect(union(difference(a, b), intersection(a, b))).toEqual(a);
        expect(difference(a, a)).toEqual(emptySet(a.dimensions));
        expect(
          unionAll(
            a.dimensions,
            boxesOf(a).map((box) => boxSet(box)),
          ),
        ).toEqual(a);
      }),
    );
  });

  it('list their members in order, and know them', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const points = [...pointsOf(a)];
        const sorted = points.toSorted(
          (x, y) => x.map((at, index) => at - (y[index] ?? 0)).find((d) => d !== 0) ?? 0,
        );
        expect(points).toEqual(sorted);
        const inB = listed(b);
        for (const point of points) expect(contains(b, point)).toBe(inB.has(point.join(',')));
      }),
    );
  });

  it('give their first members', () => {
    fc.assert(
      fc.property(pairs, fc.nat(60), ([a], limit) => {
        const expected = [...pointsOf(a)].slice(0, limit);
        expect([...pointsOf(firstOf(a, limit))]).toEqual(expected);
      }),
    );
  });

  it('of a hundred million partitions take no more than their boxes', () => {
    const all = boxSet([
      { from: 0, to: 10_000 },
      { from: 0, to: 10_000 },
    ]);
    const rest = difference(
      all,
      boxSet([
        { from: 5000, to: 5001 },
        { from: 7, to: 8 },
      ]),
    );
    expect(count(rest)).toBe(99_999_999);
    expect(boxesOf(rest)).toHaveLength(4);
  });
});
