import { ConfigError } from '../errors.ts';
import type { TimeDimension } from '../partitions.ts';
import { dateOf, daysOf } from '../civil-date.ts';
import {
  dateText,
  dayMs,
  hourMs,
  instantOf,
  offsetText,
  parseLocalTime,
  timeText,
  type LocalTime,
  type ZoneOffset,
} from './calendar.ts';
import { countCron } from './cron-count.ts';

/**
 * Windows of time by number. A number means the same window whatever the dimension's start: days count from 1970.
 * Milliseconds since 1970, UTC.
 */
export interface TimeGrid {
  /** Equal for dimensions whose numbers mean the same windows. */
  readonly id: string;
  startMs(index: number): number;
  /** The window that holds an instant. */
  indexAt(atMs: number): number;
  keyOf(index: number): string;
  /** From the first window that a text such as `2024-01` touches to the last; undefined for what is no time. */
  rangeOf(text: string): { readonly from: number; readonly to: number } | undefined;
}

interface LocalGrid {
  localOf(index: number): number;
  /** The last one that begins at or before a local time. */
  indexAt(localMs: number): number;
  keyOf(index: number): string;
}

export function createTimeGrid({ every, zone, start, name }: TimeDimension, offset: ZoneOffset): TimeGrid {
  if (every === 'hour') return hourGrid(zone, offset, startTime(name, start));
  if (typeof every === 'string') return zonedGrid(`${every} ${zone}`, calendarGrids[every], offset);
  const count = countCron(every.cron);
  const grid = { ...count, keyOf: (index: number) => timeText(count.localOf(index)) };
  return zonedGrid(`cron ${every.cron} ${zone}`, grid, offset);
}

/** Throws a `ConfigError` with code `partition_start_invalid`. */
export function startTime(dimension: string, text: string): LocalTime {
  const time = parseLocalTime(text);
  if (time && time.fromMs >= 0) return time;
  throw new ConfigError(`"${text}" cannot be the start or end of the partitions' dimension ${dimension}`, {
    code: 'partition_start_invalid',
    next: 'Write a local time since 1970 such as 2024-01-31 or 2024-01-31T05:00.',
  });
}

/** The instant of a local time. */
export function toInstant({ fromMs, offsetMs }: LocalTime, offset: ZoneOffset): number {
  return offsetMs === undefined ? instantOf(fromMs, offset) : fromMs - offsetMs;
}

/** Monday, 1969-12-29, is the first day of week 0. */
const firstMonday = -3;

const calendarGrids: Readonly<Record<'day' | 'week' | 'month', LocalGrid>> = {
  day: {
    localOf: (index) => index * dayMs,
    indexAt: (localMs) => Math.floor(localMs / dayMs),
    keyOf: (index) => dateText(index),
  },
  week: {
    localOf: (index) => (index * 7 + firstMonday) * dayMs,
    indexAt: (localMs) => Math.floor((Math.floor(localMs / dayMs) - firstMonday) / 7),
    keyOf: (index) => dateText(index * 7 + firstMonday),
  },
  month: {
    localOf: (index) => firstOfMonth(index) * dayMs,
    indexAt: (localMs) => {
      const { year, month } = dateOf(Math.floor(localMs / dayMs));
      return (year - 1970) * 12 + month - 1;
    },
    keyOf: (index) => dateText(firstOfMonth(index)).slice(0, 7),
  },
};

function firstOfMonth(index: number): number {
  const years = Math.floor(index / 12);
  return daysOf({ year: 1970 + years, month: index - years * 12 + 1, day: 1 });
}

function zonedGrid(id: string, local: LocalGrid, offset: ZoneOffset): TimeGrid {
  const startMs = (index: number): number => instantOf(local.localOf(index), offset);
  const indexAt = (atMs: number): number => {
    let index = local.indexAt(atMs + offset(atMs));
    while (startMs(index) > atMs) index -= 1;
    while (startMs(index + 1) <= atMs) index += 1;
    return index;
  };
  return {
    id,
    startMs,
    indexAt,
    keyOf: (index) => local.keyOf(index),
    rangeOf: rangeReader(indexAt, offset),
  };
}

/** Hours are equally long whatever clocks do: one that clocks show twice is two partitions. */
function hourGrid(zone: string, offset: ZoneOffset, start: LocalTime): TimeGrid {
  const phaseMs = (hourMs - (offset(toInstant(start, offset)) % hourMs)) % hourMs;
  const startMs = (index: number): number => index * hourMs + phaseMs;
  const indexAt = (atMs: number): number => Math.floor((atMs - phaseMs) / hourMs);
  const keyOf = (index: number): string => {
    const atMs = startMs(index);
    const localMs = atMs + offset(atMs);
    const isSecond = instantOf(localMs, offset) !== atMs;
    return isSecond ? `${timeText(localMs)}${offsetText(offset(atMs))}` : timeText(localMs);
  };
  const rangeOf = rangeReader(indexAt, offset);
  return { id: `hour ${zone} ${phaseMs / 60_000}`, startMs, indexAt, keyOf, rangeOf };
}

function rangeReader(indexAt: (atMs: number) => number, offset: ZoneOffset): TimeGrid['rangeOf'] {
  return (text) => {
    const time = parseLocalTime(text);
    if (!time) return undefined;
    const from = toInstant(time, offset);
    const to = toInstant({ ...time, fromMs: time.toMs }, offset);
    return { from: indexAt(from), to: indexAt(Math.max(to - 1, from)) + 1 };
  };
}
