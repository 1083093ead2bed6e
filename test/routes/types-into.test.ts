import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mysqlConnector } from '../../src/connectors/mysql/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { sqliteConnector } from '../../src/connectors/sqlite/index.ts';
import { LoadHarness } from '../support/load-harness.ts';
import { startMariaDb } from '../support/mariadb-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

const maria = await startMariaDb();
const noMaria = 'skip' in maria;
if (noMaria) process.stdout.write(`types into MariaDB are skipped: ${maria.reason}\n`);

let harness: LoadHarness;
let database: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  database = await createTestDatabase();
  await harness.open(
    'PG',
    postgresConnector,
    postgresConnector.config.parse(postgresConnector.parseUrl(database.url)),
  );
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'lake.db') });
  if (!noMaria)
    await harness.open(
      'MARIA',
      mysqlConnector,
      mysqlConnector.config.parse(mysqlConnector.parseUrl(maria.url)),
    );
  await database.query(`
    create type mood as enum ('sad', 'happy');
    create table every_type (id int primary key, flag bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, d1 numeric(4,2), d2 numeric(18,6),
      d3 numeric(38,10), d4 numeric(65,30), bare numeric, t text, v varchar(20), day date, clock time, moment timestamp,
      instant timestamptz, span interval, uid uuid, doc jsonb, ints int[], texts text[], feeling mood)`);
  await database.query(
    `insert into every_type values
      (1, true, -32768, -2147483648, -9223372036854775808, 1.5, 1e308, -99.99, -123456789012.654321, -1234567890123456789012345678.0123456789,
       12345678901234567890123456789012345.123456789012345678901234567891, 1234567890123456789012345678901234567890.5, 'ü 😀', 'twelve',
       '9999-12-31', '23:59:59.999999', '2024-02-29 23:59:59.000001', '2024-02-29 23:59:59.5+02', '1 year -2 days 03:04:05.678901',
       '123e4567-e89b-12d3-a456-426655440000', '{"k": [1, "x"]}', '{1,NULL,-3}', array['a"b', null, '', E'b\\\\s'], 'happy'),
      (2, false, 32767, 2147483647, 9223372036854775807, 0.1, 5e-324, 0.01, 0.000001, 0.0000000001, 0.000000000000000000000000000001, 0.10,
       '', '', '0001-01-01', '00:00', '0001-01-01 00:00:00', '2038-01-19 03:14:08.25Z', '-00:00:00.5', '00000000-0000-0000-0000-000000000000', '[]', '{}', '{}', 'sad'),
      (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`,
  );
});
afterAll(async () => {
  await harness.close();
  await database.drop();
  if (!noMaria) await maria.stop();
});

const targets = ['MARIA', 'LITE'].filter((target) => !noMaria || target !== 'MARIA');

const asTexts = [
  ['1', '1', '-32768', '-2147483648', '-9223372036854775808', '1.5', '1e+308', '-99.99', '-123456789012.654321',
    '-1234567890123456789012345678.0123456789', '12345678901234567890123456789012345.123456789012345678901234567891',
    '1234567890123456789012345678901234567890.5', 'ü 😀', 'twelve', '9999-12-31', '23:59:59.999999', '2024-02-29 23:59:59.000001',
    '2024-02-29 21:59:59.500000', '1 year -2 days 03:04:05.678901', '123e4567-e89b-12d3-a456-426655440000', '{"k": [1, "x"]}', '[1, null, -3]',
    '["a\\"b", null, "", "b\\\\s"]', 'happy'],
  ['2', '0', '32767', '2147483647', '9223372036854775807', '0.1', '5e-324', '0.01', '0.000001', '0.0000000001',
    '0.000000000000000000000000000001', '0.10', '', '', '0001-01-01', '00:00:00', '0001-01-01 00:00:00', '2038-01-19 03:14:08.250000', '-00:00:00.5',
    '00000000-0000-0000-0000-000000000000', '[]', '[]', '[]', 'sad'],
  ['3', ...Array.from({ length: 23 }, () => null)],
] as const; // prettier-ignore

/** Fractions of zero, and how a float is spelt, are the system's own business. */
function spelt(text: string | null): string | null {
  if (text === null) return null;
  const shorter = /:\d\d\.\d+$/.test(text) ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
  return /^-?[\d.]+e[+-]?\d+$/i.test(shorter) ? String(Number(shorter)) : shorter;
}

