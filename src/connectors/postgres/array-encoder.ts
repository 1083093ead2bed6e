import { ConfigError, DataError, type DataType } from '../../connector/index.ts';
import { daysOf, microsOfTime, microsOfTimestamp } from '../../connector/values/calendar.ts';
import { encodeNumericText } from './copy-numeric.ts';
import { postgresDays, postgresMicroseconds } from './postgres-epoch.ts';

/** OID of `pg_type`, which is the same on every server, and the binary form of an element's text. */
interface ElementCodec {
  readonly oid: number;
  /** Undefined for what is no value of the type. */
  encode(text: string): Buffer | undefined;
}

const microsPerSecond = 1_000_000n;

/**
 * Binary form of one array dimension: dimensions, NULL flag, element type, length, lower bound, elements.
 * @param items texts as PostgreSQL, DuckDB or ISO 8601 write them
 */
export function encodeArray(items: readonly (string | null)[], element: DataType, column: string): Buffer {
  const codec = elementCodec(element, column);
  const header = Buffer.alloc(items.length === 0 ? 12 : 20);
  header.writeInt32BE(items.length === 0 ? 0 : 1, 0);
  header.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  header.writeInt32BE(codec.oid, 8);
  if (items.length > 0) {
    header.writeInt32BE(items.length, 12);
    header.writeInt32BE(1, 16);
  }
  const parts: Buffer[] = [header];
  for (const item of items) {
    const value = item === null ? undefined : (codec.encode(item) ?? misfit(item, element, column));
    const length = Buffer.alloc(4);
    length.writeInt32BE(value?.length ?? -1);
    parts.push(length);
    if (value) parts.push(value);
  }
  return Buffer.concat(parts);
}

function misfit(text: string, { type }: DataType, column: string): never {
  throw new DataError(`Column "${column}" holds an array with '${text}', which is no ${type}.`, {
    code: 'data_invalid',
  });
}

function elementCodec(element: DataType, column: string): ElementCodec {
  switch (element.type) {
    case 'text':
      return { oid: 25, encode: (text) => Buffer.from(text, 'utf8') };
    case 'json':
      return { oid: 3802, encode: (text) => Buffer.from(`\u0001${text}`, 'utf8') };
    case 'bytes':
      return { oid: 17, encode: (text) => Buffer.from(text.replace(/^\\x/, ''), 'hex') };
    case 'boolean':
      return { oid: 16, encode: (text) => Buffer.from([text === 'true' ? 1 : 0]) };
    case 'int16':
      return { oid: 21, encode: (text) => sized(2, (bytes) => bytes.writeInt16BE(Number(text))) };
    case 'int32':
      return { oid: 23, encode: (text) => sized(4, (bytes) => bytes.writeInt32BE(Number(text))) };
    case 'int64':
      return { oid: 20, encode: (text) => wide(BigInt(text)) };
    case 'float32':
      return { oid: 700, encode: (text) => sized(4, (bytes) => bytes.writeFloatBE(floatOf(text))) };
    case 'float64':
      return { oid: 701, encode: (text) => sized(8, (bytes) => bytes.writeDoubleBE(floatOf(text))) };
    case 'decimal':
      return { oid: 1700, encode: encodeNumericText };
    case 'uuid':
      return { oid: 2950, encode: (text) => Buffer.from(text.replaceAll('-', ''), 'hex') };
    case 'date':
      return { oid: 1082, encode: dateBytes };
    case 'time':
      return { oid: 1083, encode: (text) => wideOrNone(microsOfTime(text)) };
    case 'timetz':
      return { oid: 1266, encode: timetzBytes };
    case 'timestamp':
      return { oid: 1114, encode: (text) => momentBytes(text, false, column) };
    case 'timestamptz':
      return { oid: 1184, encode: (text) => momentBytes(text, true, column) };
    case 'interval':
      return { oid: 1186, encode: intervalBytes };
    case 'array':
      throw new ConfigError(`Column "${column}": arrays of arrays do not go into PostgreSQL.`, {
        code: 'not_yet_supported',
        next: 'Cast the column to json in a query.',
      });
  }
}

