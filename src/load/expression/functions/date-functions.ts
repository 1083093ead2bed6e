import type { JsonValue } from '../../../core/json.ts';
import { type FunctionTable, numberOf, numberOr, textOf } from './function-kind.ts';

const unitMilliseconds: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** `2026-02-03`, `2026-02-03 14:05:06`, ISO 8601, or seconds since 1970. Without a zone it is UTC. */
function dateOf(value: JsonValue | undefined): Date {
  const text = textOf(value).trim();
  const isNumber = typeof value === 'number' || /^\d{9,11}$/.test(text);
  const joined = text.replace(' ', 'T');
  const zoned = /T/.test(joined) && !/(Z|[+-]\d\d:?\d\d)$/i.test(joined) ? `${joined}Z` : joined;
  const date = new Date(isNumber ? Number(text) * 1000 : zoned);
  if (/^\d/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new RangeError(`'${text}' is not a date as ISO 8601 writes it`);
}

const shown = (date: Date): string => date.toISOString().replace('.000Z', 'Z');

const shortUnits: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day' };

function unitOf(value: JsonValue | undefined, fallback: string): string {
  const written = (textOf(value) || fallback).toLowerCase();
  const unit = shortUnits[written] ?? written.replace(/s$/, '');
  if (unitMilliseconds[unit] !== undefined || ['month', 'quarter', 'year'].includes(unit)) return unit;
  throw new RangeError(`'${textOf(value)}' is not a unit of time`);
}

function monthsOf(unit: string): number {
  return { month: 1, quarter: 3, year: 12 }[unit] ?? 0;
}

/** The last day of a shorter month stands for one that it has not. */
function moved(date: Date, amount: number, unit: string): Date {
  const milliseconds = unitMilliseconds[unit];
  if (milliseconds !== undefined) return new Date(date.getTime() + amount * milliseconds);
  const next = new Date(date);
  next.setUTCDate(1);
  next.setUTCMonth(next.getUTCMonth() + amount * monthsOf(unit));
  const last = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate();
  next.setUTCDate(Math.min(date.getUTCDate(), last));
  return next;
}

function truncated(date: Date, unit: string): Date {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (unit === 'year') return new Date(Date.UTC(year, 0));
  if (unit === 'quarter') return new Date(Date.UTC(year, month - (month % 3)));
  if (unit === 'month') return new Date(Date.UTC(year, month));
  if (unit === 'week') return new Date(Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7)));
  const milliseconds = unitMilliseconds[unit] ?? 1;
  return new Date(Math.floor(date.getTime() / milliseconds) * milliseconds);
}

function difference(later: Date, earlier: Date, unit: string): number {
  const milliseconds = unitMilliseconds[unit];
  const span = later.getTime() - earlier.getTime();
  if (milliseconds !== undefined) return Math.trunc(span / milliseconds);
  const years = later.getUTCFullYear() - earlier.getUTCFullYear();
  return Math.trunc((years * 12 + later.getUTCMonth() - earlier.getUTCMonth()) / monthsOf(unit));
}

const parts: Readonly<Record<string, (date: Date) => number>> = {
  year: (date) => date.getUTCFullYear(),
  quarter: (date) => Math.floor(date.getUTCMonth() / 3) + 1,
  month: (date) => date.getUTCMonth() + 1,
  day: (date) => date.getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
  dow: (date) => date.getUTCDay(),
  doy: (date) => Number(formats['j']?.(date)),
  epoch: (date) => Math.floor(date.getTime() / 1000),
};

const two = (number: number): string => String(number).padStart(2, '0');

const formats: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getUTCFullYear()).padStart(4, '0'),
  y: (date) => two(date.getUTCFullYear() % 100),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(date.getUTCHours() % 12 || 12),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  B: (date) => months[date.getUTCMonth()] ?? '',
  b: (date) => (months[date.getUTCMonth()] ?? '').slice(0, 3),
  A: (date) => days[date.getUTCDay()] ?? '',
  a: (date) => (days[date.getUTCDay()] ?? '').slice(0, 3),
  j: (date) => {
    const day = Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000) + 1;
    return String(day).padStart(3, '0');
  },
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  F: (date) => date.toISOString().slice(0, 10),
  T: (date) => date.toISOString().slice(11, 19),
  '%': () => '%',
};

function formatted(date: Date, format: string): string {
  return format.replaceAll(/%(.)/g, (whole, letter: string) => {
    const found = formats[letter];
    if (found) return found(date);
    throw new RangeError(
      `date_format() does not know ${whole}; it knows %${Object.keys(formats).join(' %')}`,
    );
  });
}

export const dateFunctions: FunctionTable = {
  now: () => shown(new Date()),
  date_parse: ([value]) => shown(dateOf(value)),
  date_format: ([value, format]) => formatted(dateOf(value), textOf(format) || '%Y-%m-%d'),
  date_add: ([value, amount, unit]) => shown(moved(dateOf(value), numberOf(amount), unitOf(unit, 'second'))),
  date_diff: ([later, earlier, unit]) => difference(dateOf(later), dateOf(earlier), unitOf(unit, 'day')),
  date_trunc: ([value, unit]) => shown(truncated(dateOf(value), unitOf(unit, 'day'))),
  date_first: ([value, unit]) => shown(truncated(dateOf(value), unitOf(unit, 'month'))),
  date_last: ([value, unit]) => {
    const period = unitOf(unit, 'month');
    return shown(moved(moved(truncated(dateOf(value), period), 1, period), -1, 'day'));
  },
  date_extract: ([value, part]) => {
    const found = parts[textOf(part).toLowerCase()];
    if (found) return found(dateOf(value));
    throw new RangeError(`date_extract() knows ${Object.keys(parts).join(', ')}`);
  },
  date_range: ([start, end, step]) => {
    const [, digits = '1', unit = 'day'] = /^(\d*)\s*(\w+)$/.exec(textOf(step) || '1day') ?? [];
    const amount = numberOr(digits || 1, 1);
    const period = unitOf({ d: 'day', w: 'week', m: 'month', y: 'year', h: 'hour' }[unit] ?? unit, 'day');
    const [first, last] = [dateOf(start), dateOf(end)];
    const dates: string[] = [];
    for (let index = 0; ; index += 1) {
      const date = moved(first, index * amount, period);
      if (date > last || amount === 0) return dates;
      if (dates.length === 100_000) throw new RangeError('date_range() gives 100,000 dates at most');
      dates.push(shown(date));
    }
  },
};
