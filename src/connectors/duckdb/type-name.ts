import type { DataType } from '../../sql/data-type.ts';

const simpleTypes: Readonly<Record<string, DataType>> = {
  BOOLEAN: { type: 'boolean' },
  TINYINT: { type: 'int16' },
  UTINYINT: { type: 'int16' },
  SMALLINT: { type: 'int16' },
  USMALLINT: { type: 'int32' },
  INTEGER: { type: 'int32' },
  UINTEGER: { type: 'int64' },
  BIGINT: { type: 'int64' },
  UBIGINT: { type: 'decimal', precision: 20, scale: 0 },
  FLOAT: { type: 'float32' },
  DOUBLE: { type: 'float64' },
  VARCHAR: { type: 'text' },
  BLOB: { type: 'bytes' },
  DATE: { type: 'date' },
  TIME: { type: 'time' },
  'TIME WITH TIME ZONE': { type: 'timetz' },
  TIMETZ: { type: 'timetz' },
  TIMESTAMP: { type: 'timestamp' },
  TIMESTAMP_S: { type: 'timestamp' },
  TIMESTAMP_MS: { type: 'timestamp' },
  'TIMESTAMP WITH TIME ZONE': { type: 'timestamptz' },
  TIMESTAMPTZ: { type: 'timestamptz' },
  INTERVAL: { type: 'interval' },
  UUID: { type: 'uuid' },
  JSON: { type: 'json' },
};

/** Whole numbers of up to 39 digits, one more than DECIMAL holds. */
const wideIntegers: ReadonlySet<string> = new Set(['HUGEINT', 'UHUGEINT', 'BIGNUM']);

/**
 * The data type of a DuckDB type's name, such as `DECIMAL(12,2)` or `INTEGER[]`. Structs, maps and
 * unions are json; what has no exact counterpart (nanoseconds, bits, enums) is its text.
 */
export function parseTypeName(name: string): DataType {
  const simple = simpleTypes[name];
  if (simple) return simple;
  if (wideIntegers.has(name)) return { type: 'decimal' };
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(name);
  if (decimal) return { type: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  if (/^JSON\[\d*\]$/.test(name)) return { type: 'array', element: { type: 'json' } };
  const list = /^(.*)\[\d*\]$/s.exec(name);
  if (list) return listOf(parseTypeName(list[1] ?? ''));
  if (/^(STRUCT|MAP|UNION|VARIANT)\b/.test(name)) return { type: 'json' };
  return { type: 'text' };
}

/** Lists of lists and of structs travel as json: their elements have no text of their own. */
function listOf(element: DataType): DataType {
  const nested = element.type === 'array' || element.type === 'json';
  return nested ? { type: 'json' } : { type: 'array', element };
}
