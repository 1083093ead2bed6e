import { dateOf, daysOf as civilDays } from '../../core/civil-date.ts';

const microsPerSecond = 1_000_000n;
const microsPerDay = 86_400n * microsPerSecond;
const infiniteDays = 0x7fff_ffff;
const infiniteMicros = 0x7fff_ffff_ffff_ffffn;

/**
 * Days since 1970-01-01 of `2024-02-29`; years before 1 and after 9999 have a sign, as ISO 8601 writes them:
 * `-0043-03-15` is in 44 BC. Undefined for what is no date.
 */
export function daysOf(text: string): number | undefined {
  if (text === 'infinity') return infiniteDays;
  if (text === '-infinity') return -infiniteDays;
  const found = /^([+-]?\d{4,7})-(\d\d)-(\d\d)$/.exec(text);
  if (!found) return undefined;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (month < 1 || month > 12 || day < 1) return undefined;
  const days = civilDays({ year, month, day });
  return isoDate(days) === isoYear(year) + found[0].slice(found[1]?.length) ? days : undefined;
}

export function isoDate(days: number): string {
  if (Math.abs(days) === infiniteDays) return days > 0 ? 'infinity' : '-infinity';
  const { year, month, day } = dateOf(days);
  return `${isoYear(year)}-${two(month)}-${two(day)}`;
}

/** Microseconds since midnight of `23:59:59.999999`; `24:00:00` is the end of the day. */
export function microsOfTime(text: string): bigint | undefined {
  const found = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?$/.exec(text);
  if (!found) return undefined;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  const micros = Number((found[4] ?? '').padEnd(6, '0'));
  if (hours > 24 || minutes > 59 || seconds > 59) return undefined;
  if (hours === 24 && minutes + seconds + micros > 0) return undefined;
  return BigInt(hours * 3600 + minutes * 60 + seconds) * microsPerSecond + BigInt(micros);
}

export function isoTime(micros: bigint): string {
  const seconds = Number(micros / microsPerSecond);
  const rest = Number(micros % microsPerSecond);
  const fraction = rest === 0 ? '' : `.${String(rest).padStart(6, '0').replace(/0+$/, '')}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`;
}

/**
 * Microseconds since 1970 of `2024-02-29T23:59:59.999999`.
 * @param zoned an instant: the text must end in `Z` or an offset; without it, the text must not
 */
export function microsOfTimestamp(text: string, zoned: boolean): bigint | undefined {
  if (text === 'infinity') return infiniteMicros;
  if (text === '-infinity') return -infiniteMicros;
  const found = /^([+-]?\d{4,7}-\d\d-\d\d)[T ]([\d:.]+)(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text);
  if (!found || zoned !== (found[3] !== undefined)) return undefined;
  const days = daysOf(found[1] ?? '');
  const time = microsOfTime(found[2] ?? '');
  if (days === undefined || time === undefined) return undefined;
  const micros = BigInt(days) * microsPerDay + time - offsetMicros(found[3]);
  return micros > -infiniteMicros && micros < infiniteMicros ? micros : undefined;
}

export function isoTimestamp(micros: bigint, zoned: boolean): string {
  if (micros === infiniteMicros) return 'infinity';
  if (micros === -infiniteMicros) return '-infinity';
  const within = ((micros % microsPerDay) + microsPerDay) % microsPerDay;
  const days = Number((micros - within) / microsPerDay);
  return `${isoDate(days)}T${isoTime(within)}${zoned ? 'Z' : ''}`;
}

function offsetMicros(zone: string | undefined): bigint {
  const found = /^([+-])(\d\d):?(\d\d)?$/.exec(zone ?? '');
  if (!found) return 0n;
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0);
  return BigInt(found[1] === '-' ? -minutes : minutes) * 60n * microsPerSecond;
}

/** Four digits, or six and a sign. */
function isoYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
