import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/connector/index.ts';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { createTestDatabase } from '../support/postgres-database.ts';

const database = await createTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'millrace-routes-'));
const never = new AbortController().signal;
let postgres: Connection;
let duckdb: Connection;

function environment(name: string) {
  return { name, projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 256 * 1024 * 1024 };
}

beforeAll(async () => {
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  postgres = await postgresConnector.open(config, environment('SHOP'));
  duckdb = await duckdbConnector.open({ path: 'types.duckdb' }, environment('WAREHOUSE'));
  await database.query(`
    create type mood as enum ('sad', 'happy');
    create domain email as varchar(80) check (value like '%@%');
    create type pair as (a int, b text);
    create table every_type (
      id int primary key, a_bool bool, a_int2 int2, a_int4 int4, a_int8 int8, a_float4 float4, a_float8 float8,
      small numeric(4,2), middle numeric(9,3), large numeric(18,6), huge numeric(38,10), bare numeric, wide numeric(60,5),
      a_text text, a_varchar varchar(20), a_char char(5), a_bytea bytea, a_date date, a_time time, a_timetz timetz,
      a_timestamp timestamp, a_timestamptz timestamptz, an_interval interval, a_uuid uuid, a_json json, a_jsonb jsonb,
      ints int[], texts text[], decimals numeric(20,4)[], a_mood mood, an_email email, a_pair pair, an_inet inet,
      a_range int4range, "odd ""name" text, doubled int generated always as (id * 2) stored)`);
  await database.query(
    `insert into every_type values
      (1, true, -32768, -2147483648, -9223372036854775808, 1.5, 1e308, -99.99, 123456.789, -123456789012.654321,
       -1234567890123456789012345678.0123456789, 1.10, 12345678901234567890123456789012345678901234567890.12345,
       'ünïcode ✓ 😀', 'twelve bytes', 'ab', $1, '0044-03-15 BC', '23:59:59.999999', '12:00:00+02',
       '0044-03-15 10:00:00 BC', '2024-02-29 23:59:59.999999+00', '1 year -2 days 03:04:05.678901',
       '00000000-0000-0000-0000-000000000001', '{"k": 1}', '{"k": [1, "x"]}', '{1,NULL,-3}',
       array['a"b', 'c,d', null, '', E'back\\\\slash', 'NULL'], '{1.5,-12345678901234.5678}', 'happy', 'a@b', '(1,x)', '10.0.0.1/8',
       '[1,5)', 'odd'),
      (2, false, 32767, 2147483647, 9223372036854775807, 'NaN', '-Infinity', 0, 0.001, 1, 1234567890123456789012345678.0123456789, 'NaN', -0.5,
       '', '', '', '', 'infinity', '00:00', '00:00:00-12', '-infinity', 'infinity', '-00:00:00.000001',
       'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null', '""', '{}', '{}', '{}', 'sad', 'c@d', '(,)', '::1', 'empty', ''),
      (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
       null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
      (4, true, 0, 0, 0, 0, -0.0, 0.01, -0.001, 0.000001, 0.0000000001, 1e40, 0, repeat('x', 5000), 'exactly12byt',
       'z', '\\x00', '-infinity', '12:34:56', '23:59:59+00', '294246-12-31 23:59:59.999999', '4713-01-01 00:00:00+00 BC',
       '178000000 years', gen_random_uuid(), '[]', '{}', '{7}', '{x}', '{0}', 'sad', 'e@f', '(1,"a,b")', '10.0.0.2', '(,)', 'y')`,
    [Buffer.from(Array.from({ length: 256 }, (_, index) => index))],
  );
});

