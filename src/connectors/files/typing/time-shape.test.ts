import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DataType } from '../../../sql/data-type.ts';
import { writtenPattern } from './column-fit.ts';
import { timeShape } from './time-shape.ts';

const samples: readonly (readonly [DataType['type'], string])[] = [
  ['date', '2024-02-29'],
  ['time', '10:00'],
  ['time', '10:00:59.123456'],
  ['timestamp', '2024-02-29'],
  ['timestamp', '2024-02-29T10:00'],
  ['timestamp', '2024-02-29 10:00:00.1'],
  ['timestamptz', '2024-02-29 10:00:00+00'],
  ['timestamptz', '2024-02-29T10:00:00.123Z'],
  ['timestamptz', '2024-02-29 10:00:00.123456-05:30'],
];

test.each(samples)('texts of the shape of a %s such as %s are written as it is', async (name, sample) => {
  const pattern = writtenPattern({ type: name } as DataType) ?? '';
  const shape = timeShape(sample, pattern) ?? '';
  const written = new RegExp(`^(${pattern})$`);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const hasShape = async (text: string): Promise<unknown> =>
    (await connection.runAndReadAll('select $1 glob $2', [text, shape])).getRows()[0]?.[0];
  const letter = fc.constantFrom(...'0123456789 -+:.TZe'.split(''));
  await fc.assert(
    fc.asyncProperty(fc.nat(sample.length), letter, fc.boolean(), async (place, put, replaces) => {
      const text = `${sample.slice(0, place)}${put}${sample.slice(replaces ? place + 1 : place)}`;
      if (await hasShape(text)) expect(text).toMatch(written);
    }),
  );
  expect(await hasShape(sample.replaceAll(/[0-9]/g, '7'))).toBe(true);
  connection.closeSync();
  instance.closeSync();
});

test('what is not written as a time, or has zeros behind its microseconds, has no shape', () => {
  const pattern = writtenPattern({ type: 'timestamp' }) ?? '';
  expect(timeShape(undefined, pattern)).toBeUndefined();
  expect(timeShape('2024-02-29 10:00*', pattern)).toBeUndefined();
  expect(timeShape('2024-02-29 10:00:00.1234560', pattern)).toBeUndefined();
});
