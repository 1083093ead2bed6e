import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WindowLength } from '../partitions.ts';
import { daysOf, dateOf } from '../civil-date.ts';
import { dayMs, hourMs } from './calendar.ts';
import { countCron } from './cron-count.ts';
import { createTimeGrid, type TimeGrid } from './time-grid.ts';
import { time } from './world.fixture.ts';
import { zoneOffsetMs } from './zone-offset.ts';

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'America/Havana',
  'Pacific/Apia',
  'Africa/Casablanca',
] as const;

function gridOf(every: WindowLength, zone: string): TimeGrid {
  return createTimeGrid(time({ every, zone }), (atMs) => zoneOffsetMs(zone, atMs));
}

function at(text: string): number {
  return Date.parse(text);
}

const instants = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2040, 0, 1) });
const lengths = fc.constantFrom<WindowLength>(
  'hour',
  'day',
  'week',
  'month',
  { cron: '0 */6 * * *' },
  { cron: '30 5 1,15 * *' },
  { cron: '15 2 * * mon-fri' },
  { cron: '*/20 0-3 * * *' },
);

describe('windows of time', () => {
  it('hold exactly the instants from their start to the next start', () => {
    fc.assert(
      fc.property(lengths, fc.constantFrom(...zones), instants, (every, zone, atMs) => {
        const grid = gridOf(every, zone);
        const index = grid.indexAt(atMs);
        expect(grid.startMs(index)).toBeLessThanOrEqual(atMs);
        expect(grid.startMs(index + 1)).toBeGreaterThan(atMs);
      }),
    );
  });

  it('are found by their keys again', () => {
    fc.assert(
      fc.property(lengths, fc.constantFrom(...zones), instants, (every, zone, atMs) => {
        const grid = gridOf(every, zone);
        const index = grid.indexAt(atMs);
        const key = grid.keyOf(index);
        const range = grid.rangeOf(key);
        expect(key).not.toBe(grid.keyOf(index + 1));
        expect(range && range.from <= index && index < range.to).toBe(true);
      }),
    );
  });

  it('of days begin when clocks of the zone show midnight, or with the first instant after it', () => {
    const berlin = gridOf('day', 'Europe/Berlin');
    const range = berlin.rangeOf('2024-03-31');
    expect(berlin.startMs(range?.from ?? 0)).toBe(at('2024-03-31T00:00+01:00'));
    expect(berlin.startMs((range?.from ?? 0) + 1)).toBe(at('2024-04-01T00:00+02:00'));
    const saoPaulo = gridOf('day', 'America/Sao_Paulo');
    expect(saoPaulo.startMs(saoPaulo.rangeOf('2018-11-04')?.from ?? 0)).toBe(at('2018-11-04T01:00-02:00'));
    const havana = gridOf('day', 'America/Havana');
    expect(havana.startMs(havana.rangeOf('2024-11-03')?.from ?? 0)).toBe(at('2024-11-03T00:00-04:00'));
  });

  it('of hours are as many as pass: 23 and 25 on the days when clocks change', () => {
    const grid = gridOf('hour', 'America/New_York');
    const spring = grid.rangeOf('2024-03-10');
    const autumn = grid.rangeOf('2024-11-03');
    const keys = (range: typeof spring): string[] =>
      Array.from({ length: (range?.to ?? 0) - (range?.from ?? 0) }, (_, i) =>
        grid.keyOf((range?.from ?? 0) + i),
      );
    expect(keys(spring)).toHaveLength(23);
    expect(keys(spring)).not.toContain('2024-03-10T02:00');
    expect(keys(autumn)).toHaveLength(25);
    expect(keys(autumn).slice(0, 4)).toEqual([
      '2024-11-03T00:00',
      '2024-11-03T01:00',
      '2024-11-03T01:00-05:00',
      '2024-11-03T02:00',
    ]);
  });

  it('of hours begin with the hours of clocks, also where those are half an hour off', () => {
    const grid = gridOf('hour', 'Asia/Kolkata');
    const index = grid.rangeOf('2024-05-01T10:00')?.from ?? 0;
    expect(grid.startMs(index)).toBe(at('2024-05-01T10:00+05:30'));
    expect(grid.startMs(index + 1) - grid.startMs(index)).toBe(hourMs);
  });

  it('of weeks begin on Mondays, of months on the first', () => {
    expect(gridOf('week', 'UTC').keyOf(gridOf('week', 'UTC').indexAt(at('2024-05-05T12:00Z')))).toBe(
      '2024-04-29',
    );
    expect(gridOf('month', 'UTC').keyOf(gridOf('month', 'UTC').indexAt(at('2024-02-29T12:00Z')))).toBe(
      '2024-02',
    );
  });

  it('of a cron have nothing in them at a time that a clock change leaves out', () => {
    const grid = gridOf({ cron: '0 * * * *' }, 'Europe/Berlin');
    const gap = (grid.rangeOf('2024-03-31')?.from ?? 0) + 2;
    expect(grid.keyOf(gap)).toBe('2024-03-31T02:00');
    expect(grid.startMs(gap)).toBe(grid.startMs(gap + 1));
    expect(grid.startMs(gap)).toBe(at('2024-03-31T03:00+02:00'));
  });

  it('keep their numbers when the start changes', () => {
    const offset = (): number => 0;
    const early = createTimeGrid(time({ start: '2020-01-01' }), offset);
    const late = createTimeGrid(time({ start: '2024-01-01' }), offset);
    expect(late.id).toBe(early.id);
    expect(late.indexAt(at('2024-06-01T00:00Z'))).toBe(early.indexAt(at('2024-06-01T00:00Z')));
  });
});

