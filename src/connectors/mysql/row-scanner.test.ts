import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnBatch } from '../../connector/index.ts';
import { RowScanner } from './row-scanner.ts';
import { vectorDecoder } from './row-vectors.ts';

const choices = { zero_dates: 'error', tinyint1: 'integer', times: 'time' } as const;
const textColumn = { name: 'c', type: { type: 'text' }, nullable: true, wire: 'text' } as const;
const endOfRows = packet(Buffer.from([0xfe, 0, 0, 2, 0]));

function packet(payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}

function lengthCoded(text: string | null): Buffer {
  if (text === null) return Buffer.from([0xfb]);
  const bytes = Buffer.from(text);
  const long = Buffer.from([0xfc, bytes.length & 0xff, bytes.length >> 8]);
  return Buffer.concat([bytes.length < 0xfb ? Buffer.from([bytes.length]) : long, bytes]);
}

/** What a server sends for rows of two columns, up to the end of the rows. */
function resultOf(rows: readonly (readonly (string | null)[])[]): Buffer {
  const definition = packet(Buffer.from('\u0003def and more'));
  return Buffer.concat([
    packet(Buffer.from([2])),
    definition,
    definition,
    packet(Buffer.from([0xfe, 0, 0, 2, 0])),
    ...rows.map((row) => packet(Buffer.concat(row.map((value) => lengthCoded(value))))),
    endOfRows,
  ]);
}

/** Pushes `bytes` cut at multiples of `sizes`, one size after the other. */
function scan(
  bytes: Buffer,
  sizes: readonly number[],
): { rows: (string | null)[][]; rest: Buffer; state: string } {
  const rows: (string | null)[][] = [];
  const collect = ({ rowCount, vectors, release }: ColumnBatch): void => {
    for (let row = 0; row < rowCount; row += 1) {
      rows.push(
        vectors.map((vector) => {
          if (vector.kind !== 'bytes') throw new Error(vector.kind);
          if (vector.validity?.[row] === 0) return null;
          return Buffer.from(vector.data.subarray(vector.starts[row], vector.ends[row])).toString();
        }),
      );
    }
    release?.();
  };
  const decoder = vectorDecoder(textColumn, choices);
  const scanner = new RowScanner([decoder, decoder], collect);
  let state = 'head';
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    state = scanner.push(bytes.subarray(at, at + size));
    at += size;
  }
  return { rows, rest: scanner.rest(), state };
}

describe('the scanner of results', () => {
  test('rows do not depend on where the network cuts the bytes', () => {
    const value = fc.option(
      fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.string({ minLength: 240, maxLength: 600 })),
      { freq: 5 },
    );
    const rows = fc.array(fc.tuple(value, value), { maxLength: 60 });
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(rows, sizes, (given, cuts) => {
        const found = scan(resultOf(given), cuts);
        expect(found.rows).toEqual(given);
        expect(found.state).toBe('done');
        expect(found.rest.subarray(0, endOfRows.length)).toEqual(endOfRows);
      }),
      { numRuns: 300 },
    );
  });

  test('more rows than a batch holds, in memory that is used again', () => {
    const rows = Array.from({ length: 10_000 }, (_, row) => [`row ${row}`, row % 3 === 0 ? null : `${row}`]);
    expect(scan(resultOf(rows), [1000]).rows).toEqual(rows);
  });

  test('it stops before an error, also after rows, and before an answer without rows', () => {
    const failed = packet(Buffer.from([0xff, 0x25, 0x05, ...Buffer.from('#70100killed')]));
    const whole = resultOf([['a', 'b']]);
    const cut = Buffer.concat([whole.subarray(0, whole.length - endOfRows.length), failed]);
    expect(scan(cut, [7])).toMatchObject({ rows: [['a', 'b']], state: 'done' });
    expect(scan(cut, [cut.length]).rest).toEqual(failed);
    expect(scan(failed, [3])).toMatchObject({ rows: [], state: 'done' });
    const ok = packet(Buffer.from([0, 0, 0, 2, 0, 0, 0]));
    expect(scan(ok, [2])).toMatchObject({ rows: [], state: 'done' });
  });

  test('another number of columns or values is an error, not a shifted row', () => {
    const one = Buffer.concat([packet(Buffer.from([1]))]);
    expect(() => scan(one, [9])).toThrow(/1 columns instead of 2/);
    expect(() => scan(resultOf([['a']]), [9])).toThrow(/does not have 2 values/);
    expect(() => scan(resultOf([['a', 'b', 'c']]), [9])).toThrow(/does not have 2 values/);
  });
});
