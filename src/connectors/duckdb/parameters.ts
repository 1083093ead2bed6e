import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  SQLNULL,
  VARCHAR,
  blobValue,
} from '@duckdb/node-api';

export interface BoundParameters {
  readonly values: DuckDBValue[];
  readonly types: DuckDBType[];
}

const int64Range = 2n ** 63n;

/** Plain values as DuckDB binds them: whole numbers as BIGINT, objects and arrays as JSON text. */
export function bindParameters(parameters: readonly unknown[]): BoundParameters {
  const bound = parameters.map((parameter) => bind(parameter));
  return { values: bound.map(([value]) => value), types: bound.map(([, type]) => type) };
}

function bind(value: unknown): [DuckDBValue, DuckDBType] {
  if (value === null || value === undefined) return [null, SQLNULL];
  if (typeof value === 'boolean') return [value, BOOLEAN];
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? [BigInt(value), BIGINT] : [value, DOUBLE];
  if (typeof value === 'bigint')
    return [value, value >= -int64Range && value < int64Range ? BIGINT : HUGEINT];
  if (value instanceof Uint8Array) return [blobValue(value), BLOB];
  if (value instanceof Date) return [value.toISOString(), VARCHAR];
  return [typeof value === 'string' ? value : JSON.stringify(value), VARCHAR];
}
