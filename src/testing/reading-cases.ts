import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { batchRows } from '../connector/batch-rows.ts';
import type { Row } from '../connector/values/row-value.ts';
import type { Column, DataType } from '../sql/data-type.ts';
import { openRead, readRows } from './read-rows.ts';
import { spelled } from './same-value.ts';
import type { SuiteBench } from './suite-bench.ts';
import type { SuiteTable } from './suite-options.ts';
import { long, numbered, wide } from './suite-tables.ts';
import { checkError, rejection, type SuiteCase } from './suite-test.ts';
import { type ValueCase, valueCases } from './value-cases.ts';

const manyRows = 200_000;
const wideColumns = 500;
const longLetters = 10_000_000;
/** Rows that make some batches, so that a reading can be stopped after each. */
const rowsOfSomeBatches = 9000;

export const readingCases: readonly SuiteCase[] = [
  ...valueCases.map((values) => ({
    name: `keeps ${values.name}`,
    run: (bench: SuiteBench<unknown>) => keepsValues(bench, values),
    refuses: (bench: SuiteBench<unknown>) => refusesValues(bench, values),
  })),
  {
    name: 'finds its streams by a pattern',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_found', 1));
      const source = await bench.source();
      const found = await source.discover(stream.replace('suite_found', 'suite_fou*'));
      assert.equal(found.filter((name) => name.includes('suite_found')).length, 1, found.join(', '));
      assert.deepEqual(await source.discover(stream.replace('suite_found', 'suite_nothing_*')), []);
    },
  },
  {
    name: 'says that a stream is missing',
    run: async (bench) => {
      const stream = (await bench.put(numbered('suite_there', 1))).replace('suite_there', 'suite_gone');
      const error = checkError(await rejection(bench.describe(stream), 'there is no such stream'), [
        'config',
      ]);
      assert.equal(error.code, 'stream_missing');
    },
  },
  {
    name: 'describes an empty stream and reads no batch of it',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_empty', 0));
      const { columns } = await bench.describe(stream);
      assert.deepEqual(
        columns.map((column) => column.name),
        ['id', 'note'],
      );
      assert.deepEqual(await readRows(await bench.source(), stream), []);
    },
  },
  {
    name: 'reads the columns asked for, in that order',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_columns', 3));
      const source = await bench.source();
      assert.deepEqual(Object.keys((await readRows(source, stream, { columns: ['note', 'id'] }))[0] ?? {}), [
        'note',
        'id',
      ]);
      assert.equal((await readRows(source, stream, { columns: ['note'] })).length, 3);
    },
  },
  {
    name: 'refuses a column that is not there',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_column_gone', 3));
      const reading = readRows(await bench.source(), stream, { columns: ['id', 'gone'] });
      checkError(await rejection(reading, 'there is no such column'), ['config', 'data']);
    },
  },
  {
    name: 'stops at a limit',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_limit', 5000));
      const source = await bench.source();
      assert.equal((await readRows(source, stream, { limit: 2049 })).length, 2049);
      assert.equal((await readRows(source, stream, { limit: 0 })).length, 0);
      assert.equal((await readRows(source, stream, { limit: 6000 })).length, 5000);
    },
  },
  {
    name: 'gives every row from a watermark on',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_after', 3000));
      const source = await bench.source();
      const narrowed =
        source.predicates === 'none' ? { after: { column: 'id', value: '2500' } } : { where: 'id >= 2500' };
      const ids = (await readRows(source, stream, narrowed)).map((row) => Number(row['id']));
      const wanted = ids.filter((value) => value >= 2500).sort((a, b) => a - b);
      assert.deepEqual(
        wanted,
        Array.from({ length: 501 }, (_, index) => 2500 + index),
      );
      if (source.predicates !== 'none') assert.equal(ids.length, 501);
    },
  },
  {
    name: `reads a row of ${wideColumns} columns`,
    run: async (bench) => {
      const table = wide('suite_wide', wideColumns);
      const [row = {}] = await readRows(await bench.source(), await bench.put(table));
      assert.deepEqual(
        spelledRow(row, table.schema.columns),
        spelledRow([...table.pages][0]?.[0] ?? {}, table.schema.columns),
      );
    },
  },
  {
    name: `reads a text of ${longLetters / 1e6} million letters`,
    run: async (bench) => {
      const table = long('suite_long', longLetters);
      const rows = await readRows(await bench.source(), await bench.put(table));
      const put = [...table.pages].flat();
      assert.deepEqual(
        rows.map((row) => String(row['note']).length),
        put.map((row) => String(row['note']).length),
      );
      assert.ok(rows[1]?.['note'] === put[1]?.['note'], 'the long text is another one');
    },
  },
  {
    name: `reads ${manyRows} rows, each once`,
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_many', manyRows));
      const seen = new Uint8Array(manyRows + 1);
      for (const row of await readRows(await bench.source(), stream)) {
        const id = Number(row['id']);
        seen[id] = (seen[id] ?? 0) + 1;
        if (row['note'] !== `row ${id}`) assert.fail(`row ${id} has the text ${String(row['note'])}`);
      }
      assert.ok(
        seen.subarray(1).every((count) => count === 1),
        'a row is missing or doubled',
      );
    },
  },
  {
    name: 'can be stopped after any batch and read again',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_restart', rowsOfSomeBatches));
      const source = await bench.source();
      const all = (await readRows(source, stream)).length;
      assert.equal(all, rowsOfSomeBatches);
      for (let batches = 0; batches <= 4; batches += 1) {
        await readBatches(bench, stream, batches);
        assert.equal((await readRows(source, stream)).length, rowsOfSomeBatches, `after ${batches} batches`);
      }
    },
  },
  {
    name: 'reads several streams at the same time',
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_together', 20_000));
      const source = await bench.source();
      const readings = await Promise.all([1, 2, 3, 4].map(() => readRows(source, stream)));
      for (const rows of readings) assert.equal(new Set(rows.map((row) => String(row['id']))).size, 20_000);
    },
  },
  ...driftCases(),
];

