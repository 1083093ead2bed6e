import type { Dialect } from './dialect.ts';

/** Seconds since 1970, now, as an integer. */
export function epochSeconds(dialect: Dialect): string {
  switch (dialect.name) {
    case 'mysql':
      return 'unix_timestamp()';
    case 'sqlite':
      return 'unixepoch()';
    default:
      return 'cast(floor(extract(epoch from current_timestamp)) as bigint)';
  }
}

/** This instant, for a `timestamptz`. */
export function currentInstant(dialect: Dialect): string {
  return dialect.name === 'mysql' ? 'current_timestamp(6)' : 'current_timestamp';
}

/** Now in UTC, for a `timestamp`. Sessions of MySQL and all of SQLite are in UTC. */
export function currentUtc(dialect: Dialect): string {
  const isUtc = dialect.name === 'mysql' || dialect.name === 'sqlite';
  return isUtc ? currentInstant(dialect) : "(current_timestamp at time zone 'UTC')";
}
