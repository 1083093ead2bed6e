import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';

let harness: LoadHarness;
let warehouse: TestDatabase;
let folder: string;
beforeAll(async () => {
  harness = await LoadHarness.create();
  folder = join(harness.folder, 'data');
  mkdirSync(folder);
  warehouse = await createTestDatabase();
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(warehouse.url));
  await harness.open('PG', postgresConnector, config);
  await harness.open('FILES', filesConnector, { path: folder });
});
afterAll(async () => {
  await harness.close();
  await warehouse.drop();
});
beforeEach(async () => {
  await harness.run('PG', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
});

function stream(name: string, rest = '', options = ''): string {
  return `source: FILES\ntarget: PG\nstreams:\n  file://${name}:\n    object: raw.t\n    mode: full-refresh\n    source_options: { ${options} }\n    ${rest}\n`;
}

function put(name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content);
}

const table = 'select to_jsonb(t)::text, pg_typeof(t.*)::text from raw.t as t order by 1';
const types = `select column_name, data_type, numeric_precision, numeric_scale from information_schema.columns where table_schema = 'raw' order by ordinal_position`;

/** What is loaded by that lane, and by columns, which an option that changes nothing asks for. */
async function bothWays(name: string, rest = '', options = ''): Promise<void> {
  const fast = await harness.loadOne(stream(name, rest, options));
  expect(fast['lane']).toBe('csv');
  const byBytes = [await harness.rows('PG', table), await harness.rows('PG', types)];
  await harness.run('PG', 'drop table raw.t');
  const other = await harness.loadOne(
    stream(name, rest, [...(options === '' ? [] : [options]), "null_if: 'no such text'"].join(', ')),
  );
  expect(other['lane']).toBe('columns');
  expect(byBytes).toEqual([await harness.rows('PG', table), await harness.rows('PG', types)]);
  expect(fast['rowsRead']).toBe(other['rowsRead']);
}

const declared =
  'columns: { b: bool, s: smallint, i: bigint, f: double, n: "decimal(12,2)", d: date, t: timestamp, z: timestampz, j: json, u: uuid, x: text }';
const header = 'b,s,i,f,n,d,t,z,j,u,x\n';

describe('the bytes of a file give what its columns give', () => {
  test.each([
    [
      'declared types',
      `${header}t,-1,9223372036854775807,1e5,.5,2024-02-29,2024-01-31T10:00,2024-01-31 10:00:59.123456000+02:30,"{""a"": [1, null]}",A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,"a ""b"", c"\nNo,+5,007,-inf,1.500,0001-01-01,2024-01-31,2024-01-31T10:00:00Z,3,{a0eebc999c0b4ef8bb6d6bb9bd380a11},\n,,,,,,,,,,""\n`,
      declared,
    ],
    ['inferred types', 'id,n,d,flag,code,t\n1,1.5,2024-01-01,true,007,é✓\n2,22.25,,FALSE,1e5,\n', ''],
    ['empty texts and NULL', 'id,t\n1,\n2,""\n3," "\n4,NULL\n', ''],
    ['line breaks in quotes', 'id,t\n1,"a\nb\r\nc"\n2,"""\n"""\n', ''],
    ['CRLF', 'id,t\r\n1,a\r\n2,"b"\r\n', ''],
    ['a byte order mark', '\ufeffid,t\n1,a\n', ''],
    ['no line break at the end', 'id,t\n1,a\n2,b', ''],
    ['no rows', 'id,t\n', ''],
    ['no rows and no line break', 'id,t', ''],
  ])('%s', async (name, content, columns) => {
    const file = `${name.replaceAll(' ', '-')}.csv`;
    put(file, content);
    await bothWays(file, columns);
  });

  test('without a header, by another delimiter and quote, `""` as NULL, several files', async () => {
    put('p1.csv', "\ufeff1;'a;b'\n2;''");
    put('p2.csv', "3;c'\n".replace("c'", "'c''d'"));
    await bothWays(
      'p*.csv',
      '',
      `header: false, delimiter: ";", quote: "'", escape: "'", empty_as_null: true`,
    );
    expect(await harness.rows('PG', 'select * from raw.t order by 1')).toEqual([
      [1, 'a;b'],
      [2, null],
      [3, "c'd"],
    ]);
  });

  test('in pieces, in which rows and letters are cut', async () => {
    const rows = Array.from({ length: 40_000 }, (_, index) => `${index},"✓ ""${index}""\nç",${index}.25\n`);
    put('long.csv', `id,t,n\n${rows.join('')}`);
    await bothWays('long.csv');
  });
});

