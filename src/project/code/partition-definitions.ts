import type {
  DimensionDefinition,
  DimensionMapping,
  PartitionMapping,
  TimeDimension,
  WindowLength,
} from '../../core/partitions.ts';

/** A partition of a time dimension: from `start` up to, not including, `end`. */
export interface TimePartition {
  /** Such as `2024-01-31`. */
  readonly key: string;
  readonly start: Date;
  readonly end: Date;
}

/** A partition of a dimension whose keys are listed. */
export interface KeyPartition<Key extends string = string> {
  readonly key: Key;
}

/** A partition of several dimensions: each by its name, and the keys of all in `key`. */
export type MultiPartition<Dimensions extends Readonly<Record<string, TimePartition | KeyPartition>>> = {
  readonly key: string;
} & { readonly [Name in keyof Dimensions]: Dimensions[Name] };

declare const partitionType: unique symbol;

/** How something is cut into partitions. `Partition` is what its function is given, `Name` the dimensions' names. */
export interface Partitions<Partition, Name extends string> {
  readonly dimensions: readonly DimensionDefinition[];
  readonly [partitionType]?: { readonly partition: Partition; readonly name: Name };
}

export interface TimeOptions {
  /** Local time of the first window, such as `2024-01-01`. */
  readonly start: string;
  /** Local time at which the last window ends. Default: there is no last one. */
  readonly end?: string;
  /** IANA name. Default: UTC. */
  readonly zone?: string;
  /** So many windows exist before they are over. Default 0: a window is a partition once it is over. */
  readonly endOffset?: number;
}

export function hourlyPartitions(options: TimeOptions): Partitions<TimePartition, 'time'> {
  return timePartitions('hour', options);
}

export function dailyPartitions(options: TimeOptions): Partitions<TimePartition, 'time'> {
  return timePartitions('day', options);
}

/** Weeks begin on Mondays. */
export function weeklyPartitions(options: TimeOptions): Partitions<TimePartition, 'time'> {
  return timePartitions('week', options);
}

export function monthlyPartitions(options: TimeOptions): Partitions<TimePartition, 'time'> {
  return timePartitions('month', options);
}

/** Windows from each time of a cron to the next. */
export function cronPartitions(
  options: TimeOptions & { readonly cron: string },
): Partitions<TimePartition, 'time'> {
  return timePartitions({ cron: options.cron }, options);
}

export function staticPartitions<const Key extends string>(
  keys: readonly Key[],
): Partitions<KeyPartition<Key>, 'key'> {
  return { dimensions: [{ kind: 'static', name: 'key', keys }] };
}

/** Keys that are kept in the ledger under the name `set`: see `millrace partitions add`. */
export function dynamicPartitions(set: string): Partitions<KeyPartition, 'key'> {
  return { dimensions: [{ kind: 'dynamic', name: 'key', set }] };
}

type OfDimensions<Parts> = {
  [Name in keyof Parts]: Parts[Name] extends Partitions<
    infer Partition extends TimePartition | KeyPartition,
    string
  >
    ? Partition
    : never;
};

/** Every combination of the partitions of several dimensions, each of which gets the name that it has here. */
export function multiPartitions<
  const Parts extends Readonly<
    Record<string, Partitions<TimePartition, 'time'> | Partitions<KeyPartition, 'key'>>
  >,
>(parts: Parts): Partitions<MultiPartition<OfDimensions<Parts>>, keyof Parts & string> {
  return {
    dimensions: Object.entries(parts).flatMap(([name, { dimensions }]) =>
      dimensions.map((dimension) => ({ ...dimension, name })),
    ),
  };
}

function timePartitions(
  every: WindowLength,
  { start, end, zone = 'UTC', endOffset }: TimeOptions,
): Partitions<TimePartition, 'time'> {
  const dimension: TimeDimension = {
    kind: 'time',
    name: 'time',
    every,
    zone,
    start,
    ...(end === undefined ? {} : { end }),
    ...(endOffset === undefined ? {} : { endOffset }),
  };
  return { dimensions: [dimension] };
}

declare const readerNames: unique symbol;

/** How one upstream dimension follows from the reader's dimension `Name`. */
export interface DimensionRule<Name extends string> {
  readonly mapping: DimensionMapping;
  readonly [readerNames]?: Name;
}

/** The same key as the reader's dimension. */
export function sameKey<const Name extends string>(from: Name): DimensionRule<Name> {
  return { mapping: { kind: 'identity', from } };
}

/**
 * The windows that overlap that of the reader's dimension, from the first plus `startOffset` to the last plus `endOffset`, in
 * windows of what is read: -1 and -1 is the one before, -6 and 0 the last seven.
 */
export function overlapping<const Name extends string>(
  from: Name,
  { startOffset = 0, endOffset = 0 }: { readonly startOffset?: number; readonly endOffset?: number } = {},
): DimensionRule<Name> {
  return { mapping: { kind: 'window', from, startOffset, endOffset } };
}

/** The keys that a table names for the key of the reader's dimension. */
export function byTable<const Name extends string>(
  from: Name,
  keys: Readonly<Record<string, readonly string[]>>,
): DimensionRule<Name> {
  return { mapping: { kind: 'table', from, keys } };
}

/** The newest partition of the dimension. */
export function latestOnly(): DimensionRule<never> {
  return { mapping: { kind: 'latest' } };
}

/** Something that is read, with how its partitions follow from those of the reader, whose dimensions are `Name`. */
export interface Reading<Name extends string> {
  readonly key: string;
  readonly mapping: PartitionMapping;
  readonly [readerNames]?: Name;
}

/** What can be named as read: anything with a key, whose partitions have the dimensions `Name`. */
interface Readable<Name extends string> {
  readonly key: string;
  readonly partitions?: Partitions<unknown, Name> | undefined;
}

/** Reads all partitions, whichever of the reader's is made. */
export function allOf(asset: string | Readable<string>): Reading<never> {
  return { key: typeof asset === 'string' ? asset : asset.key, mapping: { kind: 'all' } };
}

/** Reads by rules for the dimensions of what is read; a dimension without one is read whole. */
export function mapped<
  Upstream extends string,
  const Rules extends Readonly<Partial<Record<Upstream, DimensionRule<string>>>>,
>(
  asset: Readable<Upstream>,
  rules: Rules & Readonly<Record<Exclude<keyof Rules, Upstream>, never>>,
): Reading<NamesOf<Rules>> {
  const given = Object.entries<DimensionRule<string> | undefined>(rules);
  const by = Object.fromEntries(
    given.flatMap(([name, rule]) => (rule ? [[name, rule.mapping] as const] : [])),
  );
  return { key: asset.key, mapping: { kind: 'dimensions', by } };
}

type NamesOf<Rules> = Rules[keyof Rules] extends infer Rule
  ? Rule extends DimensionRule<infer Name>
    ? Name
    : never
  : never;

/** Reads the windows so many before the reader's, in a dimension that both call `time`. */
export function lagged(asset: Readable<'time'>, windows: number): Reading<'time'> {
  return mapped(asset, { time: overlapping('time', { startOffset: -windows, endOffset: -windows }) });
}
