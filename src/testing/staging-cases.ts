import assert from 'node:assert/strict';
import type { ColumnBatch } from '../connector/column-batch.ts';
import type { Connection } from '../connector/connection.ts';
import { rowBatches } from '../connector/row-batches.ts';
import { DataError, TransientError } from '../core/errors.ts';
import type { TableName } from '../sql/dialect.ts';
import { readRows } from './read-rows.ts';
import { payloadOf, putByTarget, type SuiteBench } from './suite-bench.ts';
import type { SuiteTable } from './suite-options.ts';
import { numbered } from './suite-tables.ts';
import { checkError, rejection, type SuiteCase } from './suite-test.ts';

const never = new AbortController().signal;
/** What may be in buffers when an abort comes. */
const mostBatchesAfterAbort = 2000;

/** Tests of filling tables; for connections with a target and a source. */
export const stagingCases: readonly SuiteCase[] = [
  {
    name: 'counts what it stages, and tells while it does',
    run: async (bench) => {
      const told: number[] = [];
      const staged = await stage(bench, numbered('suite_staged', 5000), never, (rows) => told.push(rows));
      assert.equal(staged.rows, 5000);
      assert.deepEqual(
        [...told].sort((a, b) => a - b),
        told,
        'totals only grow',
      );
      assert.equal(told.at(-1), 5000);
    },
  },
  {
    name: 'stages into the place of what a stopped load left',
    run: async (bench) => {
      await stage(bench, numbered('suite_leftover', 10));
      const table = numbered('suite_leftover', 3);
      assert.equal((await stage(bench, table)).rows, 3);
      const connection = await bench.connection();
      assert.equal((await readRows(await bench.source(), streamOf(connection, table.name))).length, 3);
    },
  },
  {
    name: 'stages several tables at the same time',
    run: async (bench) => {
      const tables = [1, 2, 3, 4].map((index) => numbered(`suite_beside_${index}`, 3000 + index));
      const staged = await Promise.all(tables.map((table) => stage(bench, table)));
      assert.deepEqual(
        staged.map(({ rows }) => rows),
        [3001, 3002, 3003, 3004],
      );
    },
  },
  {
    name: 'stages names with quotes, spaces and capitals',
    run: async (bench) => {
      const columns = ['Order "No"', 'select', 'größe', 'a b'].map((name) => ({
        name,
        type: { type: 'int32' as const },
        nullable: true,
      }));
      const row = Object.fromEntries(columns.map(({ name }, index) => [name, index]));
      const table: SuiteTable = { name: 'suite_names', schema: { columns, primaryKey: [] }, pages: [[row]] };
      await stage(bench, table);
      const connection = await bench.connection();
      const [read = {}] = await readRows(await bench.source(), streamOf(connection, table.name));
      assert.deepEqual(
        Object.entries(read).map(([name, value]) => [name, Number(value)]),
        Object.entries(row),
      );
    },
  },
  {
    name: 'passes on the error of a source, and leaves no stage',
    run: async (bench) => {
      const broken = new TransientError('the source is gone', { code: 'suite_source_gone' });
      await failsWith(bench, 'suite_source_gone', (error) => assert.equal(error, broken), endingIn(broken));
    },
  },
  {
    name: 'passes on an error before the first row, and leaves no stage',
    run: async (bench) => {
      const broken = new DataError('the rows do not fit', { code: 'suite_rows_broken' });
      const batches = async function* (): AsyncGenerator<ColumnBatch> {
        yield* [];
        throw broken;
      };
      await failsWith(bench, 'suite_broken_first', (error) => assert.equal(error, broken), batches);
    },
  },
  {
    name: 'ends when it is cancelled, and leaves no stage',
    run: async (bench) => {
      const stop = new AbortController();
      const batches = async function* (table: SuiteTable): AsyncGenerator<ColumnBatch> {
        let batchesAfter = 0;
        // A source that does not listen: the target must.
        while (batchesAfter < mostBatchesAfterAbort) {
          for await (const batch of payloadOf(table).batches) {
            yield batch;
            stop.abort();
            batchesAfter += 1;
          }
        }
        assert.fail(`the target still reads, ${batchesAfter} batches after the abort`);
      };
      await failsWith(
        bench,
        'suite_stage_cancelled',
        (error) => checkError(error, ['cancelled']),
        batches,
        stop.signal,
      );
    },
  },
];

/** Tests of SQL; for connections with a database. */
export const databaseCases: readonly SuiteCase[] = [
  {
    name: 'rolls back a transaction that throws, and says why',
    run: async (bench) => {
      const { database, target } = await bench.connection();
      if (!database || !target) return;
      const stream = await putByTarget(numbered('suite_rollback', 3), await bench.connection());
      const table = database.dialect.quoteTable(tableOf(await bench.connection(), 'suite_rollback'));
      const broken = new DataError('stop here', { code: 'suite_stop' });
      const work = database.transaction(async (session) => {
        await session.execute(`delete from ${table}`);
        throw broken;
      });
      assert.equal(await rejection(work, 'the work threw'), broken);
      assert.equal((await readRows(await bench.source(), stream)).length, 3);
    },
  },
  {
    name: 'describes and lists what is there, and undefined for what is not',
    run: async (bench) => {
      const { database } = await bench.connection();
      if (!database) return;
      const schema = database.dialect.defaultSchema;
      assert.equal(await database.describe({ schema, name: 'suite_not_there' }), undefined);
      assert.deepEqual(await database.list('suite_no_schema'), []);
    },
  },
  {
    name: 'tells a wrong statement as an error of its own',
    run: async (bench) => {
      const { database } = await bench.connection();
      if (!database) return;
      const query = database.query('select from where nothing');
      checkError(await rejection(query, 'this is no SQL'), ['config', 'data', 'fatal']);
      assert.equal((await database.query('select 1')).rows.length, 1);
    },
  },
];

async function stage(
  bench: SuiteBench<unknown>,
  table: SuiteTable,
  signal: AbortSignal = never,
  onProgress: (rows: number) => void = () => {},
  batches: AsyncIterable<ColumnBatch> = payloadOf(table).batches,
): Promise<{ readonly rows: number }> {
  const connection = await bench.connection();
  const request = { table: tableOf(connection, table.name), schema: table.schema, onProgress };
  return await (await bench.target()).stage(request, { ...payloadOf(table), batches }, signal);
}

async function failsWith(
  bench: SuiteBench<unknown>,
  name: string,
  check: (error: unknown) => void,
  batches: (table: SuiteTable) => AsyncIterable<ColumnBatch>,
  signal: AbortSignal = never,
): Promise<void> {
  const table = numbered(name, 20_000);
  const connection = await bench.connection();
  check(
    await rejection(
      stage(bench, table, signal, () => {}, batches(table)),
      'the load must fail',
    ),
  );
  const describing = bench.describe(streamOf(connection, name));
  assert.equal(
    checkError(await rejection(describing, 'the stage is still there'), ['config']).code,
    'stream_missing',
  );
}

/** All rows of a table, then an error. */
function endingIn(error: Error): (table: SuiteTable) => AsyncGenerator<ColumnBatch> {
  return async function* (table) {
    yield* rowBatches(table.schema.columns, table.pages, { stream: table.name });
    throw error;
  };
}

function tableOf({ database }: Connection, name: string): TableName {
  return database
    ? { schema: database.dialect.defaultSchema, name }
    : { schema: '', name: `${name}.parquet` };
}

function streamOf(connection: Connection, name: string): string {
  const table = tableOf(connection, name);
  return connection.database ? `${table.schema}.${table.name}` : table.name;
}