describe('what is not meant is not loaded', () => {
  const late = Array.from({ length: 30_000 }, (_, index) => `${index},2024-01-01,1.25`).join('\n');

  test.each([
    ['i: bigint', '0x1f,2024-01-01,1', /bad\.csv, line 30002: the value of column i does not fit bigint/],
    ['i: bigint', ' 7,2024-01-01,1', /line 30002: the value of column i/],
    ['i: smallint', '32768,2024-01-01,1', /line 30002: the value of column i/],
    ['d: date', '1,01/02/2024,1', /line 30002: the value of column d does not fit date/],
    ['d: date', '1,today,1', /line 30002: the value of column d/],
    ['d: date', '1,2024-02-30,1', /line 30002: the value of column d/],
    ['n: "decimal(6,2)"', '1,2024-01-01,1.255', /line 30002: the value of column n/],
    ['n: "decimal(6,2)"', '1,2024-01-01,NaN', /line 30002: the value of column n/],
    ['n: "decimal(6,2)"', '1,2024-01-01,12345', /line 30002: the value of column n/],
    ['n: "decimal(6,2)"', '1,2024-01-01', /line 30002: it has 2 fields where the header has 3/],
    ['n: "decimal(6,2)"', '1,2024-01-01,1,1', /line 30002: it has 4 fields where the header has 3/],
  ])('%s: %s', async (columns, row, message) => {
    put('bad.csv', `i,d,n\n${late}\n${row}\n`);
    await expect(harness.loadOne(stream('bad.csv', `columns: { ${columns} }`))).rejects.toThrow(message);
    expect(await warehouse.query(`select to_regclass('raw.t') as found`)).toEqual([{ found: null }]);
  });

  test('a type that late rows do not bear out is that of all rows', async () => {
    put('late.csv', `id,d,n\n${late}\n007,soon,1234567.125\n`);
    const figures = await harness.loadOne(stream('late.csv'));
    expect(figures).toMatchObject({ lane: 'csv', rowsInserted: 30_001 });
    expect(await harness.rows('PG', `select * from raw.t where d = 'soon'`)).toEqual([
      ['007', 'soon', '1234567.125'],
    ]);
  });

  test.each([
    ['quotes within a value', '1,x "q" y\n2,5" pipe\n', ['x "q" y', '5" pipe']],
    ['blank lines', '1,a\n\n2,b\n\n', ['a', 'b']],
    ['a number that PostgreSQL does not hold', '1,a\n2,b\n', ['a', 'b'], '1e-400'],
  ])('%s: the rows go as columns', async (_, rows, texts, number = '1') => {
    put('odd.csv', `id,t,f\n${rows.replaceAll(/(?<=.)\n/g, `,${number}\n`)}`);
    const figures = await harness.loadOne(stream('odd.csv', 'columns: { f: double }'));
    expect(figures).toMatchObject({
      lane: 'columns',
      laneReason: expect.stringContaining('the target has read it otherwise'),
    });
    expect(await harness.rows('PG', 'select t from raw.t order by id')).toEqual(texts.map((text) => [text]));
  });

  test('bytes that are not UTF-8 are told', async () => {
    put('bytes.csv', Buffer.from([...Buffer.from('id,t\n1,a'), 0xff, 0x0a]));
    await expect(harness.loadOne(stream('bytes.csv', 'columns: { id: bigint, t: text }'))).rejects.toThrow(
      /bytes\.csv.* not utf-8/,
    );
  });
});

test('a load that is cancelled leaves nothing, and the next one is whole', async () => {
  put('big.csv', `id,t\n${Array.from({ length: 200_000 }, (_, index) => `${index},text\n`).join('')}`);
  const stop = new AbortController();
  const load = harness.loadOne(stream('big.csv'), { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(load).rejects.toMatchObject({ code: 'cancelled' });
  expect(
    await warehouse.query(`select table_name from information_schema.tables where table_schema = 'raw'`),
  ).toEqual([]);
  expect(await harness.loadOne(stream('big.csv'))).toMatchObject({ lane: 'csv', rowsInserted: 200_000 });
});

test.each([
  ['', '', 'csv', 'the target reads the bytes'],
  ['', 'null_if: x', 'columns', 'not as csv, because null_if is set'],
  ['', 'skip_lines: 1', 'columns', 'because skip_lines is set'],
  ['where: id > 1', '', 'columns', 'because not all rows are read'],
  ['select: [id]', '', 'columns', 'because not all columns are read'],
  ['update_key: id', '', 'csv', 'the target reads'],
])('the plan tells the lane and why: %j, { %s }', async (rest, options, format, reason) => {
  put('plan.csv', 'id,t\n1,a\n2,b\n');
  const [plan] = await harness.explain(stream('plan.csv', rest, options));
  expect(plan?.lane).toEqual({ format, reason: expect.stringContaining(reason) });
});
