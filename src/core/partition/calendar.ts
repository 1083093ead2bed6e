import { type CivilDate, dateOf, daysOf } from '../civil-date.ts';

/** What the pure arithmetic of partitions has to be told about the world. */
export interface PartitionWorld {
  /** Milliseconds since 1970, UTC. */
  readonly nowMs: number;
  /** What clocks of a zone are ahead of UTC at an instant, in milliseconds. Throws for an unknown zone. */
  zoneOffsetMs(zone: string, atMs: number): number;
  /** Keys of a dynamic dimension's list, in the order in which they were added; none is ever taken out. */
  dynamicKeys(set: string): readonly string[];
}

export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

/** What clocks of one zone are ahead of UTC at an instant, in milliseconds. */
export type ZoneOffset = (atMs: number) => number;

/** 0 is Sunday. */
export function weekdayOf(days: number): number {
  return (((days + 4) % 7) + 7) % 7;
}

/**
 * The instant at which clocks show `localMs` (milliseconds since 1970 as if they were in UTC): the first of two; for a
 * time that a clock change leaves out the first instant after the gap.
 */
export function instantOf(localMs: number, offset: ZoneOffset): number {
  const before = localMs - offset(localMs - dayMs);
  const after = localMs - offset(localMs + dayMs);
  if (before === after) return before;
  if (before + offset(before) === localMs) return before;
  if (after + offset(after) === localMs) return after;
  return changeBetween(localMs - dayMs, localMs + dayMs, offset);
}

/** The first instant with the offset of `toMs`, when there is one change of clocks in between. */
function changeBetween(fromMs: number, toMs: number, offset: ZoneOffset): number {
  const there = offset(toMs);
  let low = fromMs;
  let high = toMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle) === there) high = middle;
    else low = middle;
  }
  return high;
}

function padded(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}

/** `2024-01-31` */
export function dateText(days: number): string {
  const { year, month, day } = dateOf(days);
  return `${padded(year, 4)}-${padded(month)}-${padded(day)}`;
}

/** `2024-01-31T05:00` */
export function timeText(localMs: number): string {
  const days = Math.floor(localMs / dayMs);
  const minutes = Math.floor((localMs - days * dayMs) / 60_000);
  return `${dateText(days)}T${padded(Math.floor(minutes / 60))}:${padded(minutes % 60)}`;
}

/** `+05:30` */
export function offsetText(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  return `${offsetMs < 0 ? '-' : '+'}${padded(Math.floor(minutes / 60))}:${padded(minutes % 60)}`;
}

/** A stretch of local time that a text such as `2024`, `2024-01`, `2024-01-31` or `2024-01-31T05:00+01:00` names. */
export interface LocalTime {
  readonly fromMs: number;
  readonly toMs: number;
  /** When the text says it. */
  readonly offsetMs?: number;
}

const timePattern = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d))?([+-]\d\d:\d\d)?)?)?)?$/;

/** Undefined for what is no such text, or a date that the calendar does not have. */
export function parseLocalTime(text: string): LocalTime | undefined {
  const found = timePattern.exec(text);
  if (!found) return undefined;
  const [year = 0, month, day, hour, minute] = found
    .slice(1, 6)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  if (month === undefined) return dates({ year, month: 1, day: 1 }, { year: year + 1, month: 1, day: 1 });
  if (month < 1 || month > 12) return undefined;
  const next = month === 12 ? { year: year + 1, month: 1, day: 1 } : { year, month: month + 1, day: 1 };
  if (day === undefined) return dates({ year, month, day: 1 }, next);
  const days = daysOf({ year, month, day });
  if (day < 1 || days >= daysOf(next)) return undefined;
  if (hour === undefined) return { fromMs: days * dayMs, toMs: (days + 1) * dayMs };
  if (hour > 23 || (minute ?? 0) > 59) return undefined;
  const fromMs = days * dayMs + hour * hourMs + (minute ?? 0) * 60_000;
  const toMs = fromMs + (minute === undefined ? hourMs : 60_000);
  const offset = found[6];
  return offset === undefined ? { fromMs, toMs } : { fromMs, toMs, offsetMs: parseOffset(offset) };
}

function dates(from: CivilDate, to: CivilDate): LocalTime {
  return { fromMs: daysOf(from) * dayMs, toMs: daysOf(to) * dayMs };
}

function parseOffset(text: string): number {
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}
