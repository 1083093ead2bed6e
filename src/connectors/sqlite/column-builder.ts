import { maxBatchRows } from '../../connector/column-batch.ts';
import type { DataType } from '../../sql/data-type.ts';
import { bytesBuilder } from './bytes-builder.ts';
import {
  decimalText,
  type ExactDecimal,
  parseDecimal,
  rescaleExactly,
  rescaleRounding,
} from './exact-decimal.ts';
import type { ColumnBuilder, StoredValue } from './stored-value.ts';
import { parseIsoDate, parseIsoTime, parseIsoTimestamp } from './iso-time.ts';

/** A builder for one column of one batch. */
export function columnBuilder(type: DataType): ColumnBuilder {
  switch (type.type) {
    case 'int64':
      return int64Builder((value) => (typeof value === 'bigint' ? value : undefined), 'is not an integer');
    case 'timestamp':
    case 'timestamptz':
      return int64Builder(
        (value) => (typeof value === 'string' ? parseIsoTimestamp(value) : undefined),
        'is not an ISO 8601 timestamp (a column of Unix times must be declared INTEGER)',
      );
    case 'time':
      return int64Builder(
        (value) => (typeof value === 'string' ? parseIsoTime(value) : undefined),
        'is not an ISO 8601 time',
      );
    case 'date':
      return dateBuilder();
    case 'boolean':
      return booleanBuilder();
    case 'float64':
      return floatBuilder();
    case 'decimal':
      return decimalBuilder(type.precision, type.scale ?? 0);
    case 'uuid':
      return uuidBuilder();
    case 'text':
      return bytesBuilder((value) => (typeof value === 'string' ? value : undefined), 'is not text');
    case 'json':
      return bytesBuilder((value) => (isJson(value) ? String(value) : undefined), 'is not JSON text');
    case 'bytes':
      return bytesBuilder((value) => (value instanceof Uint8Array ? value : undefined), 'is not a BLOB');
    default:
      throw new Error(`SQLite has no columns of type ${type.type}`);
  }
}

function int64Builder(read: (value: StoredValue) => bigint | undefined, misfit: string): ColumnBuilder {
  const values = new BigInt64Array(maxBatchRows);
  return {
    put: (row, value) => {
      const integer = read(value);
      if (integer === undefined) return misfit;
      values[row] = integer;
      return undefined;
    },
    finish: (validity) => ({ kind: 'int64', values, ...(validity && { validity }) }),
  };
}

function dateBuilder(): ColumnBuilder {
  const values = new Int32Array(maxBatchRows);
  return {
    put: (row, value) => {
      const days = typeof value === 'string' ? parseIsoDate(value) : undefined;
      if (days === undefined) {
        return 'is not an ISO 8601 date (a column of Unix times must be declared INTEGER)';
      }
      values[row] = days;
      return undefined;
    },
    finish: (validity) => ({ kind: 'int32', values, ...(validity && { validity }) }),
  };
}

function booleanBuilder(): ColumnBuilder {
  const values = new Uint8Array(maxBatchRows);
  return {
    put: (row, value) => {
      const text = String(value).toLowerCase();
      if (!['0', '1', 'false', 'true'].includes(text)) return 'is not a boolean (0, 1, true, false)';
      values[row] = text === '1' || text === 'true' ? 1 : 0;
      return undefined;
    },
    finish: (validity) => ({ kind: 'uint8', values, ...(validity && { validity }) }),
  };
}

function floatBuilder(): ColumnBuilder {
  const values = new Float64Array(maxBatchRows);
  return {
    put: (row, value) => {
      if (typeof value !== 'number' && typeof value !== 'bigint') return 'is not a number';
      const float = Number(value);
      if (typeof value === 'bigint' && BigInt(float) !== value)
        return 'is an integer that a float cannot hold';
      values[row] = float;
      return undefined;
    },
    finish: (validity) => ({ kind: 'float64', values, ...(validity && { validity }) }),
  };
}

