/**
 * One value of a row, by data type:
 *
 * | data type | value |
 * |---|---|
 * | boolean | `true`, `false` |
 * | int16, int32 | a whole number |
 * | int64 | a `bigint`, a whole number up to 2^53, or the digits as text |
 * | float32, float64 | a number |
 * | decimal | the digits as text (`'-12.50'`), a `bigint`, or a number as JSON writes it |
 * | text | a string |
 * | bytes | a `Uint8Array` |
 * | date | `'2024-02-29'` |
 * | time | `'23:59:59.999999'` |
 * | timetz | `'23:59:59.999999+02:30'` |
 * | timestamp | `'2024-02-29T23:59:59.999999'`, without a zone |
 * | timestamptz | the same with `Z` or an offset, or a `Date` |
 * | interval | an `IntervalValue` |
 * | uuid | its text |
 * | json | anything that JSON can hold; a string is a JSON string |
 * | array | a list of values of its element type and nulls |
 *
 * `date`, `timestamp` and `timestamptz` may be `'infinity'` and `'-infinity'`, and their years before 1 and after
 * 9999 have a sign, as in ISO 8601: `'-0043-03-15'` is in 44 BC. `null` is NULL.
 */
export type RowValue = unknown;

/** One row: values by the names of columns. */
export type Row = Readonly<Record<string, RowValue>>;

/** A span of time; its three parts do not run into one another. */
export interface IntervalValue {
  readonly months: number;
  readonly days: number;
  readonly microseconds: bigint;
}