describe('a cron that is counted', () => {
  it('has the times that one finds by trying every minute', () => {
    const field = (least: number, most: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: least, max: most }).map(String),
        fc.integer({ min: 2, max: 15 }).map((step) => `*/${step}`),
      );
    const crons = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6));
    fc.assert(
      fc.property(crons, fc.integer({ min: 0, max: 20_000 }), (fields, day) => {
        const cron = countCron(fields.join(' '));
        const fromMs = day * dayMs;
        const toMs = fromMs + dayMs;
        const counted: number[] = [];
        for (let index = cron.indexAt(fromMs - 1) + 1; cron.localOf(index) < toMs; index += 1) {
          counted.push(cron.localOf(index));
        }
        const tried: number[] = [];
        for (let local = fromMs; local < toMs; local += 60_000) if (fits(fields, local)) tried.push(local);
        expect(counted).toEqual(tried);
        for (const local of tried) expect(cron.localOf(cron.indexAt(local))).toBe(local);
      }),
      { numRuns: 50 },
    );
  });

  it.each(['* * * *', '60 * * * *', '* * 31 2 *', '* * * * L', '5-1 * * * *', '*/0 * * * *'])(
    'refuses %s',
    (cron) => {
      expect(() => countCron(cron)).toThrow(expect.objectContaining({ code: 'cron_invalid' }) as Error);
    },
  );
});

/** Read in the plainest way. */
function fits(fields: readonly string[], localMs: number): boolean {
  const days = Math.floor(localMs / dayMs);
  const minutes = (localMs - days * dayMs) / 60_000;
  const { month, day } = dateOf(days);
  const values = [minutes % 60, Math.floor(minutes / 60), day, month, (((days + 4) % 7) + 7) % 7];
  const hits = fields.map((field, index) => {
    const value = values[index] ?? 0;
    if (field === '*') return true;
    const least = index === 2 || index === 3 ? 1 : 0;
    return field.startsWith('*/') ? (value - least) % Number(field.slice(2)) === 0 : Number(field) === value;
  });
  const [minute, hour, inDay, inMonth, inWeek] = hits;
  const isEither = !(fields[2] ?? '').startsWith('*') && !(fields[4] ?? '').startsWith('*');
  return Boolean(minute && hour && inMonth && (isEither ? inDay || inWeek : inDay && inWeek));
}

describe('dates', () => {
  it('are the same in both directions', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 200_000 }), (days) => {
        expect(daysOf(dateOf(days))).toBe(days);
        const { year, month, day } = dateOf(days);
        expect(Date.UTC(year, month - 1, day) / dayMs).toBe(year < 100 ? expect.anything() : days);
      }),
    );
  });
});
