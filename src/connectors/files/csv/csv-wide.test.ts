import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DataType } from '../../../sql/data-type.ts';
import { FileFolder } from '../file-folder.fixture.ts';

let files: FileFolder;
beforeAll(async () => {
  files = await FileFolder.open(2e9);
});
afterAll(() => files.close());

const odd = [
  '12E4', '"1,234"', '007', '+1', '31/12/2024', '2024-1-5', '2024-02-30', '12:30', '9223372036854775807',
  '9223372036854775808', '-12.50', '-0', '0.0', '2024-02-29', '0001-01-01', '0000-01-01', '2024-02-29 10:00:00.123456',
  '2024-02-29T10:00', '2024-02-29T10:00:00Z', '2024-02-29 10:00:00+02:30', '2024-02-29 24:00:00', 'TRUE', 'fAlse', 'yes',
  'NULL', '', '""', '" 1"', '"a\nb"', '1 ', 'nan', 'infinity', '123456789012345678901234567890.123456789',
]; // prettier-ignore

/** A file of one row, and the same with as many further columns as makes it wide. */
async function bothWays(values: readonly string[], declared: readonly DataType[] = []): Promise<void> {
  const names = values.map((_, index) => `v${index}`);
  const columns = Object.fromEntries(declared.map((type, index) => [`v${index}`, type]));
  const more = Array.from({ length: 250 }, (_, index) => `w${index}`);
  files.put('narrow.csv', `${names.join()}\n${values.join()}\n`);
  files.put('wide.csv', `${[...names, ...more].join()}\n${[...values, ...more].join()}\n`);
  const narrow = await files.rowsOf('narrow.csv', { columns });
  const wide = await files.rowsOf('wide.csv', { columns });
  expect(wide.map((row) => row.slice(0, values.length))).toEqual(narrow);
  expect(narrow).toHaveLength(1);
  const types = await files.typesOf('narrow.csv', { columns });
  expect(await files.typesOf('wide.csv', { columns })).toMatchObject(types);
}

describe('a table with many columns has the values of one with few', () => {
  test('where types are found out', () => bothWays(odd));

  test('where they are declared', () => {
    const fitting: readonly (readonly [DataType, readonly string[]])[] = [
      [{ type: 'int16' }, ['+1', '-0', '007', '32767']],
      [{ type: 'int64' }, ['+9223372036854775807', '-9223372036854775808', '00']],
      [
        { type: 'decimal', precision: 12, scale: 2 },
        ['+1.50', '.5', '1.', '1.5000', '-0.00', '9999999999.99'],
      ],
      [{ type: 'decimal', precision: 38, scale: 10 }, ['1234567890123456789012345678.0123456789']],
      [{ type: 'float64' }, ['1e300', '.5', '1.', '-0', '4.9e-324', '0.1']],
      [{ type: 'float32' }, ['0.1', '16777217']],
      [{ type: 'boolean' }, ['T', 'yes', 'no', '1', '0', 'fAlSe']],
      [{ type: 'date' }, ['2024-02-29', '0001-01-01']],
      [{ type: 'time' }, ['10:00', '23:59:59.999999']],
      [{ type: 'timestamp' }, ['2024-02-29', '2024-02-29 10:00', '2024-02-29T10:00:00.1234560']],
      [{ type: 'timestamptz' }, ['2024-02-29T10:00:00Z', '2024-02-29 10:00:00+02']],
      [{ type: 'uuid' }, ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11']],
      [{ type: 'json' }, ['"{""a"": 1.0}"']],
      [{ type: 'text' }, ['""', '007']],
    ];
    const pairs = fitting.flatMap(([type, values]) => values.map((value) => [type, value] as const));
    return bothWays(
      pairs.map(([, value]) => value),
      pairs.map(([type]) => type),
    );
  });
});

test('values of all rows decide, and one that does not fit what was declared is told with its line', async () => {
  const names = Array.from({ length: 500 }, (_, index) => `c${index}`);
  const rows = Array.from({ length: 3000 }, (_, row) => names.map((_, index) => row * index).join());
  const last = names.map((_, index) => (index === 7 ? 'x' : index === 8 ? '0.25' : '')).join();
  files.put('late.csv', `${names.join()}\n${rows.join('\n')}\n${last}\n`);
  expect(await files.typesOf('late.csv')).toMatchObject({ c6: 'int64', c7: 'text', c8: 'decimal(7,2)' });
  expect((await files.rowsOf('late.csv')).at(-1)?.slice(6, 9)).toEqual([null, 'x', 0.25]);
  await expect(files.typesOf('late.csv', { columns: { c7: { type: 'int64' } } })).rejects.toMatchObject({
    code: 'value_misfit',
    message: expect.stringMatching(/late\.csv, line 3002: the value of column c7 does not fit bigint/),
  });
});

test('ten thousand columns are read, and are an error where memory is too small for them', async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `column_${index}`);
  const values = names.map((_, index) => ['1', '2.5', 'x', '2024-01-01', ''][index % 5]);
  const text = `${names.join()}\n${`${values.join()}\n`.repeat(3)}`;
  files.put('widest.csv', text);
  const types = await files.typesOf('widest.csv');
  expect(Object.values(types).slice(-5)).toEqual(['int64', 'decimal(2,1)', 'text', 'date', 'text']);
  const rows = await files.rowsOf('widest.csv');
  expect(rows).toHaveLength(3);
  for (const row of rows) expect(row.slice(-5)).toEqual([1, 2.5, 'x', '2024-01-01', null]);
  const small = await FileFolder.open(1e8);
  small.put('widest.csv', text);
  await expect(small.rowsOf('widest.csv')).rejects.toMatchObject({
    code: 'memory_budget',
    next: expect.stringMatching(/MILLRACE_MEMORY_BUDGET.*select/),
  });
  await small.close();
});

test('looking at the types of a file can be cancelled', async () => {
  const names = Array.from({ length: 2000 }, (_, index) => `c${index}`);
  files.put('long.csv', `${names.join()}\n${`${names.map(() => '2024-01-01').join()}\n`.repeat(2000)}`);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  await expect(
    files.connection.source?.describe({ name: 'long.csv' }, {}, stop.signal),
  ).rejects.toMatchObject({
    kind: 'cancelled',
  });
});