afterAll(async () => {
  await postgres.close();
  await duckdb.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function route(
  from: Connection,
  stream: string,
  to: Connection,
  table: string,
  lane: 'columns' | 'pg-copy-binary',
) {
  const described = await from.source?.describe({ name: stream }, {});
  if (!described || !from.source || !to.target || !to.database) throw new Error('no such route');
  const columns = described.columns.map((column) => column.name);
  const payload = await from.source.read({ stream: { name: stream }, columns, options: {} }, lane, never);
  const { defaultSchema } = to.database.dialect;
  const request = {
    table: { schema: defaultSchema, name: table },
    schema: payload.schema,
    onProgress: () => {},
  };
  return await to.target.stage(request, payload, never);
}

const comparable = `id, a_bool, a_int2, a_int4, a_int8, a_float4::text, a_float8::text, small, middle, large, huge, bare::text, wide::text,
  a_text, a_varchar, rpad(a_char::text, 5) as a_char, a_bytea, a_date, a_time, a_timetz::text, a_timestamp, a_timestamptz, an_interval, a_uuid,
  a_json::text, a_jsonb::text, ints::text, texts::text, decimals::text, a_mood::text, an_email::text, a_pair::text, format('%s', an_inet) as an_inet, a_range::text,
  "odd ""name", doubled`;

async function rowsOfPostgres(table: string): Promise<unknown> {
  return await database.query(`select ${comparable} from ${table} order by id`);
}

describe('PostgreSQL to PostgreSQL', () => {
  test.each(['pg-copy-binary', 'columns'] as const)('%s keeps every value', async (lane) => {
    const table = `copy_${lane.replaceAll('-', '_')}`;
    await database.query('update every_type set a_json = a_jsonb::json');
    const result = await route(postgres, 'public.every_type', postgres, table, lane);
    expect(result.rows).toBe(4);
    expect(await rowsOfPostgres(table)).toEqual(await rowsOfPostgres('every_type'));
  });
});

describe('PostgreSQL to DuckDB', () => {
  test('keeps every value', async () => {
    const result = await route(postgres, 'public.every_type', duckdb, 'every_type', 'columns');
    expect(result.rows).toBe(4);
    const { rows } = await duckdb.database!.query(
      `select * replace (cast(a_timestamp as varchar) as a_timestamp, cast(a_timestamptz as varchar) as a_timestamptz,
         cast(a_date as varchar) as a_date, cast(a_time as varchar) as a_time, cast(an_interval as varchar) as an_interval)
       from every_type order by id`,
    );
    expect(rows[0]).toEqual([
      1, true, -32768, -2147483648, -9223372036854775808n, 1.5, 1e308, '-99.99', '123456.789', '-123456789012.654321',
      '-1234567890123456789012345678.0123456789', '1.10', '12345678901234567890123456789012345678901234567890.12345',
      'ünïcode ✓ 😀', 'twelve bytes', 'ab', Uint8Array.from({ length: 256 }, (_, index) => index), '0044-03-15 (BC)',
      '23:59:59.999999', '12:00:00+02', '0044-03-15 (BC) 10:00:00', '2024-02-29 23:59:59.999999+00',
      '1 year -2 days 03:04:05.678901', '00000000-0000-0000-0000-000000000001', { k: [1, 'x'] }, { k: [1, 'x'] },
      [1, null, -3], ['a"b', 'c,d', null, '', 'back\\slash', 'NULL'], ['1.5000', '-12345678901234.5678'], 'happy', 'a@b', '(1,x)',
      '10.0.0.1/8', '[1,5)', 'odd', 2,
    ]); // prettier-ignore
    expect(rows[1]).toEqual([
      2, false, 32767, 2147483647, 9223372036854775807n, Number.NaN, -Infinity, '0.00', '0.001', '1.000000',
      '1234567890123456789012345678.0123456789', 'NaN', '-0.50000', '', '', '', new Uint8Array(), 'infinity', '00:00:00',
      '00:00:00-12', '-infinity', 'infinity', '-00:00:00.000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', '', [], [], [],
      'sad', 'c@d', '(,)', '::1', 'empty', '', 4,
    ]); // prettier-ignore
    expect(rows[2]?.slice(1, -1)).toEqual(Array.from({ length: 34 }, () => null));
    expect(rows[3]?.slice(7, 18)).toEqual([
      '0.01', '-0.001', '0.000001', '0.0000000001', '10000000000000000000000000000000000000000', '0.00000', 'x'.repeat(5000),
      'exactly12byt', 'z', new Uint8Array([0]), '-infinity',
    ]); // prettier-ignore
  });

  test('tells the types of the catalogue', async () => {
    const described = await duckdb.database!.describe({ schema: 'main', name: 'every_type' });
    const types = Object.fromEntries(described!.columns.map((column) => [column.name, column.type]));
    expect(types).toMatchObject({
      huge: { type: 'decimal', precision: 38, scale: 10 },
      bare: { type: 'text' },
      a_jsonb: { type: 'json' },
      texts: { type: 'array', element: { type: 'text' } },
      a_uuid: { type: 'uuid' },
    });
  });

  test('and back again', async () => {
    await route(duckdb, 'main.every_type', postgres, 'returned', 'columns');
    expect(await rowsOfPostgres('returned')).toEqual(await rowsOfPostgres('every_type'));
  });

  test('an empty table gives an empty table', async () => {
    await database.query('create table nothing (id int, note text)');
    expect(await route(postgres, 'public.nothing', duckdb, 'nothing', 'columns')).toMatchObject({ rows: 0 });
    expect((await duckdb.database!.query('select * from nothing')).rows).toEqual([]);
  });

  test('very narrow rows, many to a socket buffer', async () => {
    await database.query(
      'create table narrow as select nullif(g, 77) as n from generate_series(1, 1000003) g',
    );
    expect(await route(postgres, 'public.narrow', duckdb, 'narrow', 'columns')).toMatchObject({
      rows: 1_000_003,
    });
    const { rows } = await duckdb.database!.query(
      'select count(*), count(n), sum(n), min(n), max(n) from narrow',
    );
    expect(rows[0]).toEqual([1_000_003, 1_000_002, 500_003_500_006 - 77, 1, 1_000_003]);
  });

  test('rows larger than any buffer', async () => {
    await database.query(`create table large_rows as
      select g as id, repeat(chr(96 + g), 3000000) as a, decode(repeat('ab', 100000 * g), 'hex') as b from generate_series(1, 9) g`);
    await route(postgres, 'public.large_rows', duckdb, 'large_rows', 'columns');
    const { rows } = await duckdb.database!.query(
      `select count(*) filter (where a = repeat(chr(96 + id), 3000000)), sum(octet_length(b)) from large_rows`,
    );
    expect(rows[0]).toEqual([9, 4_500_000]);
  });
});

describe('what does not fit', () => {
  test('numeric NaN names the column and leaves no stage', async () => {
    await database.query(`create table odd as select 1 as id, 'NaN'::numeric(10, 2) as amount`);
    await expect(route(postgres, 'public.odd', duckdb, 'odd', 'columns')).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringContaining('"amount"'),
    });
    expect(await duckdb.database!.describe({ schema: 'main', name: 'odd' })).toBeUndefined();
  });

  test('an array of arrays names the column', async () => {
    await database.query(`create table nested as select '{{1,2},{3,4}}'::int[] as grid`);
    await expect(route(postgres, 'public.nested', duckdb, 'nested', 'columns')).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringContaining('"grid"'),
    });
  });
});
