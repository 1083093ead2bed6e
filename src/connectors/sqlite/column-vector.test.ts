import { describe, expect, test } from 'vitest';
import type { DataType } from '../../sql/data-type.ts';
import { vectorBuilder } from './column-vector.ts';
import { parseDecimal, rescaleRounding } from './exact-decimal.ts';
import { parseIsoTimestamp, plainTimestamp } from './iso-time.ts';
import type { StoredValue } from './stored-value.ts';

function vectorOf(type: DataType, values: readonly StoredValue[]) {
  return vectorBuilder(type)(
    values.map((value) => [null, value]),
    1,
  );
}

test.each([
  '1970-01-01 00:00:00', '1969-12-31 23:59:59.999999', '2024-02-29T12:34:56.5', '1700-03-01 00:00:00', '2200-12-31 23:59:59.999999',
  '2023-02-29 00:00:00', '2024-00-01 00:00:00', '2024-01-00 00:00:00', '2024-01-01 24:00:00', '2024-01-01 00:60:00',
  '2024-01-01 00:00:60', '2024-01-01 00:00:00.', '2024-01-01 00:00:0x', '2024-01-01x00:00:00', '2024-01-01 00:00:00Z',
  '2024-01-01 00:00:00.12Z', '2024-01-01 00:00:00+01', '2024-01-01', '0001-01-01 00:00:00', '9999-12-31 23:59:59.1234560', ' 2024-01-01 00:00:00',
])('the short way to read %s is the long way, or not taken', (text) => {
  const plain = plainTimestamp(text);
  const micros = parseIsoTimestamp(text);
  if (plain !== undefined) expect(BigInt(plain)).toBe(micros);
  if (micros === undefined) expect(() => vectorOf({ type: 'timestamp' }, [text])).toThrow(/ISO 8601/);
  else expect(vectorOf({ type: 'timestamp' }, [null, text])).toMatchObject({ values: new BigInt64Array([0n, micros]) });
}); // prettier-ignore

describe('doubles as decimals', () => {
  const doubles = [
    0, -0, 19.99, -19.99, 0.005, 1.005, 1.255, 2.675, -0.335, 1e-7, 999999999999.99, 0.1 + 0.2, 123456789.125,
    70.075, 9007199254.740993, 1e15, 1e16, 450359962737049.7, -1234567890123.45, 8.41, 1.15, 1e20 / 3,
  ]; // prettier-ignore
  test.each([0, 2, 4, 9])('with %i digits behind the point are those of their shortest text', (scale) => {
    for (const value of doubles) {
      const exact = parseDecimal(String(value));
      if (!exact) throw new Error(`${value} has no text`);
      const unscaled = rescaleRounding(exact, scale);
      const type: DataType = { type: 'decimal', precision: 18, scale };
      if (unscaled >= 10n ** 18n || unscaled <= -(10n ** 18n))
        expect(() => vectorOf(type, [value])).toThrow(/more than 18 digits/);
      else expect(vectorOf(type, [value])).toMatchObject({ values: new BigInt64Array([unscaled]) });
    }
  });

  test('beyond the declared digits are refused', () => {
    const type: DataType = { type: 'decimal', precision: 4, scale: 2 };
    expect(vectorOf(type, [99.99, 99.994, -99.99])).toMatchObject({
      values: new BigInt64Array([9999n, 9999n, -9999n]),
    });
    for (const value of [100, -100, 99.995, 100n, '100'])
      expect(() => vectorOf(type, [1, value])).toThrow(/more than 4 digits/);
  });
});

test('texts keep their places, whatever letters they are of', () => {
  const texts = ['', 'a', null, 'é', '✓✓', '😀', null, 'z', '\u0000'];
  const vector = vectorOf({ type: 'text' }, texts);
  if (vector.kind !== 'bytes') throw new Error('expected bytes');
  const { data, starts, ends, validity } = vector;
  const read = texts.map((_, row) =>
    validity?.[row] === 0 ? null : Buffer.from(data.subarray(starts[row], ends[row])).toString(),
  );
  expect(read).toEqual(texts);
});

test('integers keep all 64 bits, and what is none is told with its row', () => {
  const ends = [2n ** 63n - 1n, -(2n ** 63n), 0n];
  expect(vectorOf({ type: 'int64' }, ends)).toMatchObject({ values: new BigInt64Array(ends) });
  for (const value of [1.5, '1', new Uint8Array()]) {
    expect(() => vectorOf({ type: 'int64' }, [1n, null, value])).toThrow(
      expect.objectContaining({ row: 2, message: 'is not an integer' }),
    );
  }
});
