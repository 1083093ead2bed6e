import { ConfigError } from '../errors.ts';
import type {
  PartitionRange,
  PartitionsDefinition,
  PartitionValue,
  StepPartitions,
  TimeWindow,
} from '../partitions.ts';
import { checkDimension, createAxis, unknownKey, type Axis } from './axis.ts';
import type { PartitionWorld } from './calendar.ts';
import {
  boxesOf,
  boxSet,
  count,
  intersection,
  unionAll,
  type Box,
  type Interval,
  type PartitionSet,
} from './partition-set.ts';

/** The partitions that a definition has now. */
export interface PartitionSpace {
  readonly axes: readonly Axis[];
  readonly everything: PartitionSet;
  /** Which axis the ledger keeps as stretches; the others are told by their keys. */
  readonly lineAxis: number | undefined;
}

export function openSpace({ dimensions }: PartitionsDefinition, world: PartitionWorld): PartitionSpace {
  const axes = dimensions.map((dimension) => createAxis(dimension, world));
  const times = axes.findIndex((axis) => axis.grid);
  const lines = axes.findIndex((axis) => axis.line !== undefined);
  const line = times >= 0 ? times : lines;
  return { axes, everything: boxSet(axes), lineAxis: line >= 0 ? line : undefined };
}

/** Throws a `ConfigError` for dimensions without partitions, with the same name, or with what cannot be counted. */
export function checkPartitions(definition: PartitionsDefinition, world: PartitionWorld): void {
  const { dimensions, partitionsPerStep = 1 } = definition;
  const names = dimensions.map(({ name }) => name);
  const bad =
    dimensions.length === 0
      ? 'Partitions need a dimension'
      : new Set(names).size < names.length
        ? `The dimensions ${names.join(', ')} need different names`
        : partitionsPerStep !== 'all' && !(Number.isInteger(partitionsPerStep) && partitionsPerStep >= 1)
          ? `partitionsPerStep is ${partitionsPerStep}, which is neither a whole number above 0 nor "all"`
          : undefined;
  if (bad !== undefined) throw new ConfigError(bad, { code: 'partitions_invalid' });
  for (const name of names) {
    if (!/^[\p{L}\p{N}_]+$/u.test(name)) {
      throw new ConfigError(`"${name}" cannot be the name of a dimension`, {
        code: 'partitions_invalid',
        next: 'Use letters, digits and _.',
      });
    }
  }
  for (const dimension of dimensions) checkDimension(dimension, world);
}

/** `2024-01-31|us` */
export function keyOfPoint({ axes }: PartitionSpace, point: readonly number[]): string {
  return axes.map((axis, index) => axis.keyOf(point[index] ?? 0)).join('|');
}

/** Undefined for what is no key here. */
export function pointOfKey({ axes }: PartitionSpace, key: string): readonly number[] | undefined {
  const parts = key.split('|');
  const point = axes.map((axis, index) => axis.indexOf(parts[index] ?? ''));
  return parts.length === axes.length && point.every((value) => value !== undefined) ? point : undefined;
}

/** Short, and `parseSet` reads it back: `2024-01-01..2024-01-31|us,2024-02-05|ca`. Empty for the empty set. */
export function formatSet(space: PartitionSpace, set: PartitionSet): string {
  return boxesOf(set)
    .map((box) => box.map((interval, index) => formatInterval(space.axes[index], interval)).join('|'))
    .join(',');
}

function formatInterval(axis: Axis | undefined, { from, to }: Interval): string {
  if (!axis) return '';
  return to - from === 1 ? axis.keyOf(from) : `${axis.keyOf(from)}..${axis.keyOf(to - 1)}`;
}

/**
 * Reads what somebody writes to name partitions: sets joined by `,`, each with a part for every dimension joined by `|`,
 * in order or as `name=part`; a part is a key, a time such as `2024-01` for all in it, `a..b` with both ends in it, `a..`,
 * `..b`, `latest`, or `*`. Dimensions that are not named are whole. Only what exists is in the result.
 * Throws a `ConfigError` with code `partition_unknown` or `partition_selection_invalid`.
 */
export function parseSet(space: PartitionSpace, text: string): PartitionSet {
  return intersection(readSet(space, text), space.everything);
}

/** Like `parseSet`, with what does not exist yet, or no longer, in it. */
export function readSet(space: PartitionSpace, text: string): PartitionSet {
  return unionAll(
    space.axes.length,
    text.split(',').map((part) => boxSet(parseBox(space, part.trim()))),
  );
}

function parseBox({ axes }: PartitionSpace, text: string): Box {
  const box = new Map<Axis, Interval>();
  text.split('|').forEach((part, index) => {
    const named = /^([\p{L}\p{N}_]+)=(.*)$/u.exec(part.trim());
    const axis = named ? axes.find(({ name }) => name === named[1]) : axes[index];
    if (!axis || box.has(axis)) throw badSelection(text, axes);
    box.set(axis, parseInterval(axis, (named?.[2] ?? part).trim()));
  });
  return axes.map((axis) => box.get(axis) ?? axis);
}

