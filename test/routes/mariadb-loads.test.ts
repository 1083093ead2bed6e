import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { startMariaDb } from '../support/mariadb-server.ts';
import { millrace } from '../support/millrace-command.ts';
import { createTestDatabase } from '../support/postgres-database.ts';

const found = await startMariaDb();
const skip = 'skip' in found;
if (skip) process.stdout.write(`loads from MariaDB are skipped: ${found.reason}\n`);

describe.skipIf(skip)('loads from MariaDB and into it, by the command line', () => {
  const server = found as Exclude<typeof found, { skip: true }>;
  let folder: string;
  let lake: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-mariadb-loads-'));
    lake = await createTestDatabase();
    await server.run(
      "set time_zone = '+00:00'",
      `create table orders (
        id bigint unsigned primary key, customer varchar(40), total decimal(12,2), paid tinyint(1), tags set('new', 'vip'), payload json,
        picture blob, created date, changed_at timestamp(6) not null, key (changed_at)) character set latin1`,
      `insert into orders select seq, if(seq % 10 = 0, null, concat('Kundin Nº ', seq)), seq / 3, seq % 2, if(seq % 2, 'new,vip', ''),
        json_object('seq', seq), char(seq % 256 using binary), '2024-01-01' + interval seq % 400 day,
        timestamp '2024-01-01 00:00:00' + interval seq div 100 minute from seq_1_to_20000`,
    );
    await server.run(
      "set sql_mode = 'ALLOW_INVALID_DATES'",
      `create table oddities (id int primary key, big bigint unsigned, wide decimal(65,30), exact decimal(30,4), flag bit(1), bits bit(12),
        real_one float, real_two double, born year, day date, moment datetime(6), stamp timestamp(3) null, span time(3), mood enum('so', 'là'),
        doc json, uid ${server.isMariaDb ? 'uuid' : 'char(36)'}, place point, greek varchar(10) character set greek, twice int as (id * 2))`,
      `insert into oddities (id, big, wide, exact, flag, bits, real_one, real_two, born, day, moment, stamp, span, mood, doc, uid, place, greek) values
        (1, 18446744073709551615, -12345678901234567890123456789012345.123456789012345678901234567891, -99999999999999999999999999.9999, b'1',
          b'101010101010', 16777217.5, 0.1, 2155, '9999-12-31', '1000-01-01 00:00:00.000001', '2038-01-19 03:14:07.999', '-838:59:58.999', 'là',
          '{"a": "ü"}', '123e4567-e89b-12d3-a456-426655440000', point(1, -2), 'αβγ'),
        (2, 0, 0, 0, b'0', b'0', -0.0, 5e-324, 0, '0000-00-00', '2024-02-30 00:00:00', '0000-00-00', '25:00:00', 'so', '[]',
          '00000000-0000-0000-0000-000000000000', point(0, 0), '')`,
      'insert into oddities (id) values (3)',
    );
    const { user, password, port } = server;
    await writeFile(
      join(folder, 'connections.yaml'),
      JSON.stringify({
        connections: {
          SHOP: {
            type: 'mariadb',
            host: '127.0.0.1',
            port,
            user,
            password,
            database: 'shop',
            tinyint1: 'boolean',
          },
          ODD: `${server.url}?zero_dates=null&times=interval`,
          WAREHOUSE: { type: 'duckdb', path: 'warehouse.duckdb' },
          LAKE: `${lake.url}?sslmode=disable`,
        },
      }),
    );
  });

  afterAll(async () => {
    await server.stop();
    await lake.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(...args: readonly string[]): Promise<string> {
    const result = await millrace(['run', ...args], { cwd: folder });
    const said = `${result.stdout}\n${result.stderr}`;
    expect(said).not.toContain(server.password);
    return `${result.code === 0 ? '' : `exit ${result.code} `}${said}`;
  }

  async function rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const environment = {
      name: 'WAREHOUSE',
      projectFolder: folder,
      temporaryFolder: folder,
      memoryBudgetBytes: 2 ** 26,
    };
    const warehouse = await duckdbConnector.open({ path: 'warehouse.duckdb' }, environment);
    try {
      return (await warehouse.database!.query(sql)).rows;
    } finally {
      await warehouse.close();
    }
  }

  const incremental = [
    '--src-conn', 'SHOP', '--src-stream', 'orders', '--tgt-conn', 'WAREHOUSE', '--tgt-object', 'main.orders',
    '--mode', 'incremental', '--primary-key', 'id', '--update-key', 'changed_at',
  ]; // prettier-ignore

  test('full-refresh into DuckDB keeps every value', async () => {
    expect(
      await run(
        '--src-conn',
        'SHOP',
        '--src-stream',
        'shop.orders',
        '--tgt-conn',
        'WAREHOUSE',
        '--tgt-object',
        'main.orders',
        '--mode',
        'full-refresh',
      ),
    ).toMatch(/20,000 rows/);
    const [sums] = await rows(
      `select count(*), count(customer), sum(total), count(*) filter (where paid), sum(cast(payload->>'seq' as int)), sum(octet_length(picture)),
        cast(min(created) as varchar), cast(max(changed_at) as varchar) from orders`,
    );
    const [expected] = await server.rows(
      "select count(*), count(customer), sum(total), sum(paid), sum(json_value(payload, '$.seq')), sum(length(picture)), cast(min(created) as char) from orders",
    );
    expect(sums?.slice(0, 7).map(String)).toEqual(expected?.map(String));
    expect(sums?.[7]).toBe('2024-01-01 03:20:00+00');
    expect(await rows('select * from orders where id = 65')).toEqual([
      [
        '65',
        'Kundin Nº 65',
        '21.67',
        true,
        'new,vip',
        { seq: 65 },
        Uint8Array.of(65),
        '2024-03-06',
        '2024-01-01T00:00:00Z',
      ],
    ]);
  });

  test('incremental brings what changed, once, and ties at a limit are not lost', async () => {
    expect(await run(...incremental)).not.toContain('exit');
    await server.run(
      "update orders set total = -1, changed_at = '2025-01-01 00:00:00.000001' where id in (3, 4, 5)",
      "insert into orders (id, changed_at) values (18446744073709551615, '2025-01-01 00:00:00.000001'), (20001, '2025-01-01 00:00:00.000002')",
    );
    for (const _ of [1, 2, 3, 4]) expect(await run(...incremental, '--limit', '2')).not.toContain('exit');
    const same = (
      await server.rows('select count(*), count(distinct id), cast(max(id) as char), sum(total) from orders')
    )[0];
    const there = (await rows('select count(*), count(distinct id), max(id), sum(total) from orders'))[0];
    expect(there?.map(String)).toEqual(same?.map(String));
    expect(await run(...incremental)).not.toContain('exit');
    expect((await rows('select count(*) from orders'))[0]).toEqual([20_002]);
  });

  test('a replication with a wildcard, a query and chunks, into PostgreSQL', async () => {
    await server.run('create table "nothing here" (id int)'.replaceAll('"', '`'));
    await writeFile(
      join(folder, 'shop.yaml'),
      `source: SHOP
target: LAKE
defaults: { mode: full-refresh, object: 'public.{stream_table}' }
streams:
  shop.no*:
  orders: { mode: incremental, primary_key: id, update_key: changed_at, source_options: { chunk_size: 6000 } }
  totals:
    sql: select customer is null as anonymous, count(*) as n, sum(total) as total from orders group by 1
`,
    );
    expect(await run('-r', 'shop.yaml')).not.toContain('exit');
    expect(
      await lake.query(
        'select count(*)::int as n, count(distinct id)::int as ids, bool_or(paid) as paid from orders',
      ),
    ).toEqual([{ n: 20_002, ids: 20_002, paid: true }]);
    expect(await lake.query('select sum(n)::int as n from totals')).toEqual([{ n: 20_002 }]);
    expect(await lake.query('select * from "nothing here"')).toEqual([]);
  });

  test.each([
    ['WAREHOUSE', 'main'],
    ['LAKE', 'public'],
  ])('types that others do not have, into %s', async (target, schema) => {
    const said = await run(
      '--src-conn', 'ODD', '--src-stream', 'oddities', '--tgt-conn', target, '--tgt-object', `${schema}.oddities`, '--mode', 'full-refresh',
    ); // prettier-ignore
    expect(said).not.toContain('exit');
    const texts = [
      'id', 'big', 'wide', 'exact', 'flag', 'real_one', 'real_two', 'born', 'day', 'moment', `stamp at time zone 'UTC'`, 'span',
      'mood', 'doc', 'uid', 'greek', 'twice',
    ]; // prettier-ignore
    const list = texts.map((sql, index) => `cast(${sql} as varchar) as c${index}`).join(', ');
    const hexes =
      target === 'LAKE' ? "encode(bits, 'hex'), encode(place, 'hex')" : 'lower(hex(bits)), lower(hex(place))';
    const query = `select ${list}, ${hexes.replace('), ', ') as bits, ')} as place from oddities order by id`;
    const there =
      target === 'LAKE' ? (await lake.query(query)).map((row) => Object.values(row)) : await rows(query);
    const point = (x: string, y: string): string => `0101000000${x}${y}`;
    expect(there).toEqual([
      ['1', '18446744073709551615', '-12345678901234567890123456789012345.123456789012345678901234567891',
        '-99999999999999999999999999.9999', 'true', expect.stringMatching(/^1\.6777218e\+?07$|^16777218(\.0)?$/), '0.1', '2155', '9999-12-31',
        '1000-01-01 00:00:00.000001', '2038-01-19 03:14:07.999', '-838:59:58.999', 'là', expect.stringMatching(/^\{"a": ?"ü"\}$/),
        '123e4567-e89b-12d3-a456-426655440000', 'αβγ', '2', '0aaa', point('000000000000f03f', '00000000000000c0')],
      ['2', '0', expect.stringMatching(/^0\.0+$/), '0.0000', 'false', expect.stringMatching(/^-?0(\.0)?$/), expect.stringMatching(/^5e-324$/), '0', null, null, null,
        '25:00:00', 'so', '[]', '00000000-0000-0000-0000-000000000000', '', '4', '0000', point('0'.repeat(16), '0'.repeat(16))],
      ['3', ...Array.from({ length: 15 }, () => null), '6', null, null],
    ]); // prettier-ignore
  });

  test('a table that is named without its database is read in chunks too', async () => {
    await writeFile(
      join(folder, 'chunked.yaml'),
      'source: SHOP\ntarget: WAREHOUSE\nstreams: { orders: { object: main.chunked, mode: full-refresh, source_options: { chunk_size: 5000 } } }\n',
    );
    const result = await millrace(['run', '-r', 'chunked.yaml', '--json'], { cwd: folder });
    expect(result.code, result.stderr).toBe(0);
    const { steps } = JSON.parse(result.stdout) as {
      readonly steps: readonly { readonly outcome: { readonly metadata: object } }[];
    };
    const [count] = await server.rows('select count(*) from orders');
    expect(steps[0]?.outcome.metadata).toMatchObject({ rowsRead: Number(count?.[0]) });
    expect(steps[0]?.outcome.metadata).toHaveProperty('chunks', 5);
  });

  test('and back into it', async () => {
    const back = [
      '--src-conn', 'WAREHOUSE', '--src-stream', 'main.orders', '--tgt-conn', 'SHOP', '--tgt-object', 'copies.orders',
      '--mode', 'incremental', '--primary-key', 'id',
    ]; // prettier-ignore
    expect(await run(...back)).not.toContain('exit');
    expect(await run(...back)).not.toContain('exit');
    const sums =
      'select count(*), count(distinct id), sum(total), count(customer), sum(length(picture)) from';
    expect(await server.rows(`${sums} copies.orders`)).toEqual(await server.rows(`${sums} shop.orders`));
  });
});
