import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMariaDb } from '../../../test/support/mariadb-server.ts';
import type { ColumnBatch, ColumnsPayload, Connection, ReadRequest } from '../../connector/index.ts';
import { mysqlConnector } from './index.ts';

const never = new AbortController().signal;
const found = await startMariaDb();
const skip = 'skip' in found;
const isMariaDb = skip || found.isMariaDb;
if (skip) process.stdout.write(`mysql tests are skipped: ${found.reason}\n`);

async function open(config: Readonly<Record<string, unknown>> = {}): Promise<Connection> {
  if ('skip' in found) throw new Error(found.reason);
  const keys = { ...mysqlConnector.parseUrl(found.url), sslmode: 'disable', ...config };
  return await mysqlConnector.open(mysqlConnector.config.parse(keys), {
    name: 'SHOP',
    projectFolder: tmpdir(),
    temporaryFolder: tmpdir(),
    memoryBudgetBytes: 64 * 1024 * 1024,
  });
}

async function start(
  connection: Connection,
  stream: ReadRequest['stream'],
  more: Partial<ReadRequest> = {},
  signal: AbortSignal = never,
): Promise<ColumnsPayload> {
  const { source } = connection;
  if (!source) throw new Error('no source');
  const columns = more.columns ?? (await source.describe(stream, {})).columns.map((column) => column.name);
  const payload = await source.read({ stream, options: {}, ...more, columns }, 'columns', signal);
  if (payload.format !== 'columns') throw new Error('no columns');
  return payload;
}

async function count(batches: AsyncIterable<ColumnBatch>): Promise<number> {
  let rows = 0;
  for await (const batch of batches) {
    rows += batch.rowCount;
    batch.release?.();
  }
  return rows;
}

/** Every value of a stream, as the vectors hold it. */
async function values(payload: ColumnsPayload): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const { rowCount, vectors } of payload.batches) {
    for (let row = 0; row < rowCount; row += 1) {
      rows.push(
        vectors.map((vector, index) => {
          if (vector.validity?.[row] === 0) return null;
          if (vector.kind === 'bytes') {
            const bytes = vector.data.slice(vector.starts[row], vector.ends[row]);
            return payload.schema.columns[index]?.type.type === 'bytes'
              ? Buffer.from(bytes).toString('hex')
              : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
          }
          if (vector.kind === 'fixed') {
            const bytes = Buffer.from(vector.values.subarray(16 * row, 16 * row + 16));
            const type = payload.schema.columns[index]?.type.type;
            if (type === 'uuid') return bytes.toString('hex');
            const low = bytes.readBigUInt64LE(0);
            const high = bytes.readBigInt64LE(8);
            return type === 'interval' ? high : (high << 64n) + low;
          }
          return vector.values[row];
        }),
      );
    }
  }
  return rows;
}

