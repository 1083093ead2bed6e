import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnBatch, ColumnVector } from '../../connector/column-batch.ts';
import type { Connection, ReadRequest } from '../../connector/connection.ts';
import { sqliteConnector } from './index.ts';

const never = new AbortController().signal;
let folder: string;
let shop: DatabaseSync;
let connection: Connection;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-sqlite-'));
  shop = new DatabaseSync(join(folder, 'shop.db'));
  shop.exec('pragma journal_mode = wal');
  connection = await open('shop.db');
});

afterEach(async () => {
  await connection.close();
  shop.close();
  rmSync(folder, { recursive: true });
});

async function open(database: string): Promise<Connection> {
  return await sqliteConnector.open(
    { database },
    { name: 'SHOP', projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 1e8 },
  );
}

async function read(
  request: Partial<ReadRequest> & { stream: ReadRequest['stream'] },
): Promise<ColumnBatch[]> {
  const columns =
    request.columns ?? (await connection.source?.describe(request.stream, {}))?.columns.map((c) => c.name);
  const payload = await connection.source?.read(
    { columns: columns ?? [], options: {}, ...request },
    'columns',
    never,
  );
  if (payload?.format !== 'columns') throw new Error('expected columns');
  const batches = [];
  for await (const batch of payload.batches) batches.push(batch);
  return batches;
}

function valuesOf(batch: ColumnBatch | undefined, index: number): unknown[] {
  const vector = batch?.vectors[index];
  if (!batch || !vector) throw new Error('no such vector');
  return Array.from({ length: batch.rowCount }, (_, row) =>
    vector.validity?.[row] === 0 ? null : valueAt(vector, row),
  );
}

function valueAt(vector: ColumnVector, row: number): unknown {
  if (vector.kind === 'bytes') {
    return Buffer.from(vector.data.subarray(vector.starts[row], vector.ends[row])).toString();
  }
  if (vector.kind === 'fixed')
    return Buffer.from(vector.values.subarray(row * 16, row * 16 + 16)).toString('hex');
  return vector.values[row];
}

describe('types', () => {
  it('come from the declared types, by the affinity rules', async () => {
    shop.exec(`create table t (
      id integer primary key, big unsigned big int, name nvarchar(20) not null, price decimal(12,2), any_price numeric,
      weight double precision, paid boolean, day date, at timestamp, seen datetime, zoned timestamptz, photo blob,
      doc json, ref uuid, clock time)`);
    const schema = await connection.source?.describe({ name: 't' }, {});
    expect(schema?.primaryKey).toEqual(['id']);
    expect(schema?.columns.map((column) => [column.name, column.type.type, column.nullable])).toEqual([
      ['id', 'int64', false],
      ['big', 'int64', true],
      ['name', 'text', false],
      ['price', 'decimal', true],
      ['any_price', 'decimal', true],
      ['weight', 'float64', true],
      ['paid', 'boolean', true],
      ['day', 'date', true],
      ['at', 'timestamp', true],
      ['seen', 'timestamp', true],
      ['zoned', 'timestamptz', true],
      ['photo', 'bytes', true],
      ['doc', 'json', true],
      ['ref', 'uuid', true],
      ['clock', 'time', true],
    ]);
    expect(schema?.columns[3]?.type).toEqual({ type: 'decimal', precision: 12, scale: 2 });
  });

  it('of undeclared columns come from all stored values, and a mixture is an error', async () => {
    shop.exec(`create table t (a, b, c); insert into t values (1, 'x', 1), (null, 'y', 'two')`);
    shop.exec('create view v as select a, b, a + 0.5 as half from t');
    const view = await connection.source?.describe({ name: 'v' }, {});
    expect(view?.columns.map((column) => column.type.type)).toEqual(['int64', 'text', 'float64']);
    await expect(connection.source?.describe({ name: 't' }, {})).rejects.toMatchObject({
      kind: 'data',
      code: 'column_mixed_types',
    });
  });
});

