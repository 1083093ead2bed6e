import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { keyLiteral, sqliteFormat } from './key-value.ts';

/**
 * Refuses times where the update key is not one.
 * @throws ConfigError code `key_type_unsupported`
 */
export function requireTimeKey(column: Column, key: string, origin: Origin): void {
  if (isTime(column)) return;
  throw new ConfigError(
    `${key} needs an update_key that is a time, and '${column.name}' is ${column.type.type}`,
    {
      code: 'key_type_unsupported',
      origin,
      next: `Leave ${key} out, or use a column of dates or times as update_key`,
    },
  );
}

export function isTime({ type }: Column): boolean {
  return type.type === 'timestamp' || type.type === 'timestamptz' || type.type === 'date';
}

/** The source's own clock, some seconds ago, in the form of a time column. Times without a zone are UTC. */
export function secondsAgo(dialect: Dialect, column: Column, seconds: number): string {
  const format = sqliteFormat(dialect, column);
  if (format !== undefined) return `strftime('${format}', 'now', '-${seconds} seconds')`;
  if (dialect.name === 'mysql') return `(utc_timestamp(6) - interval ${seconds} second)`;
  const now =
    column.type.type === 'timestamptz' ? 'current_timestamp' : `(current_timestamp at time zone 'UTC')`;
  return `(${now} - interval '${seconds} seconds')`;
}

/** A stored value of a time column, some seconds earlier. */
export function earlierLiteral(dialect: Dialect, column: Column, value: string, seconds: number): string {
  const format = sqliteFormat(dialect, column);
  if (format !== undefined) return `strftime('${format}', ${dialect.literal(value)}, '-${seconds} seconds')`;
  const literal = keyLiteral(dialect, column, value);
  return dialect.name === 'mysql'
    ? `(${literal} - interval ${seconds} second)`
    : `(${literal} - interval '${seconds} seconds')`;
}
