import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { startMariaDb } from '../../test/support/mariadb-server.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { mysqlConnector } from '../connectors/mysql/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { TransientError } from '../core/errors.ts';

const server = await startMariaDb();
const skip = 'skip' in server;
if (skip) process.stdout.write(`rejects of MySQL are not tested: ${server.reason}\n`);

describe.skipIf(skip)('rejects in MySQL', () => {
  let harness: LoadHarness;
  let shop: TestDatabase;
  beforeAll(async () => {
    if ('skip' in server) return;
    harness = await LoadHarness.create();
    shop = await createTestDatabase();
    const config = postgresConnector.config.parse(postgresConnector.parseUrl(shop.url));
    await harness.open('PG', postgresConnector, config);
    await harness.open('DISK', filesConnector, {});
    const keys = { ...mysqlConnector.parseUrl(server.url), sslmode: 'disable' };
    await harness.open('MARIA', mysqlConnector, mysqlConnector.config.parse(keys));
  });
  afterAll(async () => {
    if ('skip' in server) return;
    await harness.close();
    await shop.drop();
    await server.stop();
  });
  beforeEach(() => harness.run('MARIA', 'drop database if exists raw', 'drop database if exists _millrace'));

  const rejects = () =>
    harness.rows('MARIA', 'select `column`, value, reason from raw.prices__rejects order by 1');
  const loaded = async () =>
    (await harness.rows('MARIA', 'select id from raw.prices order by 1')).map(([id]) => Number(id));
  const yaml = (maxRejects: number, more = ''): string =>
    `source: PG\ntarget: MARIA\nstreams: { prices: { object: raw.prices, columns: { amount: 'decimal(6,2)', code: bigint, day: date, name: string(3), tag: "string | value != 'bad'" }, meta: { millrace: { max_rejects: ${maxRejects} } } ${more} } }\n`;

  async function fillPrices(): Promise<void> {
    await harness.run(
      'PG',
      'drop table if exists prices',
      `create table prices (id int primary key, amount numeric, size float8, code text, day text, name text, at timestamptz,
        born date, tag text)`,
      `insert into prices values
        (1, 1.5, 1.5, ' -9223372036854775808', '2024-02-29', 'abc', '2024-01-01 10:00Z', '9999-12-31', 'good'),
        (2, 123456.7, 2, null, null, null, null, null, null), (3, 2, 'NaN', null, null, null, null, null, null),
        (4, 3, 4, '9223372036854775808', null, null, null, null, null), (5, 4, 5, null, null, null, null, null, 'bad'),
        (6, 5, 6, null, '2024-02-30', null, null, null, null), (7, 5, 6, null, null, 'abcd', null, null, null),
        (8, 5, 6, null, null, null, 'infinity', null, null), (9, 5, 6, null, null, null, null, '0044-03-15 BC', null)`,
    );
  }
  const reasons = [
    ['amount', '123456.7', 'does not fit decimal(6,2)'],
    ['at', 'infinity', 'does not fit datetime(6)'],
    ['born', '0044-03-15 BC', 'does not fit date'],
    ['code', '9223372036854775808', 'does not fit bigint'],
    ['day', '2024-02-30', 'does not fit date'],
    ['name', 'abcd', 'does not fit varchar(3)'],
    ['size', 'NaN', 'does not fit double'],
    ['tag', 'bad', "breaks the constraint value != 'bad'"],
  ];

  test.each([
    ['a new table', ''],
    ['a merge', ', mode: incremental, primary_key: id'],
    ['chunks', ', mode: incremental, primary_key: id, update_key: id, source_options: { chunk_size: 2 }'],
    ['a stage of chunks', ', source_options: { chunk_size: 4 }'],
  ])('what MySQL would cut, wrap or has no value for goes beside: %s', async (_, more) => {
    await fillPrices();
    expect(await harness.loadOne(yaml(8, more))).toMatchObject({ rowsInserted: 1, rowsRejected: 8 });
    expect(await loaded()).toEqual([1]);
    expect(await rejects()).toEqual(reasons);
    expect(
      await harness.rows('MARIA', 'select size, code, cast(at as char), cast(born as char) from raw.prices'),
    ).toEqual([[1.5, expect.anything(), '2024-01-01 10:00:00.000000', '9999-12-31']]);
    const [row] = await harness.rows(
      'MARIA',
      "select `row` from raw.prices__rejects where `column` = 'code'",
    );
    expect(JSON.parse(String(row?.[0]))).toMatchObject({ id: 4, code: '9223372036854775808' });
  });

  test('one more than allowed publishes nothing', async () => {
    await fillPrices();
    await expect(harness.loadOne(yaml(7))).rejects.toMatchObject({ code: 'value_misfit' });
    expect(
      await harness.rows('MARIA', "select 1 from information_schema.tables where table_schema = 'raw'"),
    ).toEqual([]);
    await harness.run('PG', 'delete from prices where id not in (1, 4)');
    await expect(harness.loadOne(yaml(0))).rejects.toThrow(/column 'code' does not fit bigint/);
  });

  test('a publication that fails after its rejects were set aside loses none of them', async () => {
    await fillPrices();
    const more = ', source_options: { chunk_size: 4 }, mode: truncate';
    const onLog = (line: string): void => {
      if (line === 'halt') throw new TransientError('halted', { code: 'halted' });
    };
    const hooked = `${more}, hooks: { post_merge: [{ type: log, message: halt }] }`;
    await expect(harness.loadOne(yaml(8, hooked), { onLog, idempotencyKey: 'a' })).rejects.toThrow('halted');
    expect(await harness.loadOne(yaml(8, more), { idempotencyKey: 'a' })).toMatchObject({ rowsRejected: 8 });
    expect(harness.logged.join('\n')).toMatch(/going on after chunk 3/);
    expect(await rejects()).toEqual(reasons);
    expect(await loaded()).toEqual([1]);
  });

  test('rows of files that do not fit go beside too', async () => {
    await writeFile(join(harness.folder, 'p.csv'), 'id,price\n1,1.50\nx,2\n3,oops\n');
    const files =
      'source: DISK\ntarget: MARIA\nstreams: { p.csv: { object: raw.prices, columns: { id: int, price: decimal }, meta: { millrace: { max_rejects: 2 } } } }\n';
    expect(await harness.loadOne(files)).toMatchObject({ rowsInserted: 1, rowsRejected: 2 });
    expect((await rejects()).map(([, value]) => value)).toEqual(['x', 'oops']);
  });
});