describe('reading', () => {
  it('keeps big integers, decimals, dates, NULLs and empty strings exact', async () => {
    shop.exec(`create table t (id integer primary key, price decimal(12,2), huge decimal(30,1), n numeric, day date, at timestamp, s text);
      insert into t values (9007199254740993, 19.99, 123456789012345, 0.1, '2024-02-29', '2024-01-01T10:00:00.5+02:00', ''),
        (-1, 1.005, null, 12, null, '1969-12-31 23:59:59', null), (-2, -0.015, -1, null, '0099-01-01', '2024-01-01', 'é🎈')`);
    const [batch] = await read({ stream: { name: 'main.t' }, orderBy: 'id desc' });
    expect(valuesOf(batch, 0)).toEqual([9007199254740993n, -1n, -2n]);
    expect(valuesOf(batch, 1)).toEqual([1999n, 101n, -2n]);
    expect(valuesOf(batch, 3)).toEqual(['0.1', '12', null]);
    expect(valuesOf(batch, 4)).toEqual([19782, null, Date.parse('0099-01-01') / 86_400_000]);
    expect(valuesOf(batch, 5)).toEqual([
      BigInt(Date.parse('2024-01-01T08:00:00.5Z')) * 1000n,
      -1_000_000n,
      BigInt(Date.parse('2024-01-01')) * 1000n,
    ]);
    expect(valuesOf(batch, 6)).toEqual(['', null, 'é🎈']);
  });

  it('gives wide decimals in two words', async () => {
    shop.exec(`create table t (d decimal(30,1)); insert into t values (123456789012345), (-1)`);
    const [batch] = await read({ stream: { name: 't' } });
    const vector = batch?.vectors[0];
    if (vector?.kind !== 'fixed') throw new Error('expected fixed');
    const words = new BigInt64Array(vector.values.buffer, 0, 4);
    expect([...words]).toEqual([1234567890123450n, 0n, -10n, -1n]);
  });

  it('cuts a table into batches and obeys where, order and limit', async () => {
    shop.exec(
      `create table t (id integer primary key); with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t select i from n`,
    );
    const all = await read({ stream: { name: 't' } });
    expect(all.map((batch) => batch.rowCount)).toEqual([2048, 2048, 904]);
    const some = await read({ stream: { name: 't' }, where: '"id" > 10', orderBy: '"id" desc', limit: 2 });
    expect(valuesOf(some[0], 0)).toEqual([5000n, 4999n]);
    expect(await read({ stream: { name: 't' }, where: 'false' })).toEqual([]);
  });

  it('reads a query', async () => {
    shop.exec(`create table t (id integer, price decimal(5,2)); insert into t values (1, 2.5), (2, 3)`);
    const [batch] = await read({ stream: { name: 'q', sql: 'select id * 2 as twice, price from t' } });
    expect([valuesOf(batch, 0), valuesOf(batch, 1)]).toEqual([
      [2n, 4n],
      [250n, 300n],
    ]);
  });

  it('names table, column and rowid of a value that does not fit, never the value', async () => {
    shop.exec(`create table t (day date); insert into t values ('2024-01-01'), ('31/12/2024')`);
    const misfit = read({ stream: { name: 'main.t' } });
    await expect(misfit).rejects.toMatchObject({ kind: 'data', code: 'value_misfit' });
    await expect(misfit).rejects.toThrow(/^main\.t: the value of column day in rowid 2 (?!.*31\/12)/);
  });

  it.each([
    ['date', '1700000000'],
    ['timestamp', '1700000000'],
    ['timestamp', `'2024-01-01 25:00:00'`],
    ['timestamp', `'2024-01-01 10:00:00.1234567'`],
    ['date', `'2023-02-29'`],
    ['integer', '1.5'],
    ['boolean', '2'],
    ['decimal(4,2)', '123.45'],
    ['blob', `'text'`],
    ['json', `'{'`],
    ['uuid', `'abc'`],
    ['text', `x'00'`],
  ])('refuses in %s the value %s', async (type, value) => {
    shop.exec(`create table t (c ${type}); insert into t values (${value})`);
    await expect(read({ stream: { name: 't' } })).rejects.toMatchObject({ code: 'value_misfit' });
  });

  it('lets a writer write while it reads, and sees its own moment only', async () => {
    shop.exec(
      `create table t (id integer primary key); with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t select i from n`,
    );
    const payload = await connection.source?.read(
      { stream: { name: 't' }, columns: ['id'], options: {} },
      'columns',
      never,
    );
    if (payload?.format !== 'columns') throw new Error('expected columns');
    let rows = 0;
    for await (const batch of payload.batches) {
      shop.exec('insert into t default values');
      rows += batch.rowCount;
    }
    expect(rows).toBe(5000);
  });

  it('stops when cancelled', async () => {
    shop.exec(
      `create table t (id integer primary key); with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t select i from n`,
    );
    const abort = new AbortController();
    const payload = await connection.source?.read(
      { stream: { name: 't' }, columns: ['id'], options: {} },
      'columns',
      abort.signal,
    );
    if (payload?.format !== 'columns') throw new Error('expected columns');
    const batches = payload.batches[Symbol.asyncIterator]();
    await batches.next();
    abort.abort();
    await expect(batches.next()).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('says which streams there are when one is missing', async () => {
    shop.exec('create table orders (id integer)');
    await expect(connection.source?.describe({ name: 'main.order' }, {})).rejects.toMatchObject({
      code: 'stream_missing',
      next: 'Tables and views there: orders.',
    });
    expect(await connection.source?.discover('main.ord*')).toEqual(['main.orders']);
  });

  it('does not create a missing database', async () => {
    const missing = await open('nowhere.db');
    await expect(missing.source?.describe({ name: 't' }, {})).rejects.toMatchObject({
      code: 'database_missing',
    });
    await expect(missing.check(never)).rejects.toMatchObject({ code: 'database_missing' });
  });
});

describe('SQL', () => {
  it('binds parameters, counts changes and gives readable values', async () => {
    const { database } = connection;
    await database?.execute(
      'create table t (id integer primary key, price decimal(8,2), ok boolean, doc json)',
    );
    const changed = await database?.execute(
      'insert into t values (?, ?, ?, ?), (9007199254740993, 1, 0, null)',
      [1, 2.5, true, { a: 1 }],
    );
    expect(changed).toBe(2);
    expect(await database?.execute('update t set ok = true; delete from t where id = 1')).toBe(3);
    const result = await database?.query('select id, price, ok, count(*) over () from t');
    expect(result?.rows).toEqual([[9007199254740993n, '1.00', true, 1]]);
  });

  it('rolls a failed transaction back', async () => {
    const { database } = connection;
    await database?.execute('create table t (id integer primary key)');
    const failing = database?.transaction(async (session) => {
      await session.execute('insert into t values (1)');
      await session.execute('insert into t values (1)');
    });
    await expect(failing).rejects.toMatchObject({ kind: 'data', code: 'constraint_violated' });
    expect((await database?.query('select count(*) from t'))?.rows).toEqual([[0]]);
  });

  it('waits for another writer instead of failing', async () => {
    shop.exec('create table t (id integer); begin immediate; insert into t values (1)');
    const waiting = connection.database?.execute('insert into t values (2)');
    setTimeout(() => shop.exec('commit'), 20);
    expect(await waiting).toBe(1);
  });

  it('calls wrong SQL a mistake in the configuration', async () => {
    await expect(connection.database?.query('selec 1')).rejects.toMatchObject({
      kind: 'config',
      code: 'sql_failed',
    });
  });
});

it('runs several statements that are given at once, and gives the rows of the last one', async () => {
  const found = await connection.database?.query(
    "create table notes (text); insert into notes values ('a;b'), ('c'); /* ; */ select text from notes order by 1; -- end",
  );
  expect(found?.rows).toEqual([['a;b'], ['c']]);
});
