import { dateOf } from '../core/civil-date.ts';
import type { DataType } from '../sql/data-type.ts';

/** Values of column vectors as text, for systems that take text. Undefined: no text that they would all understand. */

/** Powers of ten up to here are exact floats, and so is their product with what is left of a safe integer. */
const maxPlainScale = 15;
const microsPerSecond = 1_000_000n;
const microsPerDay = 86_400n * microsPerSecond;
/** 0001-01-01 and 9999-12-31: the years that calendars of databases have in common. */
const firstDay = -719_162;
const lastDay = 2_932_896;

/** `2024-02-29`; undefined for infinity and years before 1 or after 9999. */
export function dateText(days: number): string | undefined {
  if (days < firstDay || days > lastDay) return undefined;
  const { year, month, day } = dateOf(days);
  return `${year > 999 ? year : String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** `23:59:59`, or `23:59:59.000001` with all six digits. */
export function timeText(micros: bigint): string {
  return clockText(Number(micros));
}

/** `2024-02-29 23:59:59`, with six digits more unless they are zeros; undefined as for `dateText`. */
export function timestampText(micros: bigint): string | undefined {
  const small = Number(micros);
  if (Number.isSafeInteger(small)) {
    const days = Math.floor(small / 86_400_000_000);
    const date = dateText(days);
    return date === undefined ? undefined : `${date} ${clockText(small - days * 86_400_000_000)}`;
  }
  const clock = ((micros % microsPerDay) + microsPerDay) % microsPerDay;
  const date = dateText(Number((micros - clock) / microsPerDay));
  return date === undefined ? undefined : `${date} ${clockText(Number(clock))}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function clockText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const whole = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const fraction = micros % 1_000_000;
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(6, '0')}`;
}

/** `-0.05` for -5 and scale 2. */
export function unscaledText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const small = Number(unscaled);
  if (Number.isSafeInteger(small) && scale <= maxPlainScale) {
    const size = Math.abs(small);
    const unit = 10 ** scale;
    const whole = Math.floor(size / unit);
    return `${small < 0 ? '-' : ''}${whole}.${String(size - whole * unit).padStart(scale, '0')}`;
  }
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Sixteen bytes of a `fixed` vector as an integer. */
export function wideInteger(view: DataView, row: number): bigint {
  return (view.getBigInt64(16 * row + 8, true) << 64n) | view.getBigUint64(16 * row, true);
}

/** `123e4567-e89b-12d3-a456-426655440000`. */
export function uuidText(values: Uint8Array, row: number): string {
  const hex = Buffer.from(values.buffer, values.byteOffset + 16 * row, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `1 year 2 mons -3 days 04:05:06.789`, as PostgreSQL writes and reads it. */
export function intervalText(view: DataView, row: number): string {
  const months = view.getInt32(16 * row, true);
  const days = view.getInt32(16 * row + 4, true);
  const micros = view.getBigInt64(16 * row + 8, true);
  const [years, rest] = [Math.trunc(months / 12), months % 12];
  const parts = [
    ...(years === 0 ? [] : [`${years} ${Math.abs(years) === 1 ? 'year' : 'years'}`]),
    ...(rest === 0 ? [] : [`${rest} ${Math.abs(rest) === 1 ? 'mon' : 'mons'}`]),
    ...(days === 0 ? [] : [`${days} ${Math.abs(days) === 1 ? 'day' : 'days'}`]),
  ];
  if (micros !== 0n || parts.length === 0) parts.push(longClock(micros));
  return parts.join(' ');
}

/** An interval may have more hours than a day. */
function longClock(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const [hours, rest] = [size / (3600n * microsPerSecond), size % (3600n * microsPerSecond)];
  const clock = clockText(Number(rest))
    .slice(2)
    .replace(/(\.\d*?)0+$/, '$1');
  return `${micros < 0n ? '-' : ''}${hours.toString().padStart(2, '0')}${clock}`;
}

const numbers: ReadonlySet<DataType['type']> = new Set([
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'decimal',
]);

/** An array of an `array` vector, which holds texts, as JSON with numbers and booleans of its own. */
export function arrayJson(text: string, element: DataType): string {
  const items = JSON.parse(text) as readonly (string | null)[];
  return `[${items.map((item) => (item === null ? 'null' : elementJson(item, element))).join(', ')}]`;
}

function elementJson(item: string, element: DataType): string {
  if (element.type === 'array') return arrayJson(item, element.element);
  if (element.type === 'boolean') return item === 'true' || item === 't' ? 'true' : 'false';
  const isNumber = numbers.has(element.type) && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(item);
  return isNumber || element.type === 'json' ? item : JSON.stringify(item);
}
