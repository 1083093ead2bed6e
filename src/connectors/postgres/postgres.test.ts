import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ColumnBatch, Connection, Payload } from '../../connector/index.ts';
import { createTestDatabase } from '../../../test/support/postgres-database.ts';
import { copyHeader } from './copy-encoder.ts';
import { postgresConnector } from './index.ts';

const database = await createTestDatabase();
const never = new AbortController().signal;
const opened: Connection[] = [];

async function open(changes: Record<string, unknown> = {}): Promise<Connection> {
  const config = postgresConnector.config.parse({ ...postgresConnector.parseUrl(database.url), ...changes });
  const folder = tmpdir();
  const environment = {
    name: 'SHOP',
    projectFolder: folder,
    temporaryFolder: folder,
    memoryBudgetBytes: 2 ** 28,
  };
  const connection = await postgresConnector.open(config, environment);
  opened.push(connection);
  return connection;
}

let shop: Connection;

beforeAll(async () => {
  shop = await open();
  await database.query(`
    create schema "Odd ""one";
    create table "Odd ""one"."T.x" (a int);
    create table orders (id int, part int, note text not null, primary key (part, id));
    insert into orders select g, g % 3, 'n' || g from generate_series(1, 1000) g;
    create view order_notes as select note from orders;
    create table order_parts (id int) partition by range (id);
    create table order_parts_1 partition of order_parts for values from (0) to (100);
    create table numbers as select g, repeat('x', 200) as padding from generate_series(1, 300000) g;
    analyze orders`);
});

afterAll(async () => {
  await Promise.all(opened.map((connection) => connection.close()));
  await database.drop();
});

async function batchesOf(payload: Payload): Promise<AsyncIterable<ColumnBatch>> {
  if (payload.format !== 'columns') throw new Error(payload.format);
  return payload.batches;
}

function readNumbers(
  signal: AbortSignal,
  format: 'columns' | 'pg-copy-binary' = 'columns',
): Promise<Payload> {
  const request = { stream: { name: 'public.numbers' }, columns: ['g', 'padding'], options: {} };
  return shop.source!.read(request, format, signal);
}

async function waitingSessions(): Promise<number> {
  const [row] = await database.query(
    `select count(*)::int as n from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
  );
  return Number(row?.['n']);
}

describe('signing in', () => {
  test('a wrong password is told without the password', async () => {
    const connection = await open({ user: 'nobody_here', password: 'Geheim-123' });
    const failure = await connection.check(never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'config', code: 'login_failed' });
    const { message, next, state } = failure as { message: string; next?: string; state?: string };
    expect(message).toMatch(/SHOP.*127\.0\.0\.1:\d+.*nobody_here.*test_/);
    expect(JSON.stringify([message, next, state, failure])).not.toContain('Geheim');
  });

  test('a closed port and an unknown host are transient', async () => {
    await expect((await open({ port: 1 })).check(never)).rejects.toMatchObject({
      kind: 'transient',
      code: 'server_unreachable',
    });
    await expect((await open({ host: 'no-such-host.invalid' })).check(never)).rejects.toMatchObject({
      kind: 'transient',
    });
  });

  test('a missing database is named', async () => {
    await expect((await open({ database: 'no_such' })).check(never)).rejects.toMatchObject({
      kind: 'config',
      code: 'database_missing',
    });
  });

  test('a server without TLS is refused when TLS is required', async () => {
    await expect((await open({ sslmode: 'require' })).check(never)).rejects.toMatchObject({
      code: 'tls_unavailable',
    });
  });

  test('several first uses at once agree on going without TLS', async () => {
    const connection = await open();
    const answers = await Promise.all(
      [1, 2, 3].map((n) => connection.database!.query('select $1::int', [n])),
    );
    expect(answers.map(({ rows }) => rows[0]?.[0])).toEqual([1, 2, 3]);
  });

  test('check tells the server', async () => {
    await expect(shop.check(never)).resolves.toMatch(/^PostgreSQL \d+/);
  });
});

describe('configuration', () => {
  test('a URL is taken apart, escapes and all', () => {
    expect(
      postgresConnector.parseUrl('postgres://u%40x:p%2F%40@[::1]:6543/my%20db?sslmode=verify-full'),
    ).toEqual({
      host: '::1',
      port: '6543',
      user: 'u@x',
      password: 'p/@',
      database: 'my db',
      sslmode: 'verify-full',
    });
  });

  test('a broken URL is not repeated', () => {
    for (const url of [
      'u:secret word@host:port/x',
      'u:a@secret/x@host/x',
      'u:a?b@secret@host/x',
      'u:a#secret@host/x',
    ]) {
      const read = () => postgresConnector.parseUrl(`postgres://${url}`);
      expect(read, url).toThrow(/cannot be read/);
      expect(read, url).not.toThrow(/secret/);
    }
  });

  test('unknown keys are refused', () => {
    expect(postgresConnector.config.safeParse({ user: 'u', passwort: 'x' }).success).toBe(false);
  });
});

