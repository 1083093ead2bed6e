import fc from 'fast-check';
import { expect, it } from 'vitest';
import { zoneOffsetMs } from './zone-offset.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a formatter of the language shows, read as text. */
function shown(zone: string, atMs: number): number {
  const format =
    formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  const text = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
}

const zones = ['Africa/Cairo', 'Africa/Casablanca', 'America/Caracas', 'Asia/Gaza', 'Asia/Pyongyang', 'Pacific/Apia', 'Australia/Lord_Howe', 'Europe/Istanbul', 'America/New_York', 'Antarctica/Troll']; // prettier-ignore

it('what clocks are ahead is what the language shows, also where they change for a month only', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2037, 0, 1) }),
      (zone, atMs) => {
        expect(zoneOffsetMs(zone, atMs)).toBe(shown(zone, atMs));
      },
    ),
    { numRuns: 1500 },
  );
});

it.each(zones)('clocks of %s do not change twice within five days', (zone) => {
  const hour = 3_600_000;
  let lastChangeMs = 0;
  for (let atMs = Date.UTC(1985, 0, 1); atMs < Date.UTC(2030, 0, 1); atMs += 24 * hour) {
    if (shown(zone, atMs) === shown(zone, atMs + 24 * hour)) continue;
    expect(atMs - lastChangeMs).toBeGreaterThan(6 * 24 * hour);
    lastChangeMs = atMs;
  }
});

it('an unknown zone is an error', () => {
  expect(() => zoneOffsetMs('Mars/Base', 0)).toThrow(
    expect.objectContaining({ code: 'time_zone_unknown' }) as Error,
  );
});
