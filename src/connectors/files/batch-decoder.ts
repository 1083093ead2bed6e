import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  DuckDBUUIDValue,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  INTERVAL,
  SMALLINT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  UUID,
  VARCHAR,
} from '@duckdb/node-api';
import type { ColumnVector } from '../../connector/column-batch.ts';
import type { DataType } from '../../sql/data-type.ts';

/** The DuckDB type that a column is collected in; JSON, arrays and wide decimals as text. */
export function collectedType(type: DataType): DuckDBType {
  switch (type.type) {
    case 'boolean':
      return BOOLEAN;
    case 'int16':
      return SMALLINT;
    case 'int32':
      return INTEGER;
    case 'int64':
      return BIGINT;
    case 'float32':
      return FLOAT;
    case 'float64':
      return DOUBLE;
    case 'date':
      return DATE;
    case 'time':
      return TIME;
    case 'timestamp':
      return TIMESTAMP;
    case 'timestamptz':
      return TIMESTAMPTZ;
    case 'interval':
      return INTERVAL;
    case 'uuid':
      return UUID;
    case 'bytes':
      return BLOB;
    case 'decimal':
      if (type.precision === undefined || type.precision > 38) return VARCHAR;
      return DECIMAL(type.precision, type.scale ?? 0);
    case 'text':
    case 'json':
    case 'array':
      return VARCHAR;
  }
}

/** One column of a batch as DuckDB's values. */
export function decodeColumn(vector: ColumnVector, type: DataType, rowCount: number): DuckDBValue[] {
  return Array.from({ length: rowCount }, (_, row) =>
    vector.validity?.[row] === 0 ? null : decodeValue(vector, type, row),
  );
}

const decoder = new TextDecoder();

function decodeValue(vector: ColumnVector, type: DataType, row: number): DuckDBValue {
  switch (vector.kind) {
    case 'uint8':
      return vector.values[row] === 1;
    case 'int64':
      return wrapInteger(vector.values[row] ?? 0n, type);
    case 'int32':
      return type.type === 'date' ? new DuckDBDateValue(vector.values[row] ?? 0) : (vector.values[row] ?? 0);
    case 'int16':
    case 'float32':
    case 'float64':
      return vector.values[row] ?? 0;
    case 'fixed':
      return fixedValue(new DataView(vector.values.buffer, vector.values.byteOffset + row * 16, 16), type);
    case 'bytes': {
      const bytes = vector.data.subarray(vector.starts[row], vector.ends[row]);
      return type.type === 'bytes' ? new DuckDBBlobValue(bytes) : decoder.decode(bytes);
    }
  }
}

function wrapInteger(value: bigint, type: DataType): DuckDBValue {
  switch (type.type) {
    case 'time':
      return new DuckDBTimeValue(value);
    case 'timestamp':
      return new DuckDBTimestampValue(value);
    case 'timestamptz':
      return new DuckDBTimestampTZValue(value);
    case 'decimal':
      return new DuckDBDecimalValue(value, type.precision ?? 18, type.scale ?? 0);
    default:
      return value;
  }
}

function fixedValue(cell: DataView, type: DataType): DuckDBValue {
  if (type.type === 'interval') {
    return new DuckDBIntervalValue(cell.getInt32(0, true), cell.getInt32(4, true), cell.getBigInt64(8, true));
  }
  if (type.type === 'decimal') {
    const unscaled = (cell.getBigInt64(8, true) << 64n) | cell.getBigUint64(0, true);
    return new DuckDBDecimalValue(unscaled, type.precision ?? 38, type.scale ?? 0);
  }
  return DuckDBUUIDValue.fromUint128((cell.getBigUint64(0) << 64n) | cell.getBigUint64(8));
}
