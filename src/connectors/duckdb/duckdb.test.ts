import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ColumnBatch, Connection, Payload, TableSchema } from '../../connector/index.ts';
import { TransientError } from '../../core/errors.ts';
import { duckdbConnector } from './index.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-duckdb-'));
const never = new AbortController().signal;
const opened: Connection[] = [];
let warehouse: Connection;

async function open(
  config: Record<string, unknown>,
  name = 'WAREHOUSE',
  memoryBudgetBytes = 2 ** 28,
): Promise<Connection> {
  const environment = { name, projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes };
  const connection = await duckdbConnector.open(duckdbConnector.config.parse(config), environment);
  opened.push(connection);
  return connection;
}

beforeAll(async () => {
  warehouse = await open({ path: 'warehouse.duckdb' });
  await warehouse.database!.execute(
    `create table orders (id bigint, part integer, note varchar not null, primary key (part, id))`,
  );
  await warehouse.database!.execute(`insert into orders select g, g % 3, 'n' || g from range(1, 1001) t(g)`);
  await warehouse.database!.execute('create view order_notes as select note from orders');
});

afterAll(async () => {
  await Promise.all(opened.map((connection) => connection.close()));
  await rm(folder, { recursive: true, force: true });
});

describe('one owner', () => {
  test('two connections on one file, even by another name, see the same rows', async () => {
    await symlink(join(folder, 'warehouse.duckdb'), join(folder, 'other-name.duckdb'));
    const other = await open({ path: 'other-name.duckdb' }, 'OTHER');
    await other.database!.execute('create table shared as select 42 as answer');
    expect((await warehouse.database!.query('select answer from shared')).rows).toEqual([[42]]);
    await other.close();
    expect((await warehouse.database!.query('select answer from shared')).rows).toEqual([[42]]);
  });

  test('a file that was closed by all can be opened again', async () => {
    const first = await open({ path: 'again.duckdb' });
    await first.database!.execute('create table t as select 1 as a');
    await first.close();
    const second = await open({ path: 'again.duckdb' });
    expect((await second.database!.query('select a from t')).rows).toEqual([[1]]);
  });

  test('different settings for one file are refused', async () => {
    await expect(open({ path: 'warehouse.duckdb', threads: 1 }, 'OTHER')).rejects.toMatchObject({
      kind: 'config',
      code: 'warehouse_settings',
    });
  });

  test('another process that holds the file is named', async () => {
    const path = join(folder, 'held.duckdb');
    const script = `
      const { DuckDBInstance } = require('@duckdb/node-api');
      DuckDBInstance.create(${JSON.stringify(path)}).then(() => { console.log('open'); setInterval(() => {}, 1000); });`;
    const holder = spawn(process.execPath, ['-e', script], {
      cwd: process.cwd(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    try {
      await expect(open({ path: 'held.duckdb' })).rejects.toMatchObject({
        kind: 'transient',
        code: 'warehouse_in_use',
        message: expect.stringContaining(`process ${holder.pid}`),
      });
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    await expect(open({ path: 'held.duckdb' })).resolves.toBeDefined();
  });

  test.each([
    ['something else', 'this is no database'],
    ['nothing', ''],
    ['the beginning of one', Buffer.concat([Buffer.alloc(8), Buffer.from('DUCK'), Buffer.alloc(4096)])],
  ])('a file that holds %s is called broken, with what to do', async (_, content) => {
    await writeFile(join(folder, 'broken.duckdb'), content);
    await expect(open({ path: 'broken.duckdb' })).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse_corrupt',
      next: expect.stringContaining('--full-refresh'),
    });
  });

  test('a worker thread may not open a file', async () => {
    const module = new URL('./index.ts', import.meta.url).href;
    const worker = new Worker(
      `import { parentPort } from 'node:worker_threads';
       const { duckdbConnector } = await import(${JSON.stringify(module)});
       const environment = { name: 'W', projectFolder: '/', temporaryFolder: '/', memoryBudgetBytes: 1 };
       duckdbConnector.open({ path: ':memory:' }, environment).catch((error) => parentPort.postMessage(error.code));`,
      { eval: true, execArgv: ['--conditions=@millrace/source', '--input-type=module'] },
    );
    const [code] = (await once(worker, 'message')) as [string];
    expect(code).toBe('warehouse_thread');
    await worker.terminate();
  });

  test('a missing folder and a remote database are config errors', async () => {
    await expect(open({ path: 'no/such/folder/w.duckdb' })).rejects.toMatchObject({ kind: 'config' });
    await expect(open({ path: 'md:my_db' })).rejects.toMatchObject({ kind: 'config' });
    expect(duckdbConnector.config.safeParse({ path: 'a', instance: 'b' }).success).toBe(false);
  });

  test('a file that is no database is told', async () => {
    await writeFile(join(folder, 'text.duckdb'), 'no database '.repeat(2000));
    await expect(open({ path: 'text.duckdb' })).rejects.toMatchObject({
      message: expect.stringContaining('text.duckdb'),
    });
  });
});

describe('SQL', () => {
  test('values come as plain data', async () => {
    const { rows, columns } = await warehouse.database!.query(
      `select $1 + 1, 9007199254740993, 1.50::decimal(4, 2), $2, '\\x00\\xFF'::blob, timestamp '2024-02-29 10:00:00.5',
        timestamptz '2024-02-29 10:00:00+02', date '2024-02-29', '{"a": [1]}'::json, [1, null], {'k': 'v'}, true, null,
        timestamp '1969-12-31 23:59:59.999999', 170141183460469231731687303715884105727::hugeint, $3::blob`,
      [7, 'text', new Uint8Array([1, 2])],
    );
    expect(rows[0]).toEqual([
      8, 9007199254740993n, '1.50', 'text', new Uint8Array([0, 255]), '2024-02-29T10:00:00.500000', '2024-02-29T08:00:00Z',
      '2024-02-29', { a: [1] }, [1, null], { k: 'v' }, true, null, '1969-12-31T23:59:59.999999',
      170141183460469231731687303715884105727n, new Uint8Array([1, 2]),
    ]); // prettier-ignore
    expect(columns[2]?.type).toEqual({ type: 'decimal', precision: 4, scale: 2 });
  });

  test('execute counts rows', async () => {
    expect(await warehouse.database!.execute('update orders set note = note where id <= $1', [10])).toBe(10);
  });

  test('a transaction is kept or undone as a whole', async () => {
    const failed = warehouse.database!.transaction(async (session) => {
      await session.execute('create table half (a int)');
      throw new Error('stop');
    });
    await expect(failed).rejects.toThrow('stop');
    expect(await warehouse.database!.describe({ schema: 'main', name: 'half' })).toBeUndefined();
    const kept = await warehouse.database!.transaction(async (session) => {
      await Promise.all([
        session.execute('create table whole (a int)'),
        session.execute('insert into whole values (1)'),
      ]);
      return (await session.query('select a from whole')).rows;
    });
    expect(kept).toEqual([[1]]);
  });

  test.each([
    ['select 1 frm x', 'config', 'sql_failed'],
    ['select * from missing_table', 'config', 'sql_failed'],
    ["select cast('x' as integer)", 'data', 'data_invalid'],
    ["insert into orders values (3, 0, 'again')", 'data', 'constraint_violated'],
    ['install httpfs; load httpfs', 'fatal', 'io_failed'],
  ])('%s is a %s error', async (sql, kind, code) => {
    await expect(warehouse.database!.query(sql)).rejects.toMatchObject({ kind, code });
  });

  test('a write conflict is transient', async () => {
    await warehouse.database!.execute('create table conflict as select 1 as a');
    const both = warehouse.database!.transaction(async (session) => {
      await session.execute('update conflict set a = 2');
      await warehouse.database!.execute('update conflict set a = 3');
    });
    await expect(both).rejects.toMatchObject({ kind: 'transient', code: 'transaction_conflict' });
  });

  test('aborting interrupts', async () => {
    const abort = new AbortController();
    const slow = warehouse.database!.query(
      'select count(*) from range(1000000000) a, range(1000000000) b',
      [],
      abort.signal,
    );
    setTimeout(() => abort.abort(), 50);
    await expect(slow).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await warehouse.database!.query('select 1')).rows).toEqual([[1]]);
  });
});

