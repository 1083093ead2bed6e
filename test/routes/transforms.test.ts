import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { mysqlConnector } from '../../src/connectors/mysql/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { sqliteConnector } from '../../src/connectors/sqlite/index.ts';
import { LoadHarness } from '../support/load-harness.ts';
import { startMariaDb } from '../support/mariadb-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

/** Expressions mean the same in every target. */
const maria = await startMariaDb();
const noMaria = 'skip' in maria;

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  const [shop, lake] = databases.map((database) =>
    postgresConnector.config.parse(postgresConnector.parseUrl(database.url)),
  );
  await harness.open('SHOP', postgresConnector, shop!);
  await harness.open('PG', postgresConnector, lake!);
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'lake.duckdb') });
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'lake.db') });
  if (!noMaria)
    await harness.open(
      'MARIA',
      mysqlConnector,
      mysqlConnector.config.parse(mysqlConnector.parseUrl(maria.url)),
    );
  await harness.run(
    'SHOP',
    'create table people (id int primary key, name text, nick text, born date, seen timestamp, amount numeric(8,2), n int, flag text, raw bytea)',
    `insert into people values
      (1, ' Ann ', 'a-b-c', '2000-02-29', '2026-02-03 14:05:06', 10.50, 7, 'yes', decode('00112233445566778899aabbccddeeff', 'hex')),
      (2, 'Zoë', null, '1999-12-31', '2026-12-31 23:59:59', -3.25, null, 'N', null)`,
  );
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
  if (!noMaria) await maria.stop();
});

const targets = ['PG', 'DUCK', 'LITE', ...(noMaria ? [] : ['MARIA'])];
const hasDates = (target: string): boolean => target !== 'LITE';

