import { DataError } from '../../connector/index.ts';

/** PostgreSQL counts from 2000-01-01. */
const epochMicroseconds = 946_684_800_000_000n;
const epochDays = 10_957;
const infinity = 2n ** 63n - 1n;

/** A date as PostgreSQL keeps it, of days since 1970. */
export function postgresDays(days: number): number {
  if (days === 0x7fff_ffff) return days;
  return days === -0x7fff_ffff ? -0x8000_0000 : days - epochDays;
}

/**
 * A timestamp as PostgreSQL keeps it, of microseconds since 1970.
 * @throws DataError code `timestamp_overflow`
 */
export function postgresMicroseconds(microseconds: bigint, column: string): bigint {
  if (microseconds === infinity) return infinity;
  if (microseconds === -infinity) return -infinity - 1n;
  const moved = microseconds - epochMicroseconds;
  if (moved >= -infinity) return moved;
  throw new DataError(
    `Column "${column}" holds a timestamp before 4713 BC, which PostgreSQL does not know.`,
    {
      code: 'timestamp_overflow',
    },
  );
}
