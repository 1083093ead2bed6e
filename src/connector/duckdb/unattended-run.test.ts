import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import type { Column, ColumnBatch } from '../index.ts';
import { registerBatchFunction, withBatches } from './batch-pump.ts';
import { runUnattended } from './unattended-run.ts';

const columns: readonly Column[] = [{ name: 'n', type: { type: 'int64' }, nullable: true }];
const batchRows = 2048;
const batches: readonly ColumnBatch[] = Array.from({ length: 200 }, (_, batch) => ({
  rowCount: batchRows,
  vectors: [
    {
      kind: 'int64',
      values: BigInt64Array.from({ length: batchRows }, (__, row) => BigInt(batch * batchRows + row)),
    },
  ],
}));

async function open(threads: number): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  registerBatchFunction(connection);
  await connection.run('create table target (n bigint)');
  connection.closeSync();
  return instance;
}

async function connect(threads: number): Promise<DuckDBConnection> {
  return await (await open(threads)).connect();
}

async function insert(connection: DuckDBConnection, expression: string): Promise<number> {
  return await withBatches(columns, batches, (from, hasBegun) =>
    within(connection, `insert into target select ${expression} from ${from}`, hasBegun),
  );
}

async function within(connection: DuckDBConnection, sql: string, hasBegun: () => boolean): Promise<number> {
  await connection.run('begin transaction');
  try {
    const { rowsChanged } = await runUnattended(connection, sql, hasBegun);
    await connection.run('commit');
    return rowsChanged;
  } catch (error) {
    await connection.run('rollback');
    throw error;
  }
}

async function held(connection: DuckDBConnection): Promise<unknown> {
  const reader = await connection.runAndReadAll('select count(*), count(distinct n) from target');
  return reader.getRows()[0]?.map(Number);
}

const all = batches.length * batchRows;

// With one thread there is none that would take a statement up by itself.
test.each([1, 2])('with %i threads every row comes once', async (threads) => {
  const connection = await connect(threads);
  expect(await insert(connection, 'n')).toBe(all);
  expect(await held(connection)).toEqual([all, all]);
});

test('what goes wrong amid the rows is told, and nothing of them is there', async () => {
  const connection = await connect(2);
  await expect(insert(connection, `if(n = 300000, error('no such n'), n)`)).rejects.toThrow('no such n');
  await expect(insert(connection, 'nothing')).rejects.toThrow('nothing');
  expect(await held(connection)).toEqual([0, 0]);
  expect(await insert(connection, 'n')).toBe(all);
});

test('it is interrupted as any other statement', async () => {
  const connection = await connect(2);
  const inserting = withBatches(columns, batches, (from, hasBegun) => {
    const isBegun = (): boolean => {
      if (hasBegun()) connection.interrupt();
      return hasBegun();
    };
    const slow = `select a.n from ${from} as a, range(10000000) as b(m) where a.n + b.m < 0`;
    return within(connection, `insert into target ${slow}`, isBegun);
  });
  await expect(inserting).rejects.toThrow(/interrupt/i);
  expect(await held(connection)).toEqual([0, 0]);
});

test('tables that others create meanwhile do not hold it up', async () => {
  const instance = await open(2);
  const [connection, other] = [await instance.connect(), await instance.connect()];
  const end = new AbortController();
  const creating = (async (): Promise<void> => {
    for (let table = 0; !end.signal.aborted; table += 1)
      await other.run(`create table other_${table} (n bigint)`);
  })();
  for (let load = 1; load <= 20; load += 1) expect(await insert(connection, 'n')).toBe(all);
  end.abort();
  await creating;
  expect(await held(connection)).toEqual([20 * all, all]);
});
