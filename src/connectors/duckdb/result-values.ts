import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  type DuckDBDateValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  type DuckDBTimestampTZValue,
  type DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBMaterializedResult,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ResultSet } from '../../connector/result-set.ts';
import { parseTypeName } from './type-name.ts';

/** Microseconds that a JavaScript date can tell. */
const dateRange = 8_640_000_000_000_000_000n;
const infinity = 2n ** 63n - 1n;
const secondsPerDay = 86_400;

/** A small result as `ResultSet` wants its values. */
export async function toResultSet(result: DuckDBMaterializedResult): Promise<ResultSet> {
  const names = result.columnNames();
  const types = result.columnTypes();
  const rows = await result.getRows();
  return {
    columns: names.map((name, index) => ({
      name,
      type: parseTypeName(typeNameOf(types[index] as DuckDBType)),
      nullable: true,
    })),
    rows: rows.map((row) => row.map((value, index) => plainValue(value, types[index] as DuckDBType))),
  };
}

function typeNameOf(type: DuckDBType): string {
  return type.alias ?? type.toString();
}

function plainValue(value: DuckDBValue, type: DuckDBType): unknown {
  if (value === null) return null;
  switch (type.typeId) {
    case DuckDBTypeId.TIMESTAMP:
      return isoTimestamp((value as DuckDBTimestampValue).micros, '');
    case DuckDBTypeId.TIMESTAMP_TZ:
      return isoTimestamp((value as DuckDBTimestampTZValue).micros, 'Z');
    case DuckDBTypeId.DATE:
      return isoDate(value as DuckDBDateValue);
    case DuckDBTypeId.VARCHAR:
      return type.alias === 'JSON' ? JSON.parse(String(value)) : value;
    default:
      return nestedValue(value);
  }
}

/** Values within lists and structs carry no type of their own here. */
function nestedValue(value: DuckDBValue): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (value instanceof DuckDBBlobValue) return new Uint8Array(value.bytes);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return value.items.map((item) => nestedValue(item));
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(Object.entries(value.entries).map(([key, item]) => [key, nestedValue(item)]));
  }
  if (value instanceof DuckDBMapValue) {
    return Object.fromEntries(value.entries.map(({ key, value: item }) => [String(key), nestedValue(item)]));
  }
  return String(value);
}

function isoDate(value: DuckDBDateValue): string {
  const { days } = value;
  if (Math.abs(days) === 0x7fff_ffff) return days > 0 ? 'infinity' : '-infinity';
  const date = new Date(days * secondsPerDay * 1000);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0
    ? String(value)
    : date.toISOString().replace(/T.*/, '');
}

function isoTimestamp(micros: bigint, zone: string): string {
  if (micros === infinity || micros === -infinity) return micros > 0n ? 'infinity' : '-infinity';
  if (micros > dateRange || micros < -dateRange) return `${micros} microseconds since 1970`;
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, -5);
  return `${seconds}${fraction === 0n ? '' : `.${fraction.toString().padStart(6, '0')}`}${zone}`;
}
