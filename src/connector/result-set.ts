import type { Column } from '../sql/data-type.ts';

/**
 * A small result, for people and decisions; never a way to move tables.
 * Values: null, boolean, number (exact integers and floats), bigint beyond 2^53, string for text,
 * decimals, dates and timestamps (ISO 8601, UTC instants end in Z), Uint8Array for bytes,
 * parsed JSON for json, arrays for arrays.
 */
export interface ResultSet {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly unknown[])[];
}