describe('catalogue', () => {
  test('tables, views, primary keys', async () => {
    expect(await warehouse.source!.describe({ name: 'main.orders' }, {})).toEqual({
      columns: [
        { name: 'id', type: { type: 'int64' }, nullable: false },
        { name: 'part', type: { type: 'int32' }, nullable: false },
        { name: 'note', type: { type: 'text' }, nullable: false },
      ],
      primaryKey: ['part', 'id'],
      estimatedRows: 1000,
      type: 'table',
    });
    expect(await warehouse.source!.discover('main.order*')).toEqual(['main.order_notes', 'main.orders']);
    expect(await warehouse.database!.list('main')).toContainEqual({ name: 'order_notes', type: 'view' });
  });

  test('a view has no key, and may hold NULL', async () => {
    await warehouse.database!.execute('create view keyed as select id, part from orders');
    expect(await warehouse.database!.describe({ schema: 'main', name: 'keyed' })).toEqual({
      columns: [
        { name: 'id', type: { type: 'int64' }, nullable: true },
        { name: 'part', type: { type: 'int32' }, nullable: true },
      ],
      primaryKey: [],
      type: 'view',
    });
  });

  test('names hold what they like', async () => {
    await warehouse.database!.execute('create schema "a.""b"');
    await warehouse.database!.execute('create table "a.""b"."c.d" ("e ""f" hugeint)');
    expect(await warehouse.database!.describe({ schema: 'a."b', name: 'c.d' })).toMatchObject({
      columns: [{ name: 'e "f', type: { type: 'decimal' } }],
      type: 'table',
    });
    expect(await warehouse.database!.describe({ schema: 'a."b', name: 'c' })).toBeUndefined();
    await warehouse.database!.execute('drop schema "a.""b" cascade');
  });

  test('a missing stream names what there is', async () => {
    await expect(warehouse.source!.describe({ name: 'main.order' }, {})).rejects.toMatchObject({
      code: 'stream_missing',
      next: expect.stringContaining('orders'),
    });
  });
});

