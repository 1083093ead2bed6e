import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockSeconds, days, durationMicroseconds, fraction, noDate } from './clock-text.ts';
import { bigUnscaled, double, shortInteger, smallUnscaled } from './decimal-text.ts';

/** The text in the middle of other bytes, as it comes. */
function placed<T>(text: string, read: (bytes: Uint8Array, start: number, end: number) => T): T {
  const bytes = Buffer.from(`9${text}9`, 'latin1');
  return read(bytes, 1, bytes.length - 1);
}

describe('numbers as text', () => {
  test('integers', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(placed(String(value), shortInteger)).toBe(value);
      }),
    );
  });

  test('every double is read as the one it was', () => {
    const spellings = (value: number): readonly string[] => [
      String(value),
      value.toExponential().replace('e+', 'e'),
      value.toPrecision(17),
    ];
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        for (const text of spellings(value)) expect(placed(text, double)).toBe(Number(text));
      }),
      { numRuns: 5000 },
    );
    for (const text of [
      '1e22',
      '1e23',
      '-1.5e-22',
      '123456789012345e22',
      '0.1',
      '-0',
      '9007199254740993',
      '5e-324',
    ])
      expect(placed(text, double), text).toBe(Number(text));
  });

  test('decimals are exact, whichever way they take', () => {
    const decimal = fc.record({
      digits: fc.stringMatching(/^\d{1,40}$/),
      scale: fc.integer({ min: 0, max: 30 }),
      negative: fc.boolean(),
    });
    fc.assert(
      fc.property(decimal, ({ digits, scale, negative }) => {
        const padded = digits.padStart(scale + 1, '0');
        const text = `${negative ? '-' : ''}${padded.slice(0, padded.length - scale)}${scale > 0 ? `.${padded.slice(padded.length - scale)}` : ''}`;
        const exact = BigInt(digits) * (negative ? -1n : 1n);
        expect(bigUnscaled(text, scale)).toBe(exact);
        expect(bigUnscaled(text, scale + 2)).toBe(exact * 100n);
        const small = placed(text, (bytes, start, end) => smallUnscaled(bytes, start, end, scale));
        if (!Number.isNaN(small)) expect(BigInt(small)).toBe(exact);
        else expect(text.length).toBeGreaterThan(14);
      }),
      { numRuns: 5000 },
    );
  });

  test('decimals beyond the scale are cut by nobody', () => {
    expect(placed('1.25', (bytes, start, end) => smallUnscaled(bytes, start, end, 1))).toBeNaN();
    expect(bigUnscaled('1.25', 1)).toBeUndefined();
    expect(bigUnscaled('1e5', 0)).toBeUndefined();
  });
});

describe('dates and times as text', () => {
  const moment = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });

  test('every day and second of four digits of years', () => {
    fc.assert(
      fc.property(moment, (date) => {
        const text = date.toISOString().replace('T', ' ').slice(0, 19);
        const seconds = placed(
          text,
          (bytes, start) => days(bytes, start) * 86_400 + clockSeconds(bytes, start + 11),
        );
        expect(seconds).toBe(Math.floor(date.getTime() / 1000));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    '0000-00-00',
    '2024-00-10',
    '2024-01-00',
    '2023-02-29',
    '1900-02-29',
    '2024-04-31',
    '2024-02-30',
  ])('%s is no date', (text) => {
    expect(placed(text, (bytes, start) => days(bytes, start))).toBe(noDate);
  });

  test('fractions of one to six digits, and none', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,6}$/), (digits) => {
        expect(placed(`.${digits}`, fraction)).toBe(Number(digits.padEnd(6, '0')));
      }),
    );
    expect(placed('', fraction)).toBe(0);
  });

  test('durations to 838 hours, forwards and backwards', () => {
    const limit = 838 * 3600 + 59 * 60 + 59;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: limit }),
        fc.nat(999_999),
        fc.boolean(),
        (seconds, micros, back) => {
          const two = (value: number): string => String(value).padStart(2, '0');
          const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
          const text = `${back ? '-' : ''}${clock}.${String(micros).padStart(6, '0')}`;
          const expected = (seconds * 1_000_000 + micros) * (back ? -1 : 1);
          expect(placed(text, durationMicroseconds) + 0).toBe(expected + 0);
        },
      ),
    );
  });
});
