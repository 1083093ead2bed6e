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

function leadingDate(text: string): number | undefined {
  const match = datePattern.exec(text);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysSinceEpoch(year, month, day);
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

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Proleptic Gregorian calendar, counted in 400-year cycles that begin on 1 March. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const cycle = Math.floor(marchYear / 400);
  const yearOfCycle = marchYear - cycle * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfCycle =
    yearOfCycle * 365 + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100) + dayOfYear;
  return cycle * 146_097 + dayOfCycle - 719_468;
}