function micros(iso: string): bigint {
  const [whole = '', fraction = ''] = iso.split('.');
  return BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

describe.skipIf(skip)('mysql on MariaDB', () => {
  const server = found as Exclude<typeof found, { skip: true }>;
  let shop: Connection;

  beforeAll(async () => {
    shop = await open();
    await server.run("set sql_mode = 'ALLOW_INVALID_DATES'", "set time_zone = '+00:00'");
  });

  afterAll(async () => {
    await shop?.close();
    await server.stop();
  });

  test('says what it found', async () => {
    expect(await shop.check(never)).toMatch(/^(MariaDB|MySQL) \d+\.\d+\.\d+.*, database shop as mill@/);
    expect(shop.target?.takes).toEqual(['columns']);
  });

  test('runs several statements that are given at once, and gives the rows of the last one', async () => {
    const found = await shop.database?.query(
      "drop table if exists notes; create table notes (t text); insert into notes values ('a;b'), ('c'); select t from notes order by 1;",
    );
    expect(found?.rows).toEqual([['a;b'], ['c']]);
  });

  describe('types', () => {
    beforeAll(async () => {
      await server.run(
        `create table every_type (
          id int primary key, t1 tinyint(1), ti tinyint, tu tinyint unsigned, si smallint, su smallint unsigned,
          mi mediumint, mu mediumint unsigned zerofill, ii int, iu int unsigned, bi bigint, bu bigint unsigned,
          b1 bit(1), b12 bit(12), f float, d double, d2 double(10,2), n4 decimal(4,2), n18 decimal(18,6), nu decimal(18,0) unsigned,
          n38 decimal(38,10), n65 decimal(65,30), y year, da date, dt datetime, dt6 datetime(6), ts timestamp(3) null, ti0 time, ti6 time(6),
          c char(5), vc varchar(20), tx text, l1 varchar(20) character set latin1, gk varchar(20) character set greek,
          u2 varchar(20) character set utf16, bn binary(3), vb varbinary(300), bl longblob, en enum('a','ß'), st set('x','y'),
          js json, uu ${isMariaDb ? 'uuid' : 'char(36)'}, ip ${isMariaDb ? 'inet6' : 'varchar(39)'}, pt point, gen int generated always as (id * 2) stored, vir varchar(30) as (concat(vc, '!')) virtual
        ) character set utf8mb4`,
        `insert into every_type (id, t1, ti, tu, si, su, mi, mu, ii, iu, bi, bu, b1, b12, f, d, d2, n4, n18, nu, n38, n65, y, da, dt, dt6, ts, ti0, ti6,
          c, vc, tx, l1, gk, u2, bn, vb, bl, en, st, js, uu, ip, pt) values
        (1, 1, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615,
          b'1', b'101010101010', 16777217.5, -1.7976931348623157e308, 0.07, -99.99, -123456789012.654321, 999999999999999999,
          -1234567890123456789012345678.0123456789, -12345678901234567890123456789012345.123456789012345678901234567891,
          1901, '1000-01-01', '1000-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01.001', '23:59:59', '00:00:00.000001',
          'ab', 'ünïcode ✓ 😀', repeat('é', 30000), 'Ünïcöde', 'αβγ', '😀', x'00ff', x'${Buffer.from(Array.from({ length: 256 }, (_, index) => index)).toString('hex')}',
          x'', 'ß', 'x,y', '{"a": [1, "ü"], "b": null}', '123e4567-e89b-12d3-a456-426655440000', '::1', point(1, 2)),
        (2, 0, 127, 0, 32767, 0, 8388607, 0, 2147483647, 0, 9223372036854775807, 0, b'0', b'0', 3.4028234e38, 5e-324, -0.07,
          99.99, 0.000001, 0, 0.0000000001, 0, 2155, '9999-12-31', '2024-02-29 12:30:45', '1969-12-31 23:59:59.999999', '2038-01-19 03:14:07', '00:00:00', '12:00:00',
          '', '', '', '', '', '', x'000000', x'', x'00', 'a', '', '[]', '00000000-0000-0000-0000-000000000000', 'ffff::', st_geomfromtext('point(0 0)')),
        (4, 2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, b'1', b'1', 1.1, 0.1, 1e6, 0, 1, 1, 1, -0.5, 2000, '2000-02-29', '1583-10-15 10:00:00', '0001-01-01', '2000-01-01', '01:02:03', '01:02:03.4',
          'x', 'a\\tb\\n"c"\\\\\\'d\\'', 'NULL', 'x', 'x', 'x', 'abc', 'x', 'x', 'a', 'x', '"s"', uuid(), '::ffff:1.2.3.4', null)`,
        'insert into every_type (id) values (3)',
      );
    });

    test('come from the server, not from the rows', async () => {
      const { columns, primaryKey } = await shop.source!.describe({ name: 'shop.every_type' }, {});
      const decimal = (precision: number, scale: number) => ({ type: 'decimal', precision, scale });
      expect(primaryKey).toEqual(['id']);
      expect(columns[0]).toEqual({ name: 'id', type: { type: 'int32' }, nullable: false });
      expect(Object.fromEntries(columns.slice(1).map(({ name, type }) => [name, type]))).toEqual({
        t1: { type: 'int16' }, ti: { type: 'int16' }, tu: { type: 'int16' }, si: { type: 'int16' }, su: { type: 'int32' },
        mi: { type: 'int32' }, mu: { type: 'int32' }, ii: { type: 'int32' }, iu: { type: 'int64' }, bi: { type: 'int64' },
        bu: decimal(20, 0), b1: { type: 'boolean' }, b12: { type: 'bytes' }, f: { type: 'float32' }, d: { type: 'float64' },
        d2: { type: 'float64' }, n4: decimal(4, 2), n18: decimal(18, 6), nu: decimal(18, 0), n38: decimal(38, 10), n65: decimal(65, 30),
        y: { type: 'int16' }, da: { type: 'date' }, dt: { type: 'timestamp' }, dt6: { type: 'timestamp' }, ts: { type: 'timestamptz' },
        ti0: { type: 'time' }, ti6: { type: 'time' }, c: { type: 'text', maxLength: 5 }, vc: { type: 'text', maxLength: 20 }, tx: { type: 'text' },
        l1: { type: 'text', maxLength: 20 }, gk: { type: 'text', maxLength: 20 }, u2: { type: 'text', maxLength: 20 },
        bn: { type: 'bytes' }, vb: { type: 'bytes' }, bl: { type: 'bytes' }, en: { type: 'text' }, st: { type: 'text' },
        js: { type: 'json' }, uu: isMariaDb ? { type: 'uuid' } : { type: 'text', maxLength: 36 }, ip: isMariaDb ? { type: 'text' } : { type: 'text', maxLength: 39 }, pt: { type: 'bytes' }, gen: { type: 'int32' },
        vir: { type: 'text', maxLength: 30 },
      }); // prettier-ignore
    });

    test('keep every value', async () => {
      const rows = await values(await start(shop, { name: 'every_type' }, { orderBy: 'id' }));
      const point = (x: number, y: number): string => {
        const bytes = Buffer.alloc(21);
        bytes[0] = 1;
        bytes.writeUInt32LE(1, 1);
        bytes.writeDoubleLE(x, 5);
        bytes.writeDoubleLE(y, 13);
        return bytes.toString('hex');
      };
      const days = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000;
      expect(rows[0]).toEqual([
        1, 1, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295n, -9223372036854775808n, 18446744073709551615n,
        1, '0aaa', 16777218, -1.7976931348623157e308, 0.07, -9999n, -123456789012654321n, 999999999999999999n,
        -12345678901234567890123456780123456789n, '-12345678901234567890123456789012345.123456789012345678901234567891',
        1901, days('1000-01-01'), micros('1000-01-01T00:00:00'), micros('9999-12-31T23:59:59.999999'), micros('1970-01-01T00:00:01.001'),
        86_399_000_000n, 1n, 'ab', 'ünïcode ✓ 😀', 'é'.repeat(30_000), 'Ünïcöde', 'αβγ', '😀', '00ff00',
        Buffer.from(Array.from({ length: 256 }, (_, index) => index)).toString('hex'), '', 'ß', 'x,y', '{"a": [1, "ü"], "b": null}',
        isMariaDb ? '123e4567e89b12d3a456426655440000' : '123e4567-e89b-12d3-a456-426655440000', '::1', point(1, 2), 2, 'ünïcode ✓ 😀!',
      ]); // prettier-ignore
      expect(rows[1]).toEqual([
        2, 0, 127, 0, 32767, 0, 8388607, 0, 2147483647, 0n, 9223372036854775807n, 0n, 0, '0000', Math.fround(3.4028234e38), 5e-324, -0.07,
        9999n, 1n, 0n, 1n, '0.000000000000000000000000000000', 2155, days('9999-12-31'), micros('2024-02-29T12:30:45'), -1n,
        micros('2038-01-19T03:14:07'), 0n, 43_200_000_000n, '', '', '', '', '', '', '000000', '', '00', 'a', '', '[]', isMariaDb ? '0'.repeat(32) : '00000000-0000-0000-0000-000000000000', 'ffff::',
        point(0, 0), 4, '!',
      ]); // prettier-ignore
      expect(rows[2]).toEqual([3, ...Array.from({ length: 43 }, () => null), 6, null]);
      expect(rows[3]).toEqual([
        4, 2, 0, 1, 0, 1, 0, 1, 0, 1n, 0n, 1n, 1, '0001', Math.fround(1.1), 0.1, 1e6, 0n, 1_000_000n, 1n, 10_000_000_000n,
        '-0.500000000000000000000000000000', 2000, days('2000-02-29'), micros('1583-10-15T10:00:00'), micros('0001-01-01T00:00:00'),
        micros('2000-01-01T00:00:00'), 3_723_000_000n, 3_723_400_000n, 'x', 'a\tb\n"c"\\\'d\'', 'NULL', 'x', 'x', 'x', '616263', '78', '78', 'a', 'x',
        '"s"', expect.stringMatching(/^[0-9a-f-]{32,36}$/), '::ffff:1.2.3.4', null, 8, 'a\tb\n"c"\\\'d\'!',
      ]); // prettier-ignore
    });

    test('the same in small results', async () => {
      const { rows, columns } = await shop.database!.query(
        'select bi, bu, b1, b12, f * 1e0, n38, dt6, ts, da, ti6, js, st_astext(pt), vb is not null, null from every_type where id = ?',
        [1],
      );
      expect(rows[0]).toEqual([
        -9223372036854775808n, '18446744073709551615', true, Uint8Array.of(0x0a, 0xaa), 16777218, '-1234567890123456789012345678.0123456789',
        '9999-12-31T23:59:59.999999', '1970-01-01T00:00:01.001Z', '1000-01-01', '00:00:00.000001', { a: [1, 'ü'], b: null }, 'POINT(1 2)', 1, null,
      ]); // prettier-ignore
      expect(columns[0]).toEqual({ name: 'bi', type: { type: 'int64' }, nullable: true });
    });

    test('a query is described without being run', async () => {
      const sql =
        'select id, n18 * 2 as twice, concat(vc, tx) as both_texts, count(*) over () as n, sleep(100) as slept from every_type;';
      const { columns } = await shop.source!.describe({ name: 'q', sql }, {});
      expect(columns.map(({ name, type }) => [name, type.type])).toEqual([
        ['id', 'int32'],
        ['twice', 'decimal'],
        ['both_texts', 'text'],
        ['n', 'int64'],
        ['slept', isMariaDb ? 'int32' : 'int64'],
      ]);
    });

    test('tinyint(1) is a boolean when the connection says so, and other numbers are then errors', async () => {
      const asked = await open({ tinyint1: 'boolean' });
      try {
        const fine = await start(asked, { name: 'every_type' }, { columns: ['t1', 'ti'], where: 'id < 4' });
        expect(fine.schema.columns.map(({ type }) => type.type)).toEqual(['boolean', 'int16']);
        expect(await values(fine)).toEqual([[1, -128], [0, 127], [null, null]]); // prettier-ignore
        const bad = await start(asked, { name: 'every_type' }, { columns: ['t1'] });
        await expect(values(bad)).rejects.toMatchObject({ kind: 'data', code: 'boolean_out_of_range' });
      } finally {
        await asked.close();
      }
    });
  });

  describe('dates and times that others do not have', () => {
    beforeAll(async () => {
      await server.run(
        'create table odd_times (id int primary key, d date not null, dt datetime(3), ts timestamp null, t time(1))',
        `insert into odd_times values (1, '2024-01-01', '2024-01-01', '2024-01-01', '10:00'),
          (2, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00', '838:59:59'), (3, '2024-02-30', '2024-00-01 10:00:00', null, '-00:00:00.1')`,
      );
    });

    test.each(['d', 'dt', 'ts'])('a zero date in %s is an error that says what to do', async (column) => {
      const payload = await start(shop, { name: 'odd_times' }, { columns: [column] });
      await expect(values(payload)).rejects.toMatchObject({
        kind: 'data',
        code: 'date_invalid',
        message: expect.stringContaining(`"${column}" holds 0000-00-00`),
        next: expect.stringContaining('zero_dates: null'),
      });
    });

    test('or NULL, in columns that are then nullable', async () => {
      const asked = await open({ zero_dates: null });
      try {
        const payload = await start(
          asked,
          { name: 'odd_times' },
          { columns: ['id', 'd', 'dt', 'ts'], orderBy: 'id' },
        );
        expect(payload.schema.columns.map(({ nullable }) => nullable)).toEqual([false, true, true, true]);
        const first = [1, 19_723, micros('2024-01-01T00:00:00'), micros('2024-01-01T00:00:00')];
        expect(await values(payload)).toEqual([first, [2, null, null, null], [3, null, null, null]]);
      } finally {
        await asked.close();
      }
    });

    test('a time beyond a day is an error, or an interval', async () => {
      const payload = await start(shop, { name: 'odd_times' }, { columns: ['t'] });
      await expect(values(payload)).rejects.toMatchObject({
        code: 'time_out_of_range',
        next: expect.stringContaining('times: interval'),
      });
      const asked = await open({ times: 'interval' });
      try {
        const intervals = await start(asked, { name: 'odd_times' }, { columns: ['t'], orderBy: 'id' });
        expect(await values(intervals)).toEqual([[36_000_000_000n], [3_020_399_000_000n], [-100_000n]]);
      } finally {
        await asked.close();
      }
    });
  });

  describe('reading', () => {
    test('an empty table has columns and no batches', async () => {
      await server.run('create table empty_one (id int, name text)');
      const payload = await start(shop, { name: 'empty_one' });
      expect(payload.schema.columns).toHaveLength(2);
      expect(await values(payload)).toEqual([]);
    });

    test('a million narrow rows arrive once each, in order', async () => {
      await server.run('create table narrow (id int primary key) select seq as id from seq_1_to_1000000');
      const payload = await start(shop, { name: 'narrow' }, { orderBy: 'id' });
      let expected = 0;
      for await (const { rowCount, vectors, release } of payload.batches) {
        const ids = vectors[0]?.kind === 'int32' ? vectors[0].values : new Int32Array();
        for (let row = 0; row < rowCount; row += 1) {
          expected += 1;
          if (ids[row] !== expected) expect(ids[row]).toBe(expected);
        }
        release?.();
      }
      expect(expected).toBe(1_000_000);
    });

    test('rows larger than a packet of 16 MB, and values at every border of a length', async () => {
      const lengths = [0, 250, 251, 252, 65_535, 65_536, 0xff_fffa, 0xff_ffff, 0x200_0000];
      await server.run('create table wide_rows (id int primary key, b longblob, after varchar(5))');
      for (const [id, length] of lengths.entries())
        await server.run(`insert into wide_rows values (${id}, repeat('x', ${length}), 'end')`);
      const payload = await start(shop, { name: 'wide_rows' }, { orderBy: 'id' });
      const seen: number[] = [];
      for await (const { rowCount, vectors } of payload.batches) {
        const [, blobs, after] = vectors;
        if (blobs?.kind !== 'bytes' || after?.kind !== 'bytes') throw new Error('no bytes');
        for (let row = 0; row < rowCount; row += 1) {
          const bytes = blobs.data.subarray(blobs.starts[row], blobs.ends[row]);
          expect(bytes.every((byte) => byte === 0x78)).toBe(true);
          expect(Buffer.from(after.data.subarray(after.starts[row], after.ends[row])).toString()).toBe('end');
          seen.push(bytes.length);
        }
      }
      expect(seen).toEqual(lengths);
    });

    test('a consumer that waits makes the server wait, and memory stays small', async () => {
      await server.run(
        "create table heavy (id int primary key, filler varchar(2000)) select seq as id, repeat('f', 2000) as filler from seq_1_to_100000",
      );
      const payload = await start(shop, { name: 'heavy' });
      const before = process.memoryUsage().arrayBuffers;
      let rows = 0;
      let most = 0;
      for await (const batch of payload.batches) {
        rows += batch.rowCount;
        if (rows < 20_000) await new Promise((resolve) => setTimeout(resolve, 20));
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        batch.release?.();
      }
      expect(rows).toBe(100_000);
      expect(most).toBeLessThan(100 * 1024 * 1024);
    });

    test('where, order, limit and columns of a query', async () => {
      const payload = await start(
        shop,
        { name: 'q', sql: 'select id, id % 7 as `odd ``name` from narrow -- all of it' },
        { columns: ['odd `name'], where: '`id` > 3', orderBy: '`id` desc', limit: 2 },
      );
      expect((await values(payload)).flat().map(String)).toEqual(['1', '0']);
    });

    test('a column that is not there', async () => {
      await expect(start(shop, { name: 'narrow' }, { columns: ['nope'] })).rejects.toMatchObject({
        code: 'column_missing',
        next: 'Its columns are: id.',
      });
    });

    test('streams are found by patterns; a missing one names the others', async () => {
      await server.run('create view narrow_view as select id from narrow');
      expect(await shop.source!.discover('shop.narrow*')).toEqual(['shop.narrow', 'shop.narrow_view']);
      expect(await shop.source!.discover('narro?')).toEqual(['shop.narrow']);
      await expect(shop.source!.describe({ name: 'narow' }, {})).rejects.toMatchObject({
        code: 'stream_missing',
        next: expect.stringContaining('narrow'),
      });
      const views = (await shop.database!.list('')).filter((relation) => relation.type === 'view');
      expect(views).toContainEqual({ name: 'narrow_view', type: 'view' });
      expect(await shop.database!.list('no_such_schema')).toEqual([]);
      expect(await shop.database!.describe({ schema: 'no_such_schema', name: 't' })).toBeUndefined();
    });
  });

  describe('stopping', () => {
    const slow = 'select seq, sleep(1) as s from seq_1_to_1000';
    /** Sessions of others whose statement holds `text`. */
    const sessions = async (text: string): Promise<readonly string[]> => {
      const list = await server.rows(
        'select id, info from information_schema.processlist where id <> connection_id()',
      );
      return list.filter(([, info]) => String(info).includes(text)).map(([id]) => String(id));
    };
    const running = async (): Promise<number> => (await sessions('sleep(1)')).length;
    const until = async (condition: () => Promise<boolean>): Promise<void> => {
      while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
    };

    test('an aborted read ends on the server too', async () => {
      const stop = new AbortController();
      const payload = await start(shop, { name: 'q', sql: slow }, {}, stop.signal);
      const reading = count(payload.batches);
      const rejected = expect(reading).rejects.toMatchObject({ kind: 'cancelled' });
      await until(async () => (await running()) === 1);
      stop.abort();
      await rejected;
      await until(async () => (await running()) === 0);
    });

    test('an aborted query ends on the server too, and the pool goes on', async () => {
      const stop = new AbortController();
      const query = shop.database!.query(slow, [], stop.signal);
      const rejected = expect(query).rejects.toMatchObject({ kind: 'cancelled' });
      await until(async () => (await running()) === 1);
      stop.abort();
      await rejected;
      await until(async () => (await running()) === 0);
      expect((await shop.database!.query('select 1')).rows).toEqual([[1]]);
    });

    test('what was aborted before does not start', async () => {
      await expect(shop.database!.query('select 1', [], AbortSignal.abort())).rejects.toMatchObject({
        kind: 'cancelled',
      });
      await expect(start(shop, { name: 'narrow' }, {}, AbortSignal.abort())).rejects.toMatchObject({
        kind: 'cancelled',
      });
    });

    test('a killed connection is a transient error, in the middle of rows and before them', async () => {
      const payload = await start(shop, { name: 'heavy' });
      const reading = (async () => {
        for await (const batch of payload.batches) {
          for (const id of await sessions('from `heavy`')) await server.run(`kill ${id}`);
          batch.release?.();
        }
      })();
      await expect(reading).rejects.toMatchObject({ kind: 'transient', code: 'connection_lost' });
      expect((await shop.database!.query('select 1')).rows).toEqual([[1]]);
    });

    test('a reader that leaves early closes its session', async () => {
      const payload = await start(shop, { name: 'heavy' });
      for await (const batch of payload.batches) {
        expect(batch.rowCount).toBeGreaterThan(0);
        break;
      }
      await until(async () => (await sessions('from `heavy`')).length === 0);
    });

    test('an error of the server in the middle of a read is told', async () => {
      const sql = 'select id, if(id < 5000, 1, (select 1 union select 2)) as x from narrow';
      const payload = await start(shop, { name: 'q', sql });
      await expect(count(payload.batches)).rejects.toMatchObject({
        kind: 'config',
        message: expect.stringContaining('1242'),
      });
    });
  });

  describe('database', () => {
    test('parameters are bound, whatever they hold', async () => {
      const odd = ["'; drop table narrow; --", 'back\\slash', 'new\nline', '✓ 😀', '', null];
      for (const value of odd)
        expect((await shop.database!.query('select ? as v', [value])).rows).toEqual([[value]]);
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      expect((await shop.database!.query('select hex(?)', [bytes])).rows).toEqual([
        [Buffer.from(bytes).toString('hex').toUpperCase()],
      ]);
    });

    test('counts changed rows, and rolls back', async () => {
      const database = shop.database!;
      await database.execute('create table counted (id int primary key, v int)');
      expect(await database.execute('insert into counted values (1, 1), (2, 2)')).toBe(2);
      expect(await database.execute('update counted set v = 1')).toBe(1);
      const failing = database.transaction(async (session) => {
        await session.execute('delete from counted');
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow();
      expect((await database.query('select count(*) from counted')).rows).toEqual([[2]]);
      await database.transaction((session) => session.execute('delete from counted where id = ?', [1]));
      expect((await database.query('select id from counted')).rows).toEqual([[2]]);
    });

    test.each([
      ['select * from nothing_here', 'config', 'relation_missing'],
      ['select nope from narrow', 'config', 'column_missing'],
      ['selec 1', 'config', 'sql_failed'],
      ['insert into counted values (2, 2)', 'data', 'constraint_violated'],
      ['insert into counted values (3, 99999999999)', 'data', 'data_invalid'],
      ["insert into counted values (4, 'x')", 'data', 'data_invalid'],
      [
        isMariaDb
          ? 'set statement max_statement_time = 0.05 for select sleep(5)'
          : 'select /*+ max_execution_time(50) */ count(*) from seq_1_to_1000000 a join seq_1_to_1000000 b using (seq)',
        'transient',
        'statement_cancelled',
      ],
      ['use no_such_schema', 'config', 'database_missing'],
    ])('%s is %s %s', async (sql, kind, code) => {
      await expect(shop.database!.execute(sql)).rejects.toMatchObject({ kind, code });
    });

    test('lock waits and deadlocks can be tried again', async () => {
      const database = shop.database!;
      await database.transaction(async (holder) => {
        await holder.execute('update counted set v = 7 where id = 2');
        const waiting = database.transaction(async (session) => {
          await session.execute('set innodb_lock_wait_timeout = 1');
          await session.execute('update counted set v = 8 where id = 2');
        });
        await expect(waiting).rejects.toMatchObject({ kind: 'transient', code: 'transaction_conflict' });
      });
    });
  });

  describe('connecting', () => {
    const failure = async (config: Readonly<Record<string, unknown>>): Promise<unknown> => {
      const connection = await open(config);
      try {
        await connection.check(never);
        return undefined;
      } catch (error) {
        return error;
      } finally {
        await connection.close();
      }
    };

    test('a wrong password is told, and not shown', async () => {
      const error = await failure({ password: 'hush-hush' });
      expect(error).toMatchObject({ kind: 'config', code: 'login_failed' });
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hush-hush');
    });

    test.each([
      [{ port: 1 }, 'transient', 'server_unreachable'],
      [{ database: 'no_such_schema' }, 'config', 'database_missing'],
    ])('%o is %s %s', async (config, kind, code) => {
      expect(await failure(config)).toMatchObject({ kind, code });
    });

    test.skipIf(!isMariaDb)('TLS that the server has not is told', async () => {
      expect(await failure({ sslmode: 'require' })).toMatchObject({
        kind: 'config',
        code: 'tls_unavailable',
      });
    });

    test('without TLS on the server, prefer does without, also for many at once', async () => {
      const connection = await open({ sslmode: 'prefer' });
      try {
        const checks = Array.from({ length: 20 }, () => connection.check(never));
        expect(new Set(await Promise.all(checks)).size).toBe(1);
      } finally {
        await connection.close();
      }
    });

    test('a certificate that cannot be read is found before connecting', async () => {
      await expect(open({ sslmode: 'verify-ca', sslrootcert: 'nowhere.pem' })).rejects.toMatchObject({
        code: 'certificate_missing',
      });
    });

    test('a session does not depend on the defaults of its server', async () => {
      await server.run(
        "set global sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'",
        "set global time_zone = '+09:00'",
      );
      const other = await open();
      try {
        const { rows } = await other.database!.query('select ?, @@time_zone, from_unixtime(0)', [
          "\\' or 1 = 1",
        ]);
        expect(rows).toEqual([["\\' or 1 = 1", '+00:00', '1970-01-01T00:00:00']]);
      } finally {
        await other.close();
        await server.run('set global sql_mode = default', 'set global time_zone = default');
      }
    });
  });
});

describe('config', () => {
  test('a URL is taken apart', () => {
    expect(
      mysqlConnector.parseUrl('mariadb://me:p%40ss@[::1]:3307/shop?sslmode=require&zero_dates=null'),
    ).toEqual({
      host: '::1',
      port: '3307',
      user: 'me',
      password: 'p@ss',
      database: 'shop',
      sslmode: 'require',
      zero_dates: 'null',
    });
  });

  test.each([
    'mysql://me:se%cret@host',
    'mysql://me:se#cret@host/shop',
    'mysql://me:secret@host/shop#x',
    'mysql://me:a@secret/x@host/shop',
  ])('%s cannot be read, and is not shown', (url) => {
    expect(() => mysqlConnector.parseUrl(url)).toThrow(
      expect.objectContaining({ code: 'url_invalid', message: expect.not.stringContaining('cret') }),
    );
  });

  test('unknown keys and missing users are errors; schema is the database', () => {
    expect(mysqlConnector.config.safeParse({ user: 'me', pasword: 'x' }).success).toBe(false);
    expect(mysqlConnector.config.safeParse({ host: 'h' }).success).toBe(false);
    expect(mysqlConnector.config.parse({ user: 'me', schema: 'shop' })).toMatchObject({
      database: 'shop',
      port: 3306,
      zero_dates: 'error',
    });
    expect(mysqlConnector.config.parse({ user: 'me', zero_dates: null })).toMatchObject({
      zero_dates: 'null',
    });
  });
});
