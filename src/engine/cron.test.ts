import { describe, expect, it } from 'vitest';
import type { ScheduleDefinition } from '../core/schedule.ts';
import { checkSchedules, createTimetable } from './cron.ts';

function schedule(cron: string, timeZone = 'UTC', name = 's'): ScheduleDefinition {
  return { name, cron, timeZone, select: '', origin: { file: 'schedules.ts', line: 4 } };
}

function following(cron: string, timeZone: string, after: string, count: number): readonly string[] {
  const timetable = createTimetable(schedule(cron, timeZone));
  let atMs = Date.parse(after);
  return Array.from({ length: count }, () => {
    atMs = timetable.next(atMs) ?? NaN;
    return new Date(atMs).toISOString().slice(0, 16);
  });
}

describe('a timetable', () => {
  it('runs a time inside the gap of a clock change at the first instant after it', () => {
    expect(following('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', 3)).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
  });

  it('runs a time that a clock change repeats once', () => {
    expect(following('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  it('goes on every half hour through both', () => {
    expect(following('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:30Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-29T01:30',
    ]);
    expect(following('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:30Z', 3)).toEqual([
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ]);
  });

  it.each(['@hourly', '0 * * * *'])('knows the latest time of %s, the present one included', (cron) => {
    const timetable = createTimetable(schedule(cron));
    const noon = Date.parse('2026-01-01T12:00Z');
    expect(timetable.latest(noon)).toBe(noon);
    expect(timetable.latest(noon + 1)).toBe(noon);
    expect(timetable.latest(noon - 1)).toBe(noon - 3_600_000);
    expect(timetable.next(noon)).toBe(noon + 3_600_000);
    expect(timetable.next(noon - 1)).toBe(noon);
  });
});

describe('mistakes', () => {
  it.each([
    ['* * * * * *', 'UTC', 'cron_invalid'],
    ['61 * * * *', 'UTC', 'cron_invalid'],
    ['nonsense', 'UTC', 'cron_invalid'],
    ['0 0 30 2 *', 'UTC', 'cron_invalid'],
    ['* * * * *', 'Mars/Olympus', 'time_zone_unknown'],
  ])('%s in %s', (cron, zone, code) => {
    expect(() => createTimetable(schedule(cron, zone))).toThrow(
      expect.objectContaining({ code, kind: 'config', origin: { file: 'schedules.ts', line: 4 } }),
    );
  });

  it('jitter has to be shorter than the time between two', () => {
    const jitter = (jitterSeconds: number): void =>
      checkSchedules([{ ...schedule('*/5 * * * *'), jitterSeconds }]);
    expect(() => jitter(299)).not.toThrow();
    expect(() => jitter(300)).toThrow('300 s between its times');
    expect(() => jitter(-1)).toThrow('jitterSeconds: -1');
  });

  it('are all told at once', () => {
    const wrong = [schedule('x', 'UTC', 'a'), schedule('@daily', 'UTC', 'b'), schedule('@daily', 'X/Y', 'b')];
    expect(() => checkSchedules(wrong)).toThrow(
      expect.objectContaining({
        issues: [
          expect.objectContaining({ code: 'cron_invalid' }),
          expect.objectContaining({ code: 'schedule_duplicate' }),
          expect.objectContaining({ code: 'time_zone_unknown' }),
        ],
      }),
    );
    expect(() => checkSchedules([schedule('@daily')])).not.toThrow();
  });
});
