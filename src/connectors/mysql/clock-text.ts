import { daysInMonth, daysOf } from '../../core/civil-date.ts';

const zero = 0x30;
const minus = 0x2d;

/** What `days` gives for a date that no calendar has, such as `0000-00-00` and `2024-02-30`. */
export const noDate: number = Number.MIN_SAFE_INTEGER;

/** `YYYY-MM-DD[ HH:MM:SS[.ffffff]]` as it starts at `at`: days since 1970-01-01, or `noDate`. */
export function days(bytes: Uint8Array, at: number): number {
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  if (month === 0 || day === 0 || day > 28) {
    if (month === 0 || day === 0 || day > daysInMonth(year, month)) return noDate;
  }
  return daysOf({ year, month, day });
}

/** Seconds since midnight of the `HH:MM:SS` that starts at `at`. */
export function clockSeconds(bytes: Uint8Array, at: number): number {
  return twoDigits(bytes, at) * 3600 + twoDigits(bytes, at + 3) * 60 + twoDigits(bytes, at + 6);
}

/** Microseconds of a `.ffffff` from `at` (the point) to `end`; 0 when there is none. */
export function fraction(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  if (at >= end) return 0;
  for (let index = at + 1; index <= at + 6; index += 1) {
    value = value * 10 + (index < end ? (bytes[index] as number) - zero : 0);
  }
  return value;
}

/** Microseconds of MySQL's TIME: `[-]H..H:MM:SS[.ffffff]`, up to 838 hours. */
export function durationMicroseconds(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === minus;
  let at = negative ? start + 1 : start;
  let hours = 0;
  for (; bytes[at] !== 0x3a; at += 1) hours = hours * 10 + (bytes[at] as number) - zero;
  const seconds = hours * 3600 + twoDigits(bytes, at + 1) * 60 + twoDigits(bytes, at + 4);
  const value = seconds * 1_000_000 + fraction(bytes, at + 6, end);
  return negative ? -value : value;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) - zero) * 10 + (bytes[at + 1] as number) - zero;
}
