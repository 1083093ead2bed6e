import { daysInMonth, daysOf } from '../../core/civil-date.ts';

const datePattern = /^(\d{4})-(\d{2})-(\d{2})/;
const clockPattern = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?/;
const zonePattern = /^(?:Z|([+-])(\d{2})(?::?(\d{2}))?)$/i;

const microsPerSecond = 1_000_000n;
const microsPerDay: bigint = 86_400n * microsPerSecond;

/** Days since 1970-01-01 of `YYYY-MM-DD`; a time of day is accepted when it is midnight. */
export function parseIsoDate(text: string): number | undefined {
  const days = leadingDate(text);
  if (days === undefined) return undefined;
  return text.length === 10 || /^[T ]00:00(:00(\.0+)?)?Z?$/.test(text.slice(10)) ? days : undefined;
}

/** Microseconds since midnight of `HH:MM[:SS[.ffffff]]`. */
export function parseIsoTime(text: string): bigint | undefined {
  const clock = leadingClock(text);
  return clock && clock.length === text.length ? clock.micros : undefined;
}

/**
 * Microseconds since 1970 of `YYYY-MM-DD[(T| )HH:MM[:SS[.ffffff]]][zone]`. With a zone, `Z` or
 * `+hh:mm`, the instant in UTC. More than six digits of a second do not fit unless they are zeros.
 */
export function parseIsoTimestamp(text: string): bigint | undefined {
  const days = leadingDate(text);
  if (days === undefined) return undefined;
  const midnight = BigInt(days) * microsPerDay;
  if (text.length === 10) return midnight;
  if (text[10] !== 'T' && text[10] !== ' ') return undefined;
  const clock = leadingClock(text.slice(11));
  if (!clock) return undefined;
  const offset = zoneMicros(text.slice(11 + clock.length).trimStart());
  return offset === undefined ? undefined : midnight + clock.micros - offset;
}

/**
 * The same for the one form that most databases hold, `YYYY-MM-DD HH:MM:SS[.f to .ffffff]` without a zone, as a
 * number that is exact; undefined for all others, sound or not.
 */
export function plainTimestamp(text: string): number | undefined {
  const { length } = text;
  if (length < 19 || length > 26 || length === 20) return undefined;
  const separator = text.charCodeAt(10);
  const isForm =
    text.charCodeAt(4) === dash &&
    text.charCodeAt(7) === dash &&
    (separator === space || separator === letterT) &&
    text.charCodeAt(13) === colon &&
    text.charCodeAt(16) === colon &&
    (length === 19 || text.charCodeAt(19) === point);
  if (!isForm) return undefined;
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // Years in which microseconds are integers that a number holds.
  if (!(year >= 1700 && year <= 2200 && month >= 1 && month <= 12 && day >= 1)) return undefined;
  if (!(day <= daysInMonth(year, month) && hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  let micros = 0;
  for (let at = 20; at < 26; at += 1) {
    const digit = at < length ? text.charCodeAt(at) - zero : 0;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    micros = 10 * micros + digit;
  }
  const seconds = daysOf({ year, month, day }) * 86_400 + hour * 3600 + minute * 60 + second;
  return seconds * 1e6 + micros;
}

const [dash, space, letterT, colon, point, zero] = [0x2d, 0x20, 0x54, 0x3a, 0x2e, 0x30] as const;

/** NaN where they are no digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero;
  const ones = text.charCodeAt(at + 1) - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}

function leadingDate(text: string): number | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysOf({ year, month, day });
}

function leadingClock(text: string): { micros: bigint; length: number } | undefined {
  const match = clockPattern.exec(text);
  if (!match) return undefined;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  const fraction = match[4] ?? '';
  if (hour > 23 || minute > 59 || second > 59 || /[1-9]/.test(fraction.slice(6))) return undefined;
  const seconds = BigInt(hour * 3600 + minute * 60 + second);
  const micros = seconds * microsPerSecond + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  return { micros, length: match[0].length };
}

function zoneMicros(text: string): bigint | undefined {
  if (text === '') return 0n;
  const match = zonePattern.exec(text);
  if (!match) return undefined;
  const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60;
  return BigInt(match[1] === '-' ? -seconds : seconds) * microsPerSecond;
}
