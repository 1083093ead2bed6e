import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinedParquet } from './joined-parquet.ts';
import { readThrift, writeThrift } from './thrift.ts';

let folder: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-parquet-'));
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});
afterEach(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true });
});

const place = (name: string): string => join(folder, name);

async function rows(sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

/** Rows of all kinds of types from one number on; texts of few kinds get dictionaries and bloom filters. */
const select = (first: number, count: number): string => `
select i as id, cast(i as smallint) as small, i::decimal(38, 4) as exact, 'kind ' || i % 7 as kind, repeat('long ' || i, 20) as note,
  case when i % 3 = 0 then null else timestamptz '2024-01-01 00:00:00+00' + to_seconds(i) end as at, i % 2 = 0 as flag,
  [i, null, i + 1] as list, { 'a': i, 'b': 'x' } as pair, uuid() is not null as u, date '2024-01-01' + (i % 365)::int as day,
  i / 3.0 as f, '\\x01\\x02'::blob as bytes, null::int as nothing, map { 'k': i } as m, i % 100 as rest, '' as empty
from range(${first}, ${first + count}) t(i)`;

async function joinParts(counts: readonly number[], settings: string): Promise<number> {
  const joined = await joinedParquet(place('all.parquet'));
  let first = 0;
  for (const count of counts) {
    await connection.run(
      `copy (${select(first, count)}) to '${place('part.parquet')}' (format parquet, ${settings})`,
    );
    await joined.add(place('part.parquet'));
    first += count;
  }
  const bytes = await joined.finish();
  await joined.close();
  return bytes;
}

test.each([
  ['many row groups', [5000, 3000, 4096], 'row_group_size 2048, compression zstd'],
  ['one row group each', [10, 1], 'compression snappy'],
  ['without compression', [3000], 'row_group_size 2048, compression uncompressed'],
  ['parts without rows', [0, 100, 0], 'compression zstd'],
  ['no rows at all', [0], 'compression zstd'],
  ['more than fifteen parts', Array.from({ length: 20 }, () => 3), 'compression zstd'],
])('%s: all rows are there, in their order', async (_, counts, settings) => {
  const bytes = await joinParts(counts, settings);
  expect(statSync(place('all.parquet')).size).toBe(bytes);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const file = `'${place('all.parquet')}'`;
  expect(await rows(`select count(*)::int from ${file}`)).toEqual([[total]]);
  const expected = await rows(select(0, total));
  expect(await rows(`select * from ${file}`)).toEqual(expected);
  expect(await rows(`select column_type from (describe select * from ${file})`)).toEqual(
    await rows(`select column_type from (describe ${select(0, 1)})`),
  );
});

test('statistics and bloom filters of all row groups are found', async () => {
  await joinParts([4096, 4096], 'row_group_size 2048, compression zstd');
  const file = `'${place('all.parquet')}'`;
  expect(await rows(`select id::int from ${file} where id in (5, 8191)`)).toEqual([[5], [8191]]);
  expect(await rows(`select count(*)::int from ${file} where kind = 'kind 3'`)).toEqual([[1170]]);
  expect(await rows(`select count(*)::int from ${file} where kind = 'kind 9'`)).toEqual([[0]]);
  const probed = `select distinct row_group_id::int from parquet_bloom_probe(${file}, 'kind', 'kind 3') where not bloom_filter_excludes order by 1`;
  expect(await rows(probed)).toEqual([[0], [1], [2], [3]]);
  const groups = `select row_group_id::int, min(stats_min_value::int), max(stats_max_value::int) from parquet_metadata(${file}) where path_in_schema = 'id' group by 1 order by 1`;
  expect(await rows(groups)).toEqual([
    [0, 0, 2047],
    [1, 2048, 4095],
    [2, 4096, 6143],
    [3, 6144, 8191],
  ]);
});

test('a part that was cut short is refused', async () => {
  await connection.run(`copy (${select(0, 10)}) to '${place('part.parquet')}' (format parquet)`);
  const joined = await joinedParquet(place('all.parquet'));
  writeFileSync(place('short.parquet'), Buffer.from('PAR1\u0000\u0000'));
  await expect(joined.add(place('short.parquet'))).rejects.toThrow();
  await joined.close();
});

test('a footer is written back as it was read', () => {
  const footer = {
    fields: [
      { id: 1, type: 5, value: -1n },
      { id: 40, type: 6, value: 2n ** 62n },
      { id: 41, type: 1, value: true },
      { id: 42, type: 2, value: false },
      { id: 43, type: 7, value: Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]) },
      { id: 44, type: 8, value: Buffer.from('text') },
      { id: 45, type: 3, value: 7n },
      {
        id: 46,
        type: 9,
        value: { elementType: 5, elements: Array.from({ length: 20 }, (_, index) => BigInt(index)) },
      },
      { id: 47, type: 9, value: { elementType: 1, elements: [true, false] } },
      { id: 48, type: 12, value: { fields: [] } },
    ],
  };
  expect(readThrift(writeThrift(footer))).toEqual(footer);
  expect(() => readThrift(writeThrift(footer).subarray(0, 20))).toThrow(RangeError);
});
