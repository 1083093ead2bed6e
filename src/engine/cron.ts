import { Cron } from 'croner';
import { ConfigError, ProjectError, type MillraceError } from '../core/errors.ts';
import type { ScheduleDefinition } from '../core/schedule.ts';

/** The times a schedule means. Milliseconds since 1970, UTC. A time that a clock change leaves out is the first instant after the gap. */
export interface Timetable {
  /** The first time after `afterMs`; undefined when there is none ever. */
  next(afterMs: number): number | undefined;
  /** The last time at or before `atMs`. */
  latest(atMs: number): number | undefined;
}

/** Throws a `ConfigError` with code `cron_invalid` or `time_zone_unknown`. */
export function createTimetable(schedule: ScheduleDefinition): Timetable {
  requireTimeZone(schedule);
  const cron = parseCron(schedule);
  const next = (afterMs: number): number | undefined => cron.nextRun(new Date(afterMs))?.getTime();
  if (next(0) === undefined) throw badCron(schedule, 'it never comes true');
  return {
    next,
    latest: (atMs) => cron.previousRuns(1, new Date(nextSecond(atMs)))[0]?.getTime(),
  };
}

/** croner looks for times before the whole second it is given. */
function nextSecond(ms: number): number {
  return (Math.floor(ms / 1000) + 1) * 1000;
}

/** Throws a `ProjectError` with every mistake in the schedules' names, cron fields and time zones. */
export function checkSchedules(schedules: readonly ScheduleDefinition[]): void {
  const names = new Set<string>();
  const issues: MillraceError[] = [];
  for (const schedule of schedules) {
    if (names.has(schedule.name)) issues.push(duplicate(schedule));
    names.add(schedule.name);
    try {
      requireSmallJitter(schedule, createTimetable(schedule));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      issues.push(error);
    }
  }
  if (issues.length > 0) throw new ProjectError(issues);
}

function requireSmallJitter(schedule: ScheduleDefinition, timetable: Timetable): void {
  const { jitterSeconds = 0 } = schedule;
  const first = timetable.next(0) ?? 0;
  const second = timetable.next(first) ?? Infinity;
  if (jitterSeconds >= 0 && jitterSeconds * 1000 < second - first) return;
  throw new ConfigError(
    `The schedule ${schedule.name} has jitterSeconds: ${jitterSeconds}, and ${(second - first) / 1000} s between its times`,
    {
      code: 'jitter_invalid',
      ...(schedule.origin ? { origin: schedule.origin } : {}),
      next: 'It has to be less than that, and not below 0.',
    },
  );
}

function parseCron(schedule: ScheduleDefinition): Cron {
  try {
    return new Cron(schedule.cron, { timezone: schedule.timeZone, mode: '5-part', paused: true });
  } catch (error) {
    throw badCron(schedule, error instanceof Error ? error.message : String(error));
  }
}

function requireTimeZone(schedule: ScheduleDefinition): void {
  try {
    Intl.DateTimeFormat('en', { timeZone: schedule.timeZone });
  } catch {
    throw new ConfigError(
      `The schedule ${schedule.name} names the unknown time zone "${schedule.timeZone}"`,
      {
        code: 'time_zone_unknown',
        ...(schedule.origin ? { origin: schedule.origin } : {}),
        next: 'Write an IANA name, such as Europe/Berlin or UTC.',
      },
    );
  }
}

function badCron(schedule: ScheduleDefinition, why: string): ConfigError {
  return new ConfigError(`The schedule ${schedule.name} has the cron "${schedule.cron}": ${why}`, {
    code: 'cron_invalid',
    ...(schedule.origin ? { origin: schedule.origin } : {}),
    next: 'Write five fields (minute hour day month weekday), such as "*/5 * * * *", or @hourly, @daily, @weekly, @monthly, @yearly.',
  });
}

function duplicate(schedule: ScheduleDefinition): ConfigError {
  return new ConfigError(`There are two schedules named ${schedule.name}`, {
    code: 'schedule_duplicate',
    ...(schedule.origin ? { origin: schedule.origin } : {}),
    next: 'Rename one of them.',
  });
}