/**
 * SQLite has no exact fractions: a value written as 19.99 is kept as the nearest double. Its shortest
 * text is taken and rounded to the declared scale, which gives back what was written for up to 15 digits.
 */
function storedDecimal(value: StoredValue): ExactDecimal | undefined {
  if (typeof value === 'bigint') return { unscaled: value, scale: 0 };
  if (typeof value === 'number') return Number.isFinite(value) ? parseDecimal(String(value)) : undefined;
  return typeof value === 'string' ? parseDecimal(value) : undefined;
}

function scaledDecimal(value: StoredValue, precision: number, scale: number): bigint | string {
  const decimal = storedDecimal(value);
  if (!decimal) return 'is not a number';
  const rounds = typeof value === 'number';
  const unscaled = rounds ? rescaleRounding(decimal, scale) : rescaleExactly(decimal, scale);
  if (unscaled === undefined) return `has more than ${scale} digits after the point`;
  const limit = 10n ** BigInt(precision);
  return unscaled < limit && unscaled > -limit ? unscaled : `has more than ${precision} digits`;
}

function decimalBuilder(precision: number | undefined, scale: number): ColumnBuilder {
  if (precision === undefined) {
    return bytesBuilder((value) => {
      const decimal = storedDecimal(value);
      return decimal && decimalText(decimal);
    }, 'is not a number');
  }
  if (precision > 38) return wideDecimalBuilder(precision, scale);
  return precision <= 18 ? narrowDecimalBuilder(precision, scale) : hugeDecimalBuilder(precision, scale);
}

function narrowDecimalBuilder(precision: number, scale: number): ColumnBuilder {
  const values = new BigInt64Array(maxBatchRows);
  return {
    put: (row, value) => {
      const unscaled = scaledDecimal(value, precision, scale);
      if (typeof unscaled === 'string') return unscaled;
      values[row] = unscaled;
      return undefined;
    },
    finish: (validity) => ({ kind: 'int64', values, ...(validity && { validity }) }),
  };
}

function hugeDecimalBuilder(precision: number, scale: number): ColumnBuilder {
  const words = new BigInt64Array(maxBatchRows * 2);
  return {
    put: (row, value) => {
      const unscaled = scaledDecimal(value, precision, scale);
      if (typeof unscaled === 'string') return unscaled;
      words[row * 2] = BigInt.asIntN(64, unscaled);
      words[row * 2 + 1] = unscaled >> 64n;
      return undefined;
    },
    finish: (validity) => ({
      kind: 'fixed',
      width: 16,
      values: new Uint8Array(words.buffer),
      ...(validity && { validity }),
    }),
  };
}

function wideDecimalBuilder(precision: number, scale: number): ColumnBuilder {
  const texts = bytesBuilder((value) => value, '');
  return {
    put: (row, value) => {
      const unscaled = scaledDecimal(value, precision, scale);
      if (typeof unscaled === 'string') return unscaled;
      return texts.put(row, decimalText({ unscaled, scale }));
    },
    finish: (validity) => texts.finish(validity),
  };
}

const uuidPattern = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

function uuidBuilder(): ColumnBuilder {
  const values = new Uint8Array(maxBatchRows * 16);
  return {
    put: (row, value) => {
      const bytes = uuidBytes(value);
      if (!bytes) return 'is not a UUID';
      values.set(bytes, row * 16);
      return undefined;
    },
    finish: (validity) => ({ kind: 'fixed', width: 16, values, ...(validity && { validity }) }),
  };
}

function uuidBytes(value: StoredValue): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value.length === 16 ? value : undefined;
  const match = typeof value === 'string' ? uuidPattern.exec(value) : null;
  return match ? Buffer.from(match.slice(1).join(''), 'hex') : undefined;
}

function isJson(value: StoredValue): boolean {
  if (typeof value !== 'string') return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