describe('SQL', () => {
  test('values come as plain data', async () => {
    const { rows, columns } = await shop.database!.query(
      `select $1::int, 9007199254740993, 1.50, 'x', '\\x00ff'::bytea, timestamp '2024-02-29 10:00:00.5', timestamptz '2024-02-29 10:00:00+02',
         date '2024-02-29', '{"a": [1]}'::jsonb, array[1, null], array['a,b'], true, null`,
      [7],
    );
    expect(rows[0]).toEqual([
      7, 9007199254740993n, '1.50', 'x', new Uint8Array([0, 255]), '2024-02-29T10:00:00.5', '2024-02-29T08:00:00Z',
      '2024-02-29', { a: [1] }, [1, null], ['a,b'], true, null,
    ]); // prettier-ignore
    expect(columns[2]?.type).toEqual({ type: 'decimal' });
  });

  test('execute counts rows', async () => {
    expect(await shop.database!.execute('update orders set note = note where id <= $1', [10])).toBe(10);
  });

  test('a transaction is kept or undone as a whole', async () => {
    const failed = shop.database!.transaction(async (session) => {
      await session.execute('create table half (a int)');
      throw new Error('stop');
    });
    await expect(failed).rejects.toThrow('stop');
    expect(await shop.database!.describe({ schema: 'public', name: 'half' })).toBeUndefined();
  });

  test.each([
    ['select 1 frm x', 'config', 'sql_failed'],
    ['select * from missing_table', 'config', 'relation_missing'],
    ["select 'x'::int", 'data', 'data_invalid'],
    ['insert into orders values (3, 0, null)', 'data', 'constraint_violated'],
    ["do $$ begin raise exception 'full' using errcode = '53100'; end $$", 'fatal', 'disk_full'],
    [
      "do $$ begin raise exception 'again' using errcode = '40001'; end $$",
      'transient',
      'transaction_conflict',
    ],
    ['select pg_terminate_backend(pg_backend_pid())', 'transient', 'connection_lost'],
  ])('%s is a %s error', async (sql, kind, code) => {
    await expect(shop.database!.query(sql)).rejects.toMatchObject({ kind, code });
    expect((await shop.database!.query('select 1')).rows).toEqual([[1]]);
  });

  test('aborting cancels in the database', async () => {
    const abort = new AbortController();
    const slow = shop.database!.query('select pg_sleep(50)', [], abort.signal);
    await expect.poll(waitingSessions).toBe(1);
    abort.abort();
    await expect(slow).rejects.toMatchObject({ kind: 'cancelled' });
    await expect.poll(waitingSessions).toBe(0);
  });
});

describe('catalogue', () => {
  test('primary keys are in their own order, required columns are not nullable', async () => {
    const described = await shop.source!.describe({ name: 'public.orders' }, {});
    expect(described).toMatchObject({ primaryKey: ['part', 'id'], estimatedRows: 1000 });
    expect(described.columns.map((column) => column.nullable)).toEqual([false, false, false]);
  });

  test('patterns find tables and views, and no partitions', async () => {
    expect(await shop.source!.discover('public.order*')).toEqual([
      'public.order_notes',
      'public.order_parts',
      'public.orders',
    ]);
    expect(await shop.source!.discover('orde?s')).toEqual(['public.orders']);
    expect(await shop.source!.discover('nowhere.*')).toEqual([]);
    const everywhere = await shop.source!.discover('*.*');
    expect(everywhere).toContain('public.orders');
    expect(everywhere.filter((name) => name.startsWith('pg_'))).toEqual([]);
    expect(await shop.source!.discover('pub*.orders')).toEqual(['public.orders']);
    expect(await shop.database!.list('public')).toContainEqual({ name: 'order_notes', type: 'view' });
  });

  test('quoted names are taken as they are', async () => {
    const described = await shop.source!.describe({ name: '"Odd ""one"."T.x"' }, {});
    expect(described.columns).toEqual([{ name: 'a', type: { type: 'int32' }, nullable: true }]);
  });

  test('a missing stream names what there is', async () => {
    await expect(shop.source!.describe({ name: 'public.order' }, {})).rejects.toMatchObject({
      code: 'stream_missing',
      next: expect.stringContaining('orders'),
    });
  });

  test('a query is described without being run', async () => {
    const described = await shop.source!.describe(
      { name: 'q', sql: 'select note::int as x, note from orders; ' },
      {},
    );
    expect(described.columns.map((column) => column.type.type)).toEqual(['int32', 'text']);
  });
});

