import { ConfigError } from '../errors.ts';
import { didYouMean } from '../near-name.ts';
import type { DimensionDefinition, DynamicDimension, StaticDimension, TimeDimension } from '../partitions.ts';
import type { PartitionWorld } from './calendar.ts';
import type { Interval } from './partition-set.ts';
import { createTimeGrid, startTime, toInstant, type TimeGrid } from './time-grid.ts';

/** A dimension as it is now. */
export interface Axis extends Interval {
  readonly name: string;
  /** Equal for axes whose numbers mean the same keys, and go on doing so. Absent for keys that are written down. */
  readonly line?: string;
  /** For windows of time. */
  readonly grid?: TimeGrid;
  /** Numbers are those of the axis. */
  keyOf(index: number): string;
  indexOf(key: string): number | undefined;
  /** What a text of a selection names, which may reach beyond the axis; undefined when it is no name here. */
  rangeOf(text: string): Interval | undefined;
}

export function createAxis(dimension: DimensionDefinition, world: PartitionWorld): Axis {
  if (dimension.kind === 'time') return timeAxis(dimension, world);
  return dimension.kind === 'static' ? staticAxis(dimension) : dynamicAxis(dimension, world);
}

function timeAxis(dimension: TimeDimension, world: PartitionWorld): Axis {
  const { name, zone, endOffset = 0 } = dimension;
  const offset = (atMs: number): number => world.zoneOffsetMs(zone, atMs);
  const grid = createTimeGrid(dimension, offset);
  const firstMs = toInstant(startTime(name, dimension.start), offset);
  const first = grid.indexAt(firstMs);
  const from = grid.startMs(first) < firstMs ? first + 1 : first;
  const over = grid.indexAt(world.nowMs) + endOffset;
  const last =
    dimension.end === undefined
      ? over
      : Math.min(over, grid.indexAt(toInstant(startTime(name, dimension.end), offset)));
  return {
    name,
    line: grid.id,
    grid,
    from,
    to: Math.max(last, from),
    keyOf: (index) => grid.keyOf(index),
    indexOf: (key) => {
      const range = grid.rangeOf(key);
      if (!range) return undefined;
      for (const index of [range.from, range.to - 1]) if (grid.keyOf(index) === key) return index;
      return undefined;
    },
    rangeOf: (text) => grid.rangeOf(text),
  };
}

function staticAxis({ name, keys }: StaticDimension): Axis {
  return { name, from: 0, to: keys.length, ...listed(keys) };
}

function dynamicAxis({ name, set }: DynamicDimension, world: PartitionWorld): Axis {
  const keys = world.dynamicKeys(set);
  return { name, line: `dynamic ${set}`, from: 0, to: keys.length, ...listed(keys) };
}

function listed(keys: readonly string[]): Pick<Axis, 'keyOf' | 'indexOf' | 'rangeOf'> {
  const indexes = new Map(keys.map((key, index) => [key, index]));
  return {
    keyOf: (index) => keys[index] ?? '',
    indexOf: (key) => indexes.get(key),
    rangeOf: (text) => {
      const index = indexes.get(text);
      return index === undefined ? undefined : { from: index, to: index + 1 };
    },
  };
}

/** Throws a `ConfigError` with code `partition_key_invalid` for a text that cannot be a key of a list. */
export function requirePartitionKey(key: string): void {
  if (key !== '' && key.trim() === key && !/[|,=*@\n]|\.\./.test(key) && !['all', 'latest'].includes(key))
    return;
  throw new ConfigError(`"${key}" cannot be the key of a partition`, {
    code: 'partition_key_invalid',
    next: 'Use no | , = * @ or .. in it, nor spaces around it, and neither "all" nor "latest".',
  });
}

/** Throws a `ConfigError` for a dimension that cannot be counted. */
export function checkDimension(dimension: DimensionDefinition, world: PartitionWorld): void {
  if (dimension.kind === 'static') {
    for (const key of dimension.keys) requirePartitionKey(key);
    const twice = dimension.keys.find((key, index) => dimension.keys.indexOf(key) !== index);
    if (twice !== undefined || dimension.keys.length === 0) {
      throw new ConfigError(
        twice === undefined
          ? `The dimension ${dimension.name} has no keys`
          : `The dimension ${dimension.name} has the key "${twice}" twice`,
        { code: 'partition_keys_invalid' },
      );
    }
  }
  createAxis(dimension, world);
}

/** For a text that names nothing on an axis. */
export function unknownKey(axis: Axis, text: string): ConfigError {
  const isEmpty = axis.to <= axis.from;
  const range = isEmpty ? '' : `${axis.keyOf(axis.from)} to ${axis.keyOf(axis.to - 1)}`;
  const near =
    axis.grid || axis.to - axis.from > 10_000
      ? undefined
      : didYouMean(
          text,
          Array.from({ length: axis.to - axis.from }, (_, index) => axis.keyOf(axis.from + index)),
        );
  return new ConfigError(`"${text}" is no partition of the dimension ${axis.name}`, {
    code: 'partition_unknown',
    state: isEmpty ? 'It has no partitions yet.' : `Its partitions are ${range}.`,
    ...(near === undefined ? {} : { next: near }),
  });
}