function parseInterval(axis: Axis, text: string): Interval {
  if (text === '*' || text === 'all') return axis;
  if (text === 'latest') return { from: axis.to - 1, to: axis.to };
  const named = (name: string): Interval => {
    const range = axis.rangeOf(name);
    if (range) return range;
    throw unknownKey(axis, name);
  };
  const dots = text.indexOf('..');
  if (dots < 0) {
    const exact = axis.indexOf(text);
    return exact === undefined ? named(text) : { from: exact, to: exact + 1 };
  }
  const first = text.slice(0, dots);
  const last = text.slice(dots + 2);
  const from = first === '' ? axis.from : exactOr(axis, first, named(first).from);
  const to = last === '' ? axis.to : exactOr(axis, last, named(last).to - 1) + 1;
  return { from, to };
}

function exactOr(axis: Axis, text: string, otherwise: number): number {
  return axis.indexOf(text) ?? otherwise;
}

function badSelection(text: string, axes: readonly Axis[]): ConfigError {
  return new ConfigError(`"${text}" does not name partitions of ${axes.map(({ name }) => name).join(', ')}`, {
    code: 'partition_selection_invalid',
    next: `Write a part for each dimension, such as ${axes.map(({ name }) => `${name}=*`).join('|')}`,
  });
}

/** The slice of a partition or box: everything that the line axis does not tell. */
function sliceText({ axes, lineAxis }: PartitionSpace, keys: readonly string[]): string {
  const line = lineAxis === undefined ? '' : (axes[lineAxis]?.line ?? '');
  return [line, ...keys].join('|');
}

/** What the ledger keeps of a set: a stretch for each combination of the keys of the axes that are no line. */
export function toRanges(space: PartitionSpace, set: PartitionSet): readonly PartitionRange[] {
  const ranges: PartitionRange[] = [];
  for (const box of boxesOf(set)) {
    const line = space.lineAxis === undefined ? { from: 0, to: 1 } : box[space.lineAxis];
    if (!line) continue;
    const keys = keysBeside(space, box, 0);
    for (const others of keys) ranges.push({ slice: sliceText(space, others), from: line.from, to: line.to });
  }
  return ranges;
}

function keysBeside(space: PartitionSpace, box: Box, index: number): readonly (readonly string[])[] {
  const axis = space.axes[index];
  if (!axis) return [[]];
  const after = keysBeside(space, box, index + 1);
  if (index === space.lineAxis) return after;
  const { from, to } = box[index] ?? axis;
  return Array.from({ length: to - from }, (_, step) => axis.keyOf(from + step)).flatMap((key) =>
    after.map((keys) => [key, ...keys]),
  );
}

/** What of the ledger's stretches means partitions that exist now. */
export function fromRanges(space: PartitionSpace, ranges: readonly PartitionRange[]): PartitionSet {
  return intersection(readRanges(space, ranges), space.everything);
}

/** The same with what does not exist yet, or no longer. Keys that are not written down any more are left out. */
export function readRanges(space: PartitionSpace, ranges: readonly PartitionRange[]): PartitionSet {
  const { axes, lineAxis } = space;
  const line = lineAxis === undefined ? '' : (axes[lineAxis]?.line ?? '');
  const sets = ranges.flatMap(({ slice, from, to }) => {
    const [written, ...keys] = slice.split('|');
    if (written !== line) return [];
    const box: Interval[] = [];
    for (const [index, axis] of axes.entries()) {
      if (index === lineAxis) {
        box.push({ from, to });
        continue;
      }
      const found = axis.indexOf(keys.shift() ?? '');
      if (found === undefined) return [];
      box.push({ from: found, to: found + 1 });
    }
    return [boxSet(box)];
  });
  return unionAll(axes.length, sets);
}

/** Partitions as a step carries them. */
export function toStepPartitions(space: PartitionSpace, set: PartitionSet): StepPartitions {
  return { text: formatSet(space, set), count: count(set), ranges: toRanges(space, set) };
}

/** Undefined for an axis that is not of time. */
export function windowOf({ grid }: Axis, { from, to }: Interval): TimeWindow | undefined {
  return grid && { startMs: grid.startMs(from), endMs: grid.startMs(to) };
}

/** What one partition is, dimension by dimension. */
export function valueOf(space: PartitionSpace, point: readonly number[]): PartitionValue {
  const dimensions = space.axes.map((axis, index) => {
    const at = point[index] ?? 0;
    return [axis.name, { key: axis.keyOf(at), ...windowOf(axis, { from: at, to: at + 1 }) }] as const;
  });
  return { key: keyOfPoint(space, point), dimensions: Object.fromEntries(dimensions) };
}
