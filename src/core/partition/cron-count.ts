import { ConfigError } from '../errors.ts';
import { dateOf, daysOf } from '../civil-date.ts';
import { dayMs, weekdayOf } from './calendar.ts';

/** The local times of a cron, which can be counted without going through them. Number 0 is the first since 1970. */
export interface CronCount {
  /** Local milliseconds since 1970. */
  localOf(index: number): number;
  /** The last one at or before a local time. */
  indexAt(localMs: number): number;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
};
const lastDay = daysOf({ year: 2500, month: 1, day: 1 });

/**
 * Reads five fields of numbers, names, `*`, lists, ranges and steps; a day fits when it fits the day of the month or the
 * weekday, if both are given. Throws a `ConfigError` with code `cron_invalid`.
 */
export function countCron(cron: string): CronCount {
  const fields = (nicknames[cron.trim()] ?? cron).trim().toLowerCase().split(/\s+/);
  const [minute, hour, day, month, weekday] = fields;
  if (fields.length !== 5 || !minute || !hour || !day || !month || !weekday) {
    throw invalid(cron, 'it has not five fields');
  }
  const minutes = parseField(cron, minute, 0, 59);
  const hours = parseField(cron, hour, 0, 23);
  const timesOfDay = hours.flatMap((h) => minutes.map((m) => (h * 60 + m) * 60_000));
  const days = new Set(parseField(cron, day, 1, 31));
  const inMonths = new Set(parseField(cron, month, 1, 12, months, 1));
  const onWeekdays = new Set(parseField(cron, weekday, 0, 7, weekdays).map((value) => value % 7));
  const isEither = !day.startsWith('*') && !weekday.startsWith('*');
  const fits = (dayNumber: number): boolean => {
    const date = dateOf(dayNumber);
    if (!inMonths.has(date.month)) return false;
    const fitsDay = days.has(date.day);
    const fitsWeekday = onWeekdays.has(weekdayOf(dayNumber));
    return isEither ? fitsDay || fitsWeekday : fitsDay && fitsWeekday;
  };
  const counter = countDays(fits);
  if (counter.before(daysOf({ year: 2000, month: 1, day: 1 })) === 0)
    throw invalid(cron, 'it never comes true');
  return {
    localOf: (index) => {
      const rank = Math.floor(index / timesOfDay.length);
      return counter.nth(rank) * dayMs + (timesOfDay[index - rank * timesOfDay.length] ?? 0);
    },
    indexAt: (localMs) => {
      const dayNumber = Math.floor(localMs / dayMs);
      if (dayNumber < 0) return -1;
      const before = counter.before(dayNumber) * timesOfDay.length;
      if (!fits(dayNumber)) return before - 1;
      const inDay = localMs - dayNumber * dayMs;
      return before + timesOfDay.filter((time) => time <= inDay).length - 1;
    },
  };
}

interface DayCounter {
  /** Fitting days from 1970 up to, not including, this one. */
  before(day: number): number;
  nth(rank: number): number;
}

function countDays(fits: (day: number) => boolean): DayCounter {
  const fitting: number[] = [];
  let known = 0;
  const learn = (isEnough: () => boolean): void => {
    for (; !isEnough() && known < lastDay; known += 1) if (fits(known)) fitting.push(known);
  };
  return {
    before: (day) => {
      learn(() => known >= day);
      let low = 0;
      let high = fitting.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((fitting[middle] ?? 0) < day) low = middle + 1;
        else high = middle;
      }
      return low;
    },
    nth: (rank) => {
      learn(() => fitting.length > rank);
      return fitting[rank] ?? lastDay;
    },
  };
}

function parseField(
  cron: string,
  text: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  firstName = 0,
): readonly number[] {
  const values = new Set<number>();
  const number = (part: string): number => {
    const named = names.indexOf(part);
    const value = named >= 0 ? named + firstName : /^\d+$/.test(part) ? Number(part) : NaN;
    if (value >= least && value <= most) return value;
    throw invalid(cron, `"${part}" is not from ${least} to ${most}`);
  };
  for (const part of text.split(',')) {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const first = range === '*' ? least : number(from);
    const last = range === '*' || (step !== undefined && to === undefined) ? most : number(to ?? from);
    const by = step === undefined ? 1 : Number(step);
    if (!Number.isInteger(by) || by < 1 || last < first) throw invalid(cron, `"${part}" is not a range`);
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function invalid(cron: string, why: string): ConfigError {
  return new ConfigError(`The windows of the cron "${cron}" cannot be counted: ${why}`, {
    code: 'cron_invalid',
    next: 'Write five fields (minute hour day month weekday) of numbers, *, lists, ranges and steps, such as "0 */6 * * *".',
  });
}
