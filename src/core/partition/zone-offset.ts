import { ConfigError } from '../errors.ts';
import { daysOf } from '../civil-date.ts';
import { dayMs } from './calendar.ts';

/** Clocks change at quarters of an hour only, since 1970. */
const quarterMs = 900_000;
/** No zone has changed its clocks twice within so long: where the offset is the same at both ends, it is in between. */
const stretchMs = 5 * dayMs;
const offsetsKept = 20_000;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** By instant. */
  readonly known: Map<number, number>;
}

const zones = new Map<string, Zone>();

/** What clocks of an IANA zone are ahead of UTC, in milliseconds. Throws a `ConfigError` with code `time_zone_unknown`. */
export function zoneOffsetMs(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const found = findZone(zone);
  const start = Math.floor(atMs / stretchMs) * stretchMs;
  const before = knownOffset(found, start);
  if (before === knownOffset(found, start + stretchMs)) return before;
  return knownOffset(found, Math.floor(atMs / quarterMs) * quarterMs);
}

function knownOffset({ format, known }: Zone, atMs: number): number {
  const found = known.get(atMs);
  if (found !== undefined) return found;
  if (known.size >= offsetsKept) known.clear();
  const offset = readOffset(format, atMs);
  known.set(atMs, offset);
  return offset;
}

function findZone(name: string): Zone {
  const found = zones.get(name);
  if (found) return found;
  const zone = { format: openFormat(name), known: new Map<number, number>() };
  zones.set(name, zone);
  return zone;
}

function openFormat(zone: string): Intl.DateTimeFormat {
  const numeric = 'numeric' as const;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
  } catch {
    throw new ConfigError(`There is no time zone "${zone}"`, {
      code: 'time_zone_unknown',
      next: 'Write an IANA name, such as Europe/Berlin or UTC.',
    });
  }
}

function readOffset(format: Intl.DateTimeFormat, atMs: number): number {
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const days = daysOf({ year: part('year'), month: part('month'), day: part('day') });
  const inDay = (part('hour') * 60 + part('minute')) * 60 + part('second');
  return days * dayMs + inDay * 1000 - atMs;
}