describe.each(targets)('PostgreSQL to %s', (target) => {
  const yaml = (rest: string, stream = 'every_type'): string =>
    `source: PG\ntarget: ${target}\nstreams: { ${stream}: { object: ${stream.replace('public.', '')}, ${rest} } }\n`;

  test('every value is what it was, and a second load changes nothing', async () => {
    const keys = 'mode: incremental, primary_key: id';
    expect(await harness.loadOne(yaml(keys))).toMatchObject({ rowsInserted: 3 });
    expect(await harness.loadOne(yaml(keys))).toMatchObject({
      rowsInserted: 0,
      rowsUpdated: 0,
      schemaChanges: [],
    });
    expect(await harness.loadOne(yaml('mode: truncate'))).toMatchObject({ rowsInserted: 3 });
    const described = await (await harness.get('PG')).source!.describe({ name: 'every_type' }, {});
    const list = described.columns.map(({ name }) =>
      target === 'MARIA' ? `cast(${name === 'f4' ? 'f4 * 1e0' : name} as char)` : `cast(${name} as text)`,
    );
    const rows = await harness.rows(target, `select ${list.join(', ')} from every_type order by id`);
    expect(rows.map((row) => row.map((value) => spelt(value as string | null)))).toEqual(
      asTexts.map((row) =>
        row.map((value, index) =>
          index === 5 && value === '0.1' ? expect.stringMatching(/^0\.1/) : spelt(value),
        ),
      ),
    );
  });

  test.each([
    ['timestamp', `'infinity'::timestamp`],
    ['a date BC', `'0044-03-15 BC'::date`],
    ['NaN', `'NaN'::float8`],
  ])('%s is an error that names the column, and nothing is published', async (_name, value) => {
    await database.query('drop table if exists odd');
    await database.query(`create table odd as select 1 as id, ${value} as strange`);
    await expect(harness.loadOne(yaml('mode: full-refresh', 'odd'))).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringContaining('"strange"'),
    });
    const { database: lake } = await harness.get(target);
    expect(await lake!.describe({ schema: lake!.dialect.defaultSchema, name: 'odd' })).toBeUndefined();
    const left = await lake!.list(lake!.dialect.defaultSchema);
    expect(left.filter(({ name }) => name.includes('stage'))).toEqual([]);
  });

  test('many rows, wide and narrow', async () => {
    await database.query('drop table if exists many');
    await database.query(
      `create table many as select g as id, repeat(chr(97 + g % 26), g % 300) as t, nullif(g % 7, 0) as n from generate_series(1, 50000) g`,
    );
    expect(await harness.loadOne(yaml('mode: full-refresh', 'many'))).toMatchObject({ rowsInserted: 50_000 });
    const sums = 'select count(*), sum(id), sum(length(t)), sum(n), count(n) from many';
    expect((await harness.rows(target, sums))[0]?.map(String)).toEqual(
      (await harness.rows('PG', sums))[0]?.map(String),
    );
  });
});

describe.skipIf(noMaria)('MariaDB', () => {
  const load = (target: string) =>
    harness.loadOne(
      `source: PG\ntarget: ${target}\nstreams: { every_type: { object: every_type, mode: full-refresh } }\n`,
    );

  test('without local_infile rows go by INSERT, and the log says so', async () => {
    const texts = () => harness.rows('MARIA', 'select * from every_type order by id');
    await load('MARIA');
    const byFile = await texts();
    await harness.run('MARIA', 'set global local_infile = 0');
    try {
      harness.logged.length = 0;
      await load('MARIA');
      expect(await texts()).toEqual(byFile);
      expect(harness.logged.join('\n')).toMatch(/local_infile is off/);
    } finally {
      await harness.run('MARIA', 'set global local_infile = 1');
    }
  });

  test('a number that does not fit a declared type is an error, never cut', async () => {
    const yaml = (type: string): string =>
      `source: PG\ntarget: MARIA\nstreams: { every_type: { object: cut, mode: full-refresh, select: [id, i8, v], columns: { ${type} } } }\n`;
    await expect(harness.loadOne(yaml('i8: smallint'))).rejects.toMatchObject({ kind: 'data' });
    await expect(harness.loadOne(yaml('v: bigint'))).rejects.toMatchObject({ kind: 'data' });
  });

  test('a user may read with tinyint1: boolean', async () => {
    if (noMaria) return;
    const config = mysqlConnector.config.parse(
      mysqlConnector.parseUrl(`${maria.url}?tinyint1=boolean&times=interval`),
    );
    await harness.open('BOOLEAN', mysqlConnector, config);
    const yaml = `source: PG\ntarget: BOOLEAN\nstreams: { every_type: { object: flags, mode: incremental, primary_key: id, select: [id, flag, clock] } }\n`;
    await harness.loadOne(yaml);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsUpdated: 0, schemaChanges: [] });
  });
});

describe('SQLite', () => {
  test(
    'a file that another process writes to is waited for, then told apart',
    { timeout: 40_000 },
    async () => {
      const yaml =
        'source: PG\ntarget: LITE\nstreams: { every_type: { object: locked, mode: full-refresh } }\n';
      const other = new DatabaseSync(join(harness.folder, 'lake.db'));
      other.exec('begin immediate');
      await expect(harness.loadOne(yaml)).rejects.toMatchObject({ kind: 'transient', code: 'sqlite_busy' });
      other.exec('rollback');
      other.exec('begin immediate');
      setTimeout(() => other.exec('commit'), 300);
      expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 3 });
      other.close();
    },
  );

  test('has no schemas', async () => {
    const yaml =
      'source: PG\ntarget: LITE\nstreams: { every_type: { object: raw.orders, mode: full-refresh } }\n';
    await expect(harness.loadOne(yaml)).rejects.toMatchObject({ code: 'schema_missing' });
  });

  test('as a source again it gives the same types', async () => {
    await harness.loadOne(
      'source: PG\ntarget: LITE\nstreams: { every_type: { object: again, mode: full-refresh } }\n',
    );
    const { columns } = await (await harness.get('LITE')).source!.describe({ name: 'again' }, {});
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type.type]))).toMatchObject({
      flag: 'boolean', d1: 'decimal', d3: 'decimal', bare: 'decimal', day: 'date', clock: 'time', moment: 'timestamp', instant: 'timestamptz',
      uid: 'uuid', doc: 'json', ints: 'json', span: 'text',
    }); // prettier-ignore
    await harness.loadOne(
      'source: LITE\ntarget: PG\nstreams: { again: { object: public.again, mode: full-refresh } }\n',
    );
    const columnsToCompare =
      'id::text, flag, i2::text, i8, d1, d2, d3, d4, bare, t, day, clock, moment, instant, uid, doc';
    expect(await database.query(`select ${columnsToCompare} from again order by again.id`)).toEqual(
      await database.query(`select ${columnsToCompare} from every_type order by every_type.id`),
    );
  });
});