const everyType = `
  select g::int as id, (g % 2 = 0) as a_bool, g::tinyint as tiny, g::utinyint as utiny, g::uinteger as wide, g::ubigint as widest, g::hugeint as huge,
    (g / 4)::float as f4, (g / 3)::double as f8, (g / 100)::decimal(4, 2) as d4, (-g / 10)::decimal(9, 1) as d9, g::decimal(18, 6) as d18,
    (g::decimal(38, 10) - 5) as d38, repeat('ü', g::int) as note, ('\\x00\\xFF')::blob as bin, date '2000-01-01' + g::int as day,
    time '10:00:00' + to_seconds(g) as clock, timestamp '1999-12-31 23:59:59.999999' as ts, timestamptz '2024-02-29 10:00:00+00' as tz,
    timestamp_s '2024-01-01 00:00:00' as ts_s, timestamp_ns '2024-01-01 00:00:00.123456789' as ts_ns,
    to_days(g::int) + to_microseconds(-g) as span, uuid '00000000-0000-0000-0000-0000000000ff' as uid, {'k': g, 'v': [g]} as struct_value,
    [g::int, null] as list_value, ['a', 'b"c']::varchar[] as texts, 'sad'::enum('sad', 'happy') as mood, '{"x": 1}'::json as doc,
    case when g > 3 then null else g end as maybe
  from range(1, 6) t(g)`;

async function stage(
  payload: Payload,
  name: string,
  into: Connection = warehouse,
  schema: TableSchema = payload.schema,
) {
  const request = { table: { schema: 'main', name }, schema, onProgress: () => {} };
  return await into.target!.stage(request, payload, never);
}

