import type { ColumnVector } from '../../connector/column-batch.ts';
import { textVector } from './bytes-vector.ts';
import {
  decimalText,
  type ExactDecimal,
  parseDecimal,
  rescaleExactly,
  rescaleRounding,
} from './exact-decimal.ts';
import { Misfit, noteNull, type StoredRow, type StoredValue } from './stored-value.ts';

/**
 * SQLite has no exact fractions: a value written as 19.99 is kept as the nearest double. Its shortest
 * text is taken and rounded to the declared scale, which gives back what was written for up to 15 digits.
 */
export function storedDecimal(value: StoredValue): ExactDecimal | undefined {
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

/** The builder for exact numbers of that many digits. */
export function decimalVector(
  precision: number,
  scale: number,
): (rows: readonly StoredRow[], at: number) => ColumnVector {
  if (precision <= 18) return (rows, at) => narrowVector(rows, at, precision, scale);
  if (precision <= 38) return (rows, at) => wideVector(rows, at, precision, scale);
  return (rows, at) => {
    const exact = rows.map((row, index) => {
      const value = row[at] ?? null;
      if (value === null) return [null];
      const unscaled = scaledDecimal(value, precision, scale);
      if (typeof unscaled === 'string') throw new Misfit(index, unscaled);
      return [decimalText({ unscaled, scale })];
    });
    return textVector(exact, 0, String, '');
  };
}

/** Decimals of up to 15 digits and doubles are told apart from each other, so that one stands for the other. */
const mostTelling = 1e15;

function narrowVector(
  rows: readonly StoredRow[],
  at: number,
  precision: number,
  scale: number,
): ColumnVector {
  const values = new BigInt64Array(rows.length);
  const halves = new Int32Array(values.buffer);
  const unit = 10 ** scale;
  const limit = Math.min(10 ** precision, mostTelling);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    if (typeof value === 'number') {
      const scaled = Math.round(value * unit);
      if (scaled / unit === value && scaled < limit && scaled > -limit) {
        halves[2 * row] = scaled | 0;
        halves[2 * row + 1] = Math.floor(scaled / 0x1_0000_0000);
        continue;
      }
    }
    const unscaled = scaledDecimal(value, precision, scale);
    if (typeof unscaled === 'string') throw new Misfit(row, unscaled);
    values[row] = unscaled;
  }
  return { kind: 'int64', values, ...(validity && { validity }) };
}

function wideVector(rows: readonly StoredRow[], at: number, precision: number, scale: number): ColumnVector {
  const words = new BigInt64Array(rows.length * 2);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    const unscaled = scaledDecimal(value, precision, scale);
    if (typeof unscaled === 'string') throw new Misfit(row, unscaled);
    words[row * 2] = BigInt.asIntN(64, unscaled);
    words[row * 2 + 1] = unscaled >> 64n;
  }
  return { kind: 'fixed', width: 16, values: new Uint8Array(words.buffer), ...(validity && { validity }) };
}
