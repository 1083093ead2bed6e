import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import type { DataType } from '../index.ts';
import { streamedBatches } from './streamed-batches.ts';

async function rowsOf(select: string, types: readonly DataType[]): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    let rows = 0;
    for await (const batch of streamedBatches(select, types, (work) => work(connection)))
      rows += batch.rowCount;
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test('all rows come, in their order', async () => {
  for (const rows of [0, 1, 2047, 2048, 2049, 500_000])
    expect(await rowsOf(`select i from range(${rows}) as numbers(i) order by i`, [{ type: 'int64' }])).toBe(
      rows,
    );
});

test('an error far behind the first rows is an error', async () => {
  const select = `select cast(case when i = 2900000 then 'x' else i::varchar end as bigint) as i from range(3000000) as numbers(i)`;
  await expect(rowsOf(select, [{ type: 'int64' }])).rejects.toThrow(/Could not convert string 'x'/);
});
