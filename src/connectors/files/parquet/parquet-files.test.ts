import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileFolder } from '../file-folder.fixture.ts';

let files: FileFolder;
beforeAll(async () => {
  files = await FileFolder.open();
});
afterAll(() => files.close());

async function put(name: string, select: string): Promise<string> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`copy (${select}) to '${join(files.path, name)}' (format parquet)`);
  return join(files.path, name);
}

describe('several files', () => {
  test('whose exact numbers have other types: nothing is rounded', async () => {
    await put('a1.parquet', 'select 1::integer as i, 1.5::decimal(3,1) as d');
    await put('a2.parquet', 'select 1.25::decimal(3,2) as d, 5000000000 as i');
    expect(await files.typesOf('a*.parquet')).toEqual({ i: 'int64', d: 'decimal(4,2)' });
    expect(await files.rowsOf('a*.parquet')).toEqual([[1, 1.5], [5000000000, 1.25]]); // prettier-ignore
  });

  test.each([
    [
      "select 1 as i, 'x' as more",
      /b2\.parquet has other columns than .*b1\.parquet: more is VARCHAR here, and none/,
    ],
    ["select 'x' as i", /i is VARCHAR here, and INTEGER there/],
    ['select 1.5::double as i', /i is DOUBLE here, and INTEGER there/],
    ['select 1 as j', /i is none here, and INTEGER there/],
  ])('with other columns are an error: %s', async (select, message) => {
    await put('b1.parquet', 'select 1 as i');
    await put('b2.parquet', select);
    await expect(files.rowsOf('b*.parquet')).rejects.toMatchObject({
      code: 'file_columns_differ',
      message: expect.stringMatching(message),
    });
  });
});

describe('a broken file is told by its name', () => {
  test.each([
    ['its end is missing', (bytes: Buffer) => bytes.subarray(0, -3), 'file_broken_row'],
    ['its middle is overwritten', (bytes: Buffer) => bytes.fill(0x5a, 2000, 4000), 'file_broken_row'],
    ['far behind the first rows', (bytes: Buffer) => bytes.fill(0xff, bytes.length - 200_000, bytes.length - 199_000), 'file_broken_row'],
    ['encrypted', (bytes: Buffer) => Buffer.concat([Buffer.from('PARE'), bytes.subarray(4, -4), Buffer.from('PARE')]), 'file_encrypted'],
    ['empty', () => Buffer.alloc(0), 'file_broken_row'],
  ])('%s', async (_, spoil, code) => {
    await put('c1.parquet', 'select 1::bigint as i, \'x\' as t');
    const path = await put('c2.parquet', `select i, 'text ' || i as t from range(300000) as numbers(i)`);
    writeFileSync(path, spoil(await readFile(path)));
    await expect(files.rowsOf('c*.parquet')).rejects.toMatchObject({
      kind: 'data',
      code,
      message: expect.stringMatching(/c\d\.parquet/),
    });
  }); // prettier-ignore

  test('and a mistake in a query is not taken for one', async () => {
    await put('d.parquet', 'select 1 as i');
    const request = { stream: { name: 'd.parquet' }, columns: ['i'], where: 'nothing = 1', options: {} };
    const payload = await files.connection.source?.read(request, 'columns', new AbortController().signal);
    if (payload?.format !== 'columns') throw new Error('expected columns');
    await expect(payload.batches[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'sql_failed',
    });
  });
});