describe('reading', () => {
  test('asks for columns, rows and order as told', async () => {
    const request = {
      stream: { name: 'public.orders' },
      columns: ['note', 'id'],
      where: 'id > 10',
      orderBy: 'id',
      limit: 3,
      options: {},
    };
    const payload = await shop.source!.read(request, 'columns', never);
    const batches = await Array.fromAsync(await batchesOf(payload));
    expect(batches).toHaveLength(1);
    expect(batches[0]?.vectors[1]).toMatchObject({ kind: 'int32', values: new Int32Array([11, 12, 13]) });
  });

  test.each(['columns', 'pg-copy-binary'] as const)('%s: cancelling stops the server', async (format) => {
    const abort = new AbortController();
    const payload = await readNumbers(abort.signal, format);
    const reading = (async () => {
      const parts: AsyncIterable<unknown> =
        payload.format === 'pg-copy-binary' ? payload.bytes : await batchesOf(payload);
      for await (const part of parts) {
        expect(part).toBeDefined();
        abort.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'cancelled' });
    await expect.poll(waitingSessions).toBe(0);
  });

  test.each(['columns', 'pg-copy-binary'] as const)(
    '%s: a connection cut while copying is transient',
    async (format) => {
      const payload = await readNumbers(never, format);
      const reading = (async () => {
        const parts: AsyncIterable<unknown> =
          payload.format === 'pg-copy-binary' ? payload.bytes : await batchesOf(payload);
        for await (const part of parts) {
          expect(part).toBeDefined();
          await database.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'copy (%' and pid <> pg_backend_pid()`,
          );
        }
      })();
      await expect(reading).rejects.toMatchObject({ kind: 'transient', code: 'connection_lost' });
    },
  );

  test('leaving early gives the session back', async () => {
    for await (const batch of await batchesOf(await readNumbers(never))) {
      expect(batch.rowCount).toBe(2048);
      break;
    }
    await expect.poll(waitingSessions).toBe(0);
    expect((await shop.database!.query('select 1')).rows).toEqual([[1]]);
  });
});

describe('staging', () => {
  const table = { schema: 'public', name: 'stage' };

  test('an error in the middle leaves no table', async () => {
    const payload = await readNumbers(never);
    const broken = (async function* broken(): AsyncGenerator<ColumnBatch> {
      for await (const batch of await batchesOf(payload)) {
        yield batch;
        throw new Error('source went away');
      }
    })();
    const request = { table, schema: payload.schema, onProgress: () => {} };
    const staged = shop.target!.stage(
      request,
      { format: 'columns', schema: payload.schema, batches: broken },
      never,
    );
    await expect(staged).rejects.toThrow('source went away');
    expect(await shop.database!.describe(table)).toBeUndefined();
  });

  test('bytes that their source breaks off leave no table', async () => {
    const broken = (async function* broken(): AsyncGenerator<Uint8Array> {
      yield copyHeader;
      throw new Error('source went away');
    })();
    const { schema } = await readNumbers(never, 'pg-copy-binary');
    const request = { table, schema, onProgress: () => {} };
    const staged = shop.target!.stage(request, { format: 'pg-copy-binary', schema, bytes: broken }, never);
    await expect(staged).rejects.toThrow('source went away');
    expect(await shop.database!.describe(table)).toBeUndefined();
  });

  test('bytes that the server refuses are told, and the source is left', async () => {
    const { schema } = await readNumbers(never, 'pg-copy-binary');
    let isLeft = false;
    const endless = (async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(256 * 1024, 'no copy ');
      } finally {
        isLeft = true;
      }
    })();
    const request = { table, schema, onProgress: () => {} };
    const staged = shop.target!.stage(request, { format: 'pg-copy-binary', schema, bytes: endless }, never);
    await expect(staged).rejects.toThrow(/COPY file signature not recognized/);
    expect(isLeft).toBe(true);
    expect((await shop.database!.query('select 1')).rows).toEqual([[1]]);
  });

  test('a cancelled staging ends while its source is silent', async () => {
    const { schema } = await readNumbers(never, 'pg-copy-binary');
    const abort = new AbortController();
    const silent = (async function* silent(): AsyncGenerator<Uint8Array> {
      yield copyHeader;
      await new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve()));
    })();
    const request = { table, schema, onProgress: () => {} };
    const staged = shop.target!.stage(
      request,
      { format: 'pg-copy-binary', schema, bytes: silent },
      abort.signal,
    );
    setTimeout(() => abort.abort(), 100);
    await expect(staged).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await shop.database!.describe(table)).toBeUndefined();
  });

  test('a leftover of the same name is replaced', async () => {
    await database.query('create table stage (old int)');
    const payload = await readNumbers(never, 'pg-copy-binary');
    const progress: number[] = [];
    const request = { table, schema: payload.schema, onProgress: (rows: number) => progress.push(rows) };
    expect(await shop.target!.stage(request, payload, never)).toMatchObject({ rows: 300_000 });
    expect(progress.at(-1)).toBe(300_000);
    const [row] = await database.query('select count(*)::int as n, sum(g)::text as total from stage');
    expect(row).toEqual({ n: 300_000, total: '45000150000' });
  });

  test('a SELECT of the same database', async () => {
    const request = { stream: { name: 'public.orders' }, columns: ['id'], options: {} };
    const payload = await shop.source!.read(request, 'relation', never);
    const stage = { table, schema: payload.schema, onProgress: () => {} };
    expect(await shop.target!.stage(stage, payload, never)).toMatchObject({ rows: 1000 });
  });
});