describe.each(targets)('into %s', (target) => {
  const object = target === 'LITE' ? 'people' : 'raw.people';
  const yaml = (transforms: string, more = ''): string =>
    `source: SHOP\ntarget: ${target}\nstreams:\n  people:\n    object: ${object}\n    mode: full-refresh\n    transforms: ${transforms}\n    ${more}\n`;
  const made = async (expression: string): Promise<readonly unknown[]> => {
    await harness.loadOne(yaml(JSON.stringify([{ made: expression }])));
    const rows = await harness.rows(target, `select made from ${object} order by id`);
    return rows.map(([value]) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value));
  };
  const plain = (value: unknown): unknown => {
    if (value instanceof Date) return value.toISOString().slice(0, 19);
    if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
    const text = typeof value === 'string' ? value.replace(' ', 'T').replace(/\.0+$/, '') : value;
    return typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  };

  beforeEach(async () => {
    if (target === 'LITE')
      await harness.run('LITE', 'drop table if exists people', 'drop table if exists _millrace_watermarks');
    else if (target === 'MARIA')
      await harness.run('MARIA', 'drop database if exists raw', 'drop database if exists _millrace');
    else
      await harness.run(
        target,
        'drop schema if exists raw cascade',
        'drop schema if exists _millrace cascade',
      );
  });

  test.each<[string, unknown, unknown]>([
    ['upper(trim_space(record.name))', 'ANN', 'ZOË'],
    ['trim(record.name) + "/" + record.n', 'Ann/7', 'Zoë/'],
    ['replace(record.nick, "-", ".")', 'a.b.c', null],
    ['substring(record.nick, 2, 5)', 'b-c', null],
    ['length(record.name)', 5, 3],
    ['coalesce(record.nick, "none")', 'a-b-c', 'none'],
    ['value(record.nick, "none")', 'a-b-c', 'none'],
    ['if(contains(record.name, "nn") && record.n > 5, "yes", "no")', 'yes', 'no'],
    ['record.n == nil ? 0 : record.n * 2 + 1', 15, 0],
    ['starts_with(record.nick, "a") || ends_with(record.name, "ë")', 1, 1],
    ['record.amount * 2 - 1', 20, -7.5],
    ['-record.amount', -10.5, 3.25],
    ['round(record.amount)', 11, -3],
    ['abs(record.amount)', 10.5, 3.25],
    ['greatest(record.n, 3)', 7, 3],
    ['least(record.n, 3)', 3, 3],
    ['hash(record.nick)', '7b193b3d33184464106f41ddf733783b', null],
    ['is_empty(record.nick)', 0, 1],
    ['cast(record.n, "string") + "!"', '7!', '!'],
    ['parse_uuid(record.raw)', '00112233-4455-6677-8899-aabbccddeeff', null],
    ['parse_ms_uuid(record.raw)', '33221100-5544-7766-8899-aabbccddeeff', null],
    ...(hasDates(target)
      ? ([
          ['split_part(record.nick, "-", 1)', 'b', null],
          ['split_part(record.nick, "-", 5)', null, null],
          ['date_format(record.seen, "%d.%m.%Y %H:%M")', '03.02.2026T14:05', '31.12.2026T23:59'],
          ['date_trunc(record.seen, "hour")', '2026-02-03T14:00:00', '2026-12-31T23:00:00'],
          ['date_add(record.born, 1, "year")', '2001-02-28T00:00:00', '2000-12-31T00:00:00'],
          ['date_diff(record.seen, "2026-01-01")', 33, 364],
          ['date_diff(record.seen, record.born, "year")', 26, 27],
          ['date_extract(record.seen, "month")', 2, 12],
          ['date_extract(record.born, "dow")', 2, 5],
        ] as [string, unknown, unknown][])
      : []),
  ])('%s', async (expression, one, two) => {
    const [first, second] = (await made(expression)).map(plain);
    expect(typeof one === 'number' ? Number(first) : first).toEqual(one);
    expect(typeof two === 'number' ? Number(second) : second).toEqual(two);
  });

  test('stages see what those before them have made; columns are kept, changed and added', async () => {
    const stages = `[{ name: 'trim_space(value)', n: 'value + 1' }, { full: 'record.name + " " + coalesce(record.nick, "-")', name: [upper] }, { twice: 'record.full + record.full' }]`;
    await harness.loadOne(yaml(stages, "columns: { n: string, twice: 'string(60)' }"));
    expect(
      await harness.rows(
        target,
        `select name, n, "full", twice from ${object} order by id`.replaceAll(
          '"',
          target === 'MARIA' ? '`' : '"',
        ),
      ),
    ).toEqual([
      ['ANN', '8', 'Ann a-b-c', 'Ann a-b-cAnn a-b-c'],
      ['ZOË', null, 'Zoë -', 'Zoë -Zoë -'],
    ]);
  });

  test('merges compare what is made, and add columns to a table that lacks them', async () => {
    const merge = (transforms: string): string =>
      yaml(transforms, 'primary_key: id').replace('mode: full-refresh', 'mode: incremental');
    await harness.loadOne(merge("[{ name: 'lower(value)' }]"));
    expect(await harness.loadOne(merge("[{ name: 'lower(value)' }]"))).toMatchObject({ rowsUpdated: 0 });
    const more = await harness.loadOne(
      merge("[{ name: 'lower(value) + \"!\"', size: 'length(record.name)' }]"),
    );
    expect(more).toMatchObject({ rowsUpdated: 2 });
    const rows = await harness.rows(target, `select name, size from ${object} order by id`);
    expect(rows.map(([name, size]) => [name, Number(size)])).toEqual([
      [' ann !', 5],
      ['zoë!', 3],
    ]);
  });

  test('constraints may be expressions', async () => {
    const load = (check: string): Promise<unknown> =>
      harness.loadOne(
        `source: SHOP\ntarget: ${target}\nstreams: { people: { object: ${object}, mode: full-refresh, columns: { name: 'string | ${check}' } } }\n`,
      );
    await load('length(trim_space(value)) == 3 && !is_empty(value)');
    await expect(load('starts_with(value, "Z")')).rejects.toMatchObject({ code: 'constraint_violated' });
  });
});

test('expressions that cannot be are refused, with the way out', async () => {
  const explain = (transforms: string, target = 'DUCK') =>
    expect(
      harness.explain(
        `source: SHOP\ntarget: ${target}\nstreams: { people: { object: people, mode: full-refresh, transforms: ${transforms} } }\n`,
      ),
    ).rejects;
  await explain("[{ name: 'lowr(value)' }]").toThrow(/'lowr' is not built, did you mean 'lower'/);
  await explain("[{ name: 'lower(value' }]").toMatchObject({ issues: [{ code: 'expression_invalid' }] });
  await explain("[{ name: 'lower(valu)' }]").toThrow(/there are value and record.<column>/);
  await explain("[{ name: 'value + 1 - 2' }]").toThrow(/- takes numbers, and there is text/);
  await explain("[{ made: 'lower(record.gone)' }]").toMatchObject({ code: 'expression_invalid' });
  await explain("[{ name: 'substring(value)' }]").toThrow(/substring\(\) takes 2 to 3 values, and has 1/);
  await explain("[{ name: 'if(value, 1, 2)' }]").toThrow(/takes a condition as its value 1/);
  await explain('[{ at: \'date_trunc(record.seen, "day")\' }]', 'LITE').toThrow(/sqlite has no date_trunc/);
  await explain('[decode_latin1]').toThrow(/decode_latin1/);
});