function sized(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return bytes;
}

function wide(value: bigint): Buffer {
  return sized(8, (bytes) => bytes.writeBigInt64BE(value));
}

function wideOrNone(value: bigint | undefined): Buffer | undefined {
  return value === undefined ? undefined : wide(value);
}

/** DuckDB says `inf` and `nan`, PostgreSQL `Infinity` and `NaN`. */
function floatOf(text: string): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return Number(text);
}

function dateBytes(text: string): Buffer | undefined {
  const days = daysOf(withSignedYear(text));
  return days === undefined ? undefined : sized(4, (bytes) => bytes.writeInt32BE(postgresDays(days)));
}

function momentBytes(text: string, zoned: boolean, column: string): Buffer | undefined {
  const micros = microsOfTimestamp(withSignedYear(text), zoned);
  return micros === undefined ? undefined : wide(postgresMicroseconds(micros, column));
}

/** `0044-03-15 BC` and `0044-03-15 (BC) 10:00:00` as ISO 8601 counts years: `-0043-03-15`. */
function withSignedYear(text: string): string {
  const found = /^(\d+)(-\d\d-\d\d)(.*)$/.exec(text.replace(/ \(BC\)| BC$/, ''));
  if (!found || !text.includes('BC')) return text;
  const year = String(Number(found[1]) - 1).padStart(4, '0');
  return `${year === '0000' ? '' : '-'}${year}${found[2]}${found[3]}`;
}

/** `04:05:06.5+02:30`: microseconds of the day, and seconds west of UTC. Undefined for other texts. */
export function timetzBytes(text: string): Buffer | undefined {
  const found = /^([\d:.]+)(?:Z|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)$/.exec(text);
  const micros = microsOfTime(found?.[1] ?? '');
  if (!found || micros === undefined) return undefined;
  const [hours, minutes, seconds] = found.slice(3).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  const offset = hours * 3600 + minutes * 60 + seconds;
  return sized(12, (bytes) => {
    bytes.writeBigInt64BE(micros);
    bytes.writeInt32BE(found[2] === '-' ? offset : -offset, 8);
  });
}

const intervalWords =
  /^(?:([+-]?\d+) years?)? ?(?:([+-]?\d+) mon(?:th)?s?)? ?(?:([+-]?\d+) days?)? ?(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;
const isoInterval =
  /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d{1,6}))?S)?)?$/;

/** `1 year 2 mons -3 days -04:05:06.789`, also with `months` and other signs; or as ISO 8601 has it, `P1Y2M-3DT4H`. */
function intervalBytes(text: string): Buffer | undefined {
  if (text.startsWith('P')) {
    const [, years, months, days, hours, minutes, sign, seconds, fraction] = isoInterval.exec(text) ?? [];
    if (!isoInterval.test(text)) return undefined;
    const rest = clockMicros('0', '0', seconds, fraction);
    return intervalOf(years, months, days, clockMicros(hours, minutes) + (sign === '-' ? -rest : rest));
  }
  const found = intervalWords.exec(text);
  if (!found || text === '') return undefined;
  const [, years, months, days, sign, ...clock] = found;
  const size = clockMicros(...clock);
  return intervalOf(years, months, days, sign === '-' ? -size : size);
}

function clockMicros(hours = '0', minutes = '0', seconds = '0', fraction = ''): bigint {
  const whole = BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
  return whole * microsPerSecond + BigInt(fraction.padEnd(6, '0'));
}

function intervalOf(years = '0', months = '0', days = '0', micros = 0n): Buffer {
  return sized(16, (bytes) => {
    bytes.writeBigInt64BE(micros);
    bytes.writeInt32BE(Number(days), 8);
    bytes.writeInt32BE(12 * Number(years) + Number(months), 12);
  });
}
