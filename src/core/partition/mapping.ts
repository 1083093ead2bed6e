import { ConfigError } from '../errors.ts';
import type { DimensionMapping, PartitionMapping } from '../partitions.ts';
import type { Axis } from './axis.ts';
import {
  boxesOf,
  boxSet,
  emptySet,
  intersection,
  isEmpty,
  unionAll,
  type Interval,
  type PartitionSet,
} from './partition-set.ts';
import type { PartitionSpace } from './partition-space.ts';

/** Which partitions of an upstream the partitions of its reader read. It is one relation, looked at from both sides. */
export interface Correspondence {
  /** What the reader's partitions read, of what exists. */
  upstreamOf(reading: PartitionSet): PartitionSet;
  /** The reader's partitions, of those that exist, that read any of these. */
  readersOf(upstream: PartitionSet): PartitionSet;
}

/** The part of a correspondence between one dimension of the reader and one of the upstream. */
interface Link {
  readonly from: number;
  backward(range: Interval): readonly Interval[];
  forward(range: Interval): readonly Interval[];
}

/**
 * Without a mapping, a dimension is read by the reader's of the same name, else the only time dimension by the reader's
 * only one: windows by those that overlap them, other keys by the same key. What is left is read whole.
 */
export function correspond(
  reader: PartitionSpace,
  upstream: PartitionSpace,
  mapping?: PartitionMapping,
): Correspondence {
  const sources = upstream.axes.map((axis) => linkOf(reader, upstream, axis, mapping));
  return {
    upstreamOf: (reading) => {
      const images = boxesOf(intersection(reading, reader.everything)).map((box) => {
        const sides = upstream.axes.map((axis, index) => {
          const source = sources[index];
          if (source === undefined) return [axis];
          return 'only' in source ? [source.only] : source.backward(box[source.from] ?? axis);
        });
        return product(upstream, sides);
      });
      return unionAll(upstream.axes.length, images);
    },
    readersOf: (changed) => {
      const images = boxesOf(intersection(changed, upstream.everything)).map((box) => {
        const sides: (readonly Interval[])[] = reader.axes.map((axis) => [axis]);
        for (const [index, source] of sources.entries()) {
          const interval = box[index];
          if (source === undefined || !interval) continue;
          if ('only' in source) {
            const isRead = interval.from <= source.only.from && source.only.to <= interval.to;
            if (!isRead) return emptySet(reader.axes.length);
          } else {
            const other = sides[source.from] ?? [];
            sides[source.from] = meet(other, source.forward(interval));
          }
        }
        return product(reader, sides);
      });
      return unionAll(reader.axes.length, images);
    },
  };
}

/** Throws a `ConfigError` with code `partition_mapping_invalid` for names of dimensions or keys that are not there. */
export function checkMapping(
  reader: PartitionSpace,
  upstream: PartitionSpace,
  mapping: PartitionMapping,
): void {
  if (mapping.kind === 'all') return;
  for (const name of Object.keys(mapping.by)) {
    if (!upstream.axes.some((axis) => axis.name === name)) throw noDimension(upstream, name, 'upstream');
  }
  for (const axis of upstream.axes) linkOf(reader, upstream, axis, mapping);
}

/** Undefined when the dimension is read whole. */
function linkOf(
  reader: PartitionSpace,
  upstream: PartitionSpace,
  axis: Axis,
  mapping: PartitionMapping | undefined,
): Link | { readonly only: Interval } | undefined {
  if (mapping?.kind === 'all') return undefined;
  const found = mapping ? mapping.by[axis.name] : usualMapping(reader, upstream, axis);
  if (!found || found.kind === 'all') return undefined;
  if (found.kind === 'latest') return { only: { from: axis.to - 1, to: axis.to } };
  const from = reader.axes.findIndex(({ name }) => name === found.from);
  const source = reader.axes[from];
  if (!source) throw noDimension(reader, found.from, 'reading');
  if (found.kind === 'identity') return { from, ...identity(source, axis) };
  if (found.kind === 'table') return { from, ...table(source, axis, found.keys) };
  return { from, ...windows(source, axis, found) };
}

function usualMapping(
  reader: PartitionSpace,
  upstream: PartitionSpace,
  axis: Axis,
): DimensionMapping | undefined {
  const times = reader.axes.filter(({ grid }) => grid);
  const isOnlyTime = axis.grid && times.length === 1 && upstream.axes.filter(({ grid }) => grid).length === 1;
  const named = reader.axes.find(({ name, grid }) => name === axis.name && (grid === undefined) === (axis.grid === undefined)); // prettier-ignore
  const source = named ?? (isOnlyTime ? times[0] : undefined);
  if (!source) return undefined;
  return axis.grid
    ? { kind: 'window', from: source.name, startOffset: 0, endOffset: 0 }
    : { kind: 'identity', from: source.name };
}

