import { DataError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';

/**
 * How a key column is compared in the source. SQLite keeps times as text in several spellings, so they are
 * brought to one (milliseconds, UTC) on both sides; bounds then hold for a whole millisecond, which may
 * read a row again but never leaves one out.
 */
export function comparable(dialect: Dialect, column: Column): string {
  const name = dialect.quote(column.name);
  const format = sqliteFormat(dialect, column);
  return format === undefined ? name : `strftime('${format}', ${name})`;
}

/** A stored key value as SQL that can be compared with `comparable`. */
export function keyLiteral(dialect: Dialect, column: Column, value: string): string {
  const { type } = column;
  if (dialect.typedLiteral) return dialect.typedLiteral(value, type);
  if (isNumeric(column) && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) {
    return dialect.name === 'sqlite' ? value : `cast('${value}' as ${dialect.typeName(type)})`;
  }
  const text = dialect.literal(value);
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
  throw new DataError(
    `stream ${streamName}: the column '${column.name}' is of type ${column.type.type}, which cannot be a key`,
    {
      code: 'key_type_unsupported',
      state: 'Nothing was changed',
      next: 'Choose a number, a text, a date or a time as update_key and primary_key',
    },
  );
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
