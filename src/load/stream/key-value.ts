import { DataError } from '../../core/errors.ts';
import type { Column, DataType } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';

/**
 * How a key column is compared in the source. SQLite keeps times as text in several spellings, so they are
 * brought to one (milliseconds, UTC) on both sides; bounds then hold for a whole millisecond, which may
 * read a row again but never leaves one out. So it is with its exact numbers that are text, which are brought to
 * floats. MySQL tells a FLOAT with fewer digits than it has.
 */
export function comparable(dialect: Dialect, column: Column): string {
  const name = dialect.quote(column.name);
  const { type } = column;
  if (dialect.name === 'mysql' && type.type === 'float32') return `(${name} * 1e0)`;
  if (dialect.name === 'sqlite' && type.type === 'decimal' && ordersAsText(dialect, type))
    return `cast(${name} as real)`;
  const format = sqliteFormat(dialect, column);
  return format === undefined ? name : `strftime('${format}', ${name})`;
}

/** True if a system keeps values of the type as text, which it orders letter by letter, by rules of its own. */
export function ordersAsText(dialect: Dialect, type: DataType): boolean {
  return /^(text|varchar|longtext|decimal text)\b/.test(dialect.typeName(type));
}

/** A stored key value as SQL that can be compared with `comparable`. */
export function keyLiteral(dialect: Dialect, column: Column, value: string): string {
  const { type } = column;
  if (dialect.typedLiteral) return dialect.typedLiteral(value, type);
  // A bare decimal of DuckDB is a whole number of up to 39 digits there, which no DECIMAL holds.
  if (
    dialect.name === 'duckdb' &&
    /^-?\d+$/.test(value) &&
    type.type === 'decimal' &&
    ordersAsText(dialect, type)
  )
    return `cast('${value}' as ${BigInt(value) < 2n ** 127n ? 'hugeint' : 'uhugeint'})`;
  if (isNumeric(column) && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) {
    return dialect.name === 'sqlite' ? value : `cast('${value}' as ${dialect.typeName(type)})`;
  }
  const text = dialect.literal(isDated(column) ? withEra(value, dialect) : value);
  if (dialect.name === 'sqlite') {
    const format = sqliteFormat(dialect, column);
    return format === undefined ? text : `strftime('${format}', ${text})`;
  }
  return type.type === 'text' ? text : `cast(${text} as ${dialect.typeName(type)})`;
}

/**
 * A stored key value for a comparison that the user wrote, with the bare column on the other side. SQLite's
 * times are compared as the text they are there, so the literal is a second off, to the side from which more
 * is read: that reads rows again rather than leaving out one that is spelt with fewer digits.
 */
export function bareLiteral(
  dialect: Dialect,
  column: Column,
  value: string,
  bound: 'lower' | 'upper' = 'lower',
): string {
  const format = sqliteFormat(dialect, column);
  if (format === undefined || column.type.type === 'date') return keyLiteral(dialect, column, value);
  const shift = bound === 'lower' ? '-1 second' : '+1 second';
  return `strftime('${format.replace('%f', '%S')}', ${dialect.literal(value)}, '${shift}')`;
}

/**
 * A value of a small result as text that `keyLiteral` takes back; undefined for NULL.
 * @throws DataError for types that cannot be a key
 */
export function keyText(value: unknown, column: Column, streamName: string): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  throw notAKey(streamName, column);
}

/** @throws DataError code `key_type_unsupported` for an update key whose values have no greatest one */
export function requireOrder(dialect: Dialect, column: Column, streamName: string): void {
  const { type } = column.type;
  const isUnordered = ['json', 'array', 'bytes', 'interval'].includes(type);
  if (isUnordered || (dialect.name === 'postgres' && (type === 'boolean' || type === 'uuid')))
    throw notAKey(streamName, column);
}

function notAKey(streamName: string, column: Column): DataError {
  return new DataError(
    `stream ${streamName}: the column '${column.name}' is of type ${column.type.type}, which cannot be a key`,
    {
      code: 'key_type_unsupported',
      state: 'Nothing was changed',
      next: 'Choose a number, a text, a date or a time as update_key and primary_key',
    },
  );
}

function isDated({ type }: Column): boolean {
  return type.type === 'date' || type.type === 'timestamp' || type.type === 'timestamptz';
}

/** Years before 1 and after 9999 as a system writes them, from `0044-03-15 10:00 BC`, `0044-03-15 (BC) 10:00` or ISO 8601. */
function withEra(value: string, { name }: Dialect): string {
  const found = /^([+-]?)(\d{4,})(-\d\d-\d\d)( \(BC\))?(.*?)( BC)?$/.exec(value);
  if (!found) return value;
  const [, sign, digits, day, afterDay, time, afterAll] = found;
  const isBefore = sign === '-' || afterDay !== undefined || afterAll !== undefined;
  const year = Number(digits) + (sign === '-' ? 1 : 0);
  const date = `${String(year).padStart(4, '0')}${day}`;
  if (!isBefore) return `${date}${time}`;
  return name === 'duckdb' ? `${date} (BC)${time?.replace(/^T/, ' ')}` : `${date}${time} BC`;
}

function isNumeric({ type }: Column): boolean {
  return ['int16', 'int32', 'int64', 'float32', 'float64', 'decimal'].includes(type.type);
}

/** How SQLite's times are brought to one spelling; undefined for other systems and types. */
export function sqliteFormat(dialect: Dialect, { type }: Column): string | undefined {
  if (dialect.name !== 'sqlite') return undefined;
  if (type.type === 'timestamp' || type.type === 'timestamptz') return '%Y-%m-%d %H:%M:%f';
  if (type.type === 'date') return '%Y-%m-%d';
  return type.type === 'time' ? '%H:%M:%f' : undefined;
}