describe('lanes', () => {
  test.each(['relation', 'file', 'columns'] as const)('%s keeps every value', async (format) => {
    await warehouse.database!.execute(`create or replace table every_type as ${everyType}`);
    const described = await warehouse.source!.describe({ name: 'every_type' }, {});
    const columns = described.columns.map((column) => column.name);
    const request = {
      stream: { name: 'every_type' },
      columns,
      where: 'id < 5',
      orderBy: 'id desc',
      options: {},
    };
    const payload = await warehouse.source!.read(request, format, never);
    expect(await stage(payload, `via_${format}`)).toMatchObject({ rows: 4 });
    const text = `select columns(*)::varchar from (select * exclude (doc, struct_value), doc ->> 'x', (struct_value::json) ->> 'v' from`;
    const expected = await warehouse.database!.query(`${text} every_type where id < 5) order by 1`);
    expect((await warehouse.database!.query(`${text} via_${format}) order by 1`)).rows).toEqual(
      expected.rows,
    );
  });

  test('a file payload goes into another warehouse', async () => {
    const request = {
      stream: { name: 'q', sql: 'select id, note from orders where id < 4' },
      columns: ['note', 'id'],
      options: {},
    };
    const payload = await warehouse.source!.read(request, 'file', never);
    const other = await open({ path: ':memory:' }, 'OTHER');
    expect(await stage(payload, 'moved', other)).toMatchObject({ rows: 3 });
    expect((await other.database!.query('select * from moved order by id')).rows).toEqual([
      ['n1', 1],
      ['n2', 2],
      ['n3', 3],
    ]);
  });

  test('a broken CSV row is told by file and line', async () => {
    const path = join(folder, 'broken.csv');
    await writeFile(path, 'id,note\n1,a\n2,b\nthree,c\n');
    const schema: TableSchema = {
      columns: [
        { name: 'id', type: { type: 'int32' }, nullable: true },
        { name: 'note', type: { type: 'text' }, nullable: true },
      ],
      primaryKey: [],
    };
    const select = `select * from read_csv('${path}', header = true, auto_detect = false, columns = {'id': 'integer', 'note': 'varchar'})`;
    const payload: Payload = {
      format: 'file',
      schema,
      paths: [path],
      fileType: 'csv',
      options: {},
      columns: ['id', 'note'],
      select,
    };
    await expect(stage(payload, 'from_csv')).rejects.toMatchObject({
      kind: 'data',
      code: 'file_row_invalid',
      message: expect.stringContaining(`${path}, line 4`),
    });
    expect(await warehouse.database!.describe({ schema: 'main', name: 'from_csv' })).toBeUndefined();
  });

  test('leaves no table behind for a file that changes while it is read', async () => {
    const changed = new TransientError('It was changed.', { code: 'file_changed' });
    const payload: Payload = {
      format: 'file',
      schema: { columns: [{ name: 'id', type: { type: 'int32' }, nullable: true }], primaryKey: [] },
      paths: [],
      fileType: 'csv',
      options: {},
      columns: ['id'],
      select: 'select 1 as id',
      verify: () => Promise.reject(changed),
    };
    await expect(stage(payload, 'from_changed')).rejects.toBe(changed);
    expect(await warehouse.database!.describe({ schema: 'main', name: 'from_changed' })).toBeUndefined();
  });

  test('bytes are those of the values, however large the buffers around them', async () => {
    const sql = `select range as id, case when range < 3 then 'abc' end as note from range(10)`;
    const request = { stream: { name: 'few', sql }, columns: ['id', 'note'], options: {} };
    const payload = await warehouse.source!.read(request, 'columns', never);
    expect(await stage(payload, 'few')).toEqual({ rows: 10, bytes: 10 * 8 + 3 * 3 });
  });

  test.each([undefined, 100_000, 300_000])(
    'a memory for few rows takes them all, or none when the source fails after row %s',
    async (failsAfter) => {
      const small = await open({ path: ':memory:' }, 'SMALL', 2 ** 20);
      const sql = 'select range as id, md5(range::varchar) as note from range(500000)';
      const request = { stream: { name: 'many', sql }, columns: ['id', 'note'], options: {} };
      const payload = await warehouse.source!.read(request, 'columns', never);
      if (payload.format !== 'columns') throw new Error(payload.format);
      const { batches, schema } = payload;
      const given = (async function* given(): AsyncGenerator<ColumnBatch> {
        let rows = 0;
        for await (const batch of batches) {
          yield batch;
          rows += batch.rowCount;
          if (failsAfter !== undefined && rows > failsAfter) throw new Error('source went away');
        }
      })();
      const table = { schema: 'main', name: 'many' };
      const staged = small.target!.stage(
        { table, schema, onProgress: () => {} },
        { format: 'columns', schema, batches: given },
        never,
      );
      if (failsAfter === undefined) {
        expect(await staged).toMatchObject({ rows: 500_000 });
        const { rows } = await small.database!.query(
          'select count(*), count(distinct id), count(*) filter (note = md5(id::varchar)) from many',
        );
        expect(rows).toEqual([[500_000, 500_000, 500_000]]);
      } else {
        await expect(staged).rejects.toThrow('source went away');
        expect(await small.database!.describe(table)).toBeUndefined();
      }
    },
  );

  test('a source that fails midway leaves no stage', async () => {
    const request = { stream: { name: 'orders' }, columns: ['id'], options: {} };
    const payload = await warehouse.source!.read(request, 'columns', never);
    if (payload.format !== 'columns') throw new Error(payload.format);
    const { batches, schema } = payload;
    const broken = (async function* broken(): AsyncGenerator<ColumnBatch> {
      yield* batches;
      throw new Error('source went away');
    })();
    await expect(stage({ format: 'columns', schema, batches: broken }, 'broken')).rejects.toThrow(
      'source went away',
    );
    expect(await warehouse.database!.describe({ schema: 'main', name: 'broken' })).toBeUndefined();
  });

  test('a NULL where none is allowed is a data error and leaves no stage', async () => {
    const request = {
      stream: { name: 'q', sql: 'select nullif(id, 7) as id from orders' },
      columns: ['id'],
      options: {},
    };
    const payload = await warehouse.source!.read(request, 'columns', never);
    const schema: TableSchema = {
      columns: [{ name: 'id', type: { type: 'int64' }, nullable: false }],
      primaryKey: [],
    };
    await expect(stage(payload, 'strict', warehouse, schema)).rejects.toMatchObject({ kind: 'data' });
    expect(await warehouse.database!.describe({ schema: 'main', name: 'strict' })).toBeUndefined();
  });

  test('the table function is not for others', async () => {
    await expect(warehouse.database!.query(`select * from millrace_batches('x')`)).rejects.toMatchObject({
      kind: 'config',
    });
  });
});