async function keepsValues(bench: SuiteBench<unknown>, { name, type, values }: ValueCase): Promise<void> {
  const rows = [null, ...values, null].map((value, index) => ({ id: index + 1, value }));
  const stream = await bench.put(valueTable(name, type, rows));
  const read = await readRows(await bench.source(), stream);
  const byId = new Map(read.map((row) => [Number(row['id']), row['value']]));
  assert.deepEqual(
    rows.map((row) => spelled(byId.get(row.id), type)),
    rows.map((row) => spelled(row.value, type)),
  );
  assert.equal(read.length, rows.length);
}

/** Each of the values by itself. */
async function refusesValues(bench: SuiteBench<unknown>, { name, type, values }: ValueCase): Promise<void> {
  for (const value of values) {
    const putting = bench.put(valueTable(name, type, [{ id: 1, value }]));
    checkError(await rejection(putting, `the system cannot hold ${inspect(value)}`), ['data']);
  }
}

function valueTable(name: string, type: DataType, rows: readonly Row[]): SuiteTable {
  const columns: readonly Column[] = [
    { name: 'id', type: { type: 'int32' }, nullable: false },
    { name: 'value', type, nullable: true },
  ];
  const words = name.toLowerCase().replace(/\W+/g, '_');
  return { name: `suite_${words}`, schema: { columns, primaryKey: [] }, pages: [rows] };
}

function spelledRow(row: Row, columns: readonly Column[]): unknown[] {
  return columns.map((column) => spelled(row[column.name], column.type));
}

/** Takes some batches and lets go of the rest. */
async function readBatches(bench: SuiteBench<unknown>, stream: string, count: number): Promise<void> {
  const stop = new AbortController();
  const source = await bench.source();
  const payload = await openRead(source, { stream: { name: stream }, columns: ['id', 'note'] }, stop.signal);
  const batches = payload.batches[Symbol.asyncIterator]();
  for (let taken = 0; taken < count; taken += 1) (await batches.next()).value?.release?.();
  stop.abort();
  await batches.return?.().catch((error: unknown) => checkError(error, ['cancelled']));
}

/** The stream changes after it was described: what was asked for arrives right, or an error says what is wrong. */
function driftCases(): readonly SuiteCase[] {
  const [id, note]: readonly Column[] = numbered('', 0).schema.columns;
  if (!id || !note) return [];
  const more: Column = { name: 'more', type: { type: 'text' }, nullable: true };
  const changes: readonly [string, readonly Column[]][] = [
    ['added', [id, note, more]],
    ['dropped', [id]],
    ['made a number', [id, { ...note, type: { type: 'float64' } }]],
  ];
  return changes.map(([what, columns]) => ({
    name: `is not confused by a column that was ${what}`,
    run: async (bench) => {
      const stream = await bench.put(numbered('suite_drift', 3));
      const source = await bench.source();
      const before = await source.describe({ name: stream }, {});
      const row = { id: 7, note: what === 'made a number' ? 1.5 : 'new', more: 'more' };
      await bench.put({ name: 'suite_drift', schema: { columns, primaryKey: [] }, pages: [[row]] });
      const outcome = await readAsDescribed(bench, stream, before.columns).catch((error: unknown) =>
        checkError(error, ['config', 'data', 'transient']),
      );
      if (!Array.isArray(outcome)) return;
      assert.notEqual(what, 'dropped', 'the column is gone, and nothing is said');
      assert.deepEqual(
        outcome.map((one) => Number(one['id'])),
        [7],
      );
      assert.equal(String(outcome[0]?.['note']), String(row.note));
    },
  }));
}

async function readAsDescribed(
  bench: SuiteBench<unknown>,
  stream: string,
  columns: readonly Column[],
): Promise<readonly Row[]> {
  const payload = await openRead(await bench.source(), {
    stream: { name: stream },
    columns: columns.map((column) => column.name),
  });
  const rows: Row[] = [];
  for await (const batch of payload.batches) rows.push(...batchRows(payload.schema.columns, batch));
  return rows;
}
