/**
 * A set of partitions as stretches of numbers in each dimension; nothing in it grows with the number of partitions that lie
 * side by side. Equal sets have equal slabs: those of a set are in order, do not touch when what is in them is equal, and
 * are never empty.
 */
export interface PartitionSet {
  /** At least 1. */
  readonly dimensions: number;
  readonly slabs: readonly Slab[];
}

/** The numbers from `from` up to, not including, `to` of a dimension, each with `rest` in the dimensions after it. */
export interface Slab {
  readonly from: number;
  readonly to: number;
  /** Empty in the last dimension. */
  readonly rest: readonly Slab[];
}

/** A stretch in every dimension. */
export type Box = readonly Interval[];

export interface Interval {
  readonly from: number;
  readonly to: number;
}

export function emptySet(dimensions: number): PartitionSet {
  return { dimensions, slabs: [] };
}

export function boxSet(box: Box): PartitionSet {
  if (box.some(({ from, to }) => to <= from)) return emptySet(box.length);
  const slabs = box.reduceRight<readonly Slab[]>((rest, { from, to }) => [{ from, to, rest }], []);
  return { dimensions: box.length, slabs };
}

export function union(a: PartitionSet, b: PartitionSet): PartitionSet {
  return combine(a, b, { onlyA: true, both: true, onlyB: true });
}

/** Of many: in the order of their number times its logarithm. */
export function unionAll(dimensions: number, sets: readonly PartitionSet[]): PartitionSet {
  let level = sets;
  while (level.length > 1) {
    const next: PartitionSet[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [a, b] = [level[index], level[index + 1]];
      if (a) next.push(b ? union(a, b) : a);
    }
    level = next;
  }
  return level[0] ?? emptySet(dimensions);
}

export function intersection(a: PartitionSet, b: PartitionSet): PartitionSet {
  return combine(a, b, { onlyA: false, both: true, onlyB: false });
}

/** What is in `a` and not in `b`. */
export function difference(a: PartitionSet, b: PartitionSet): PartitionSet {
  return combine(a, b, { onlyA: true, both: false, onlyB: false });
}

export function isEmpty({ slabs }: PartitionSet): boolean {
  return slabs.length === 0;
}

export function count({ slabs }: PartitionSet): number {
  return countSlabs(slabs);
}

export function contains({ slabs }: PartitionSet, point: readonly number[]): boolean {
  let level = slabs;
  for (const value of point) {
    const slab = findSlab(level, value);
    if (!slab) return false;
    level = slab.rest;
  }
  return true;
}

/** Boxes that do not overlap and together are the set, in order. */
export function boxesOf(set: PartitionSet): readonly Box[] {
  const boxes: Box[] = [];
  const walk = (slabs: readonly Slab[], before: readonly Interval[]): void => {
    for (const { from, to, rest } of slabs) {
      const box = [...before, { from, to }];
      if (rest.length === 0) boxes.push(box);
      else walk(rest, box);
    }
  };
  walk(set.slabs, []);
  return boxes;
}

/** In order of the first dimension, then of the second, and so on. */
export function* pointsOf(set: PartitionSet): Generator<readonly number[]> {
  yield* pointsBelow(set.slabs, []);
}

/** The first partitions in order, at most so many. */
export function firstOf(set: PartitionSet, limit: number): PartitionSet {
  const take = (slabs: readonly Slab[], room: number): readonly Slab[] => {
    const taken: Slab[] = [];
    let left = room;
    for (const { from, to, rest } of slabs) {
      if (left <= 0) break;
      const each = rest.length === 0 ? 1 : countSlabs(rest);
      const whole = Math.min(to - from, Math.floor(left / each));
      if (whole > 0) taken.push({ from, to: from + whole, rest });
      left -= whole * each;
      if (whole === to - from) continue;
      if (left > 0) taken.push({ from: from + whole, to: from + whole + 1, rest: take(rest, left) });
      left = 0;
    }
    return taken;
  };
  return { dimensions: set.dimensions, slabs: take(set.slabs, limit) };
}

interface Keep {
  readonly onlyA: boolean;
  readonly both: boolean;
  readonly onlyB: boolean;
}

function combine(a: PartitionSet, b: PartitionSet, keep: Keep): PartitionSet {
  return { dimensions: a.dimensions, slabs: combineSlabs(a.slabs, b.slabs, a.dimensions, keep) };
}

/** Goes along the ends of both lists' slabs. */
function combineSlabs(a: readonly Slab[], b: readonly Slab[], depth: number, keep: Keep): readonly Slab[] {
  const found: Slab[] = [];
  let indexA = 0;
  let indexB = 0;
  let at = -Infinity;
  for (;;) {
    const slabA = a[indexA];
    const slabB = b[indexB];
    if (!slabA && !slabB) return found;
    at = Math.max(at, Math.min(slabA?.from ?? Infinity, slabB?.from ?? Infinity));
    const inA = slabA && slabA.from <= at ? slabA : undefined;
    const inB = slabB && slabB.from <= at ? slabB : undefined;
    const to = Math.min(inA?.to ?? slabA?.from ?? Infinity, inB?.to ?? slabB?.from ?? Infinity);
    append(found, at, to, combineRests(inA, inB, depth, keep));
    at = to;
    if (slabA && slabA.to <= to) indexA += 1;
    if (slabB && slabB.to <= to) indexB += 1;
  }
}

/** What is kept of one stretch; undefined when that is nothing. */
function combineRests(
  a: Slab | undefined,
  b: Slab | undefined,
  depth: number,
  keep: Keep,
): readonly Slab[] | undefined {
  if (!a || !b) return (a ? keep.onlyA : b !== undefined && keep.onlyB) ? (a ?? b)?.rest : undefined;
  if (depth === 1) return keep.both ? [] : undefined;
  const rest = combineSlabs(a.rest, b.rest, depth - 1, keep);
  return rest.length === 0 ? undefined : rest;
}

function append(slabs: Slab[], from: number, to: number, rest: readonly Slab[] | undefined): void {
  if (!rest) return;
  const last = slabs.at(-1);
  if (last?.to === from && areEqual(last.rest, rest)) slabs[slabs.length - 1] = { ...last, to };
  else slabs.push({ from, to, rest });
}

function areEqual(a: readonly Slab[], b: readonly Slab[]): boolean {
  if (a === b) return true;
  return (
    a.length === b.length &&
    a.every((slab, index) => {
      const other = b[index];
      return slab.from === other?.from && slab.to === other.to && areEqual(slab.rest, other.rest);
    })
  );
}

function countSlabs(slabs: readonly Slab[]): number {
  let total = 0;
  for (const { from, to, rest } of slabs) total += (to - from) * (rest.length === 0 ? 1 : countSlabs(rest));
  return total;
}

function findSlab(slabs: readonly Slab[], value: number): Slab | undefined {
  let low = 0;
  let high = slabs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const slab = slabs[middle];
    if (!slab) return undefined;
    if (value < slab.from) high = middle - 1;
    else if (value >= slab.to) low = middle + 1;
    else return slab;
  }
  return undefined;
}

function* pointsBelow(slabs: readonly Slab[], before: readonly number[]): Generator<readonly number[]> {
  for (const { from, to, rest } of slabs) {
    for (let value = from; value < to; value += 1) {
      const point = [...before, value];
      if (rest.length === 0) yield point;
      else yield* pointsBelow(rest, point);
    }
  }
}