type Images = Pick<Link, 'backward' | 'forward'>;

function identity(reader: Axis, upstream: Axis): Images {
  if (reader.line !== undefined && reader.line === upstream.line) {
    return { backward: (range) => [range], forward: (range) => [range] };
  }
  const image =
    (from: Axis, to: Axis) =>
    (range: Interval): readonly Interval[] =>
      eachOf(from, range).flatMap((index) => one(to.indexOf(from.keyOf(index))));
  return { backward: image(reader, upstream), forward: image(upstream, reader) };
}

function table(reader: Axis, upstream: Axis, keys: Readonly<Record<string, readonly string[]>>): Images {
  const pairs = Object.entries(keys).flatMap(([key, names]) => {
    const down = reader.indexOf(key);
    return down === undefined ? [] : names.map((name) => [down, upstream.indexOf(name)] as const);
  });
  const within = (value: number | undefined, { from, to }: Interval): boolean =>
    value !== undefined && value >= from && value < to;
  return {
    backward: (range) => pairs.flatMap(([down, up]) => (within(down, range) ? one(up) : [])),
    forward: (range) => pairs.flatMap(([down, up]) => (within(up, range) ? one(down) : [])),
  };
}

/**
 * A reader's window reads the upstream windows that it overlaps, from the first plus `startOffset` to the last plus
 * `endOffset`. Both ends grow with the window, so the image of a stretch is a stretch.
 */
function windows(
  reader: Axis,
  upstream: Axis,
  { startOffset, endOffset }: { readonly startOffset: number; readonly endOffset: number },
): Images {
  const down = reader.grid;
  const up = upstream.grid;
  if (!down || !up) throw notTime(down ? upstream : reader);
  if (startOffset > endOffset) throw crossedOffsets(startOffset, endOffset);
  return {
    backward: ({ from, to }) => {
      const lastMs = Math.max(down.startMs(to) - 1, down.startMs(to - 1));
      return [{ from: up.indexAt(down.startMs(from)) + startOffset, to: up.indexAt(lastMs) + 1 + endOffset }];
    },
    forward: ({ from, to }) => {
      const endMs = up.startMs(to - startOffset);
      const last = down.indexAt(endMs);
      return [
        {
          from: down.indexAt(up.startMs(from - endOffset)),
          to: down.startMs(last) < endMs ? last + 1 : last,
        },
      ];
    },
  };
}

function eachOf(axis: Axis, range: Interval): readonly number[] {
  const from = Math.max(range.from, axis.from);
  return Array.from({ length: Math.max(0, Math.min(range.to, axis.to) - from) }, (_, step) => from + step);
}

function one(index: number | undefined): readonly Interval[] {
  return index === undefined ? [] : [{ from: index, to: index + 1 }];
}

function product(space: PartitionSpace, sides: readonly (readonly Interval[])[]): PartitionSet {
  const sets = sides.reduce<readonly (readonly Interval[])[]>(
    (boxes, side) => boxes.flatMap((box) => side.map((interval) => [...box, interval])),
    [[]],
  );
  return intersection(
    unionAll(
      space.axes.length,
      sets.map((box) => boxSet(box)),
    ),
    space.everything,
  );
}

/** What is in both lists of intervals. */
function meet(a: readonly Interval[], b: readonly Interval[]): readonly Interval[] {
  const set = (side: readonly Interval[]): PartitionSet =>
    unionAll(
      1,
      side.map((interval) => boxSet([interval])),
    );
  const both = intersection(set(a), set(b));
  return isEmpty(both) ? [] : both.slabs;
}

function noDimension({ axes }: PartitionSpace, name: string, whose: string): ConfigError {
  const names = axes.map((axis) => axis.name).join(', ');
  return new ConfigError(`A partition mapping names the dimension "${name}" of the ${whose} asset`, {
    code: 'partition_mapping_invalid',
    state: `Its dimensions are ${names}.`,
    next: 'Name one of them.',
  });
}

function notTime(axis: Axis): ConfigError {
  return new ConfigError(`The dimension ${axis.name} is not of time, so its windows cannot be mapped`, {
    code: 'partition_mapping_invalid',
    next: 'Map it by identity, a table, or whole.',
  });
}

function crossedOffsets(startOffset: number, endOffset: number): ConfigError {
  return new ConfigError(`The mapping of windows begins at ${startOffset}, after its end at ${endOffset}`, {
    code: 'partition_mapping_invalid',
    next: 'Give startOffset a value of at most that of endOffset; a lag of one window is -1 and -1.',
  });
}