test('rows that cannot be made late in a query are an error, not the end of the rows', async () => {
  const sql = `select case when g = 2900000 then cast('no number' || g as bigint) else g end as n from range(3000000) t(g)`;
  const source = warehouse.source!;
  const payload = await source.read(
    { stream: { name: 'late', sql }, columns: ['n'], options: {} },
    'columns',
    never,
  );
  if (payload.format !== 'columns') throw new Error(payload.format);
  const read = async (): Promise<number> => {
    let rows = 0;
    for await (const batch of payload.batches) rows += batch.rowCount;
    return rows;
  };
  await expect(read()).rejects.toThrow(/no number2900000/);
});

test('the order that a query asks for is the order of its batches', async () => {
  const sql = 'select 200000 - g as n from range(200000) t(g) order by n';
  const payload = await warehouse.source!.read(
    { stream: { name: 'ordered', sql }, columns: ['n'], options: {}, orderBy: 'n' },
    'columns',
    never,
  );
  if (payload.format !== 'columns') throw new Error(payload.format);
  let last = 0n;
  for await (const batch of payload.batches) {
    const [column] = batch.vectors;
    if (column?.kind !== 'int64') throw new Error(column?.kind);
    for (const value of column.values.subarray(0, batch.rowCount)) {
      if (value <= last) throw new Error(`${value} after ${last}`);
      last = value;
    }
  }
  expect(last).toBe(200_000n);
});
