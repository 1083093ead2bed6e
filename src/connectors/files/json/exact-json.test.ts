import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { duckdbConnector } from '../../duckdb/index.ts';
import { LoadHarness } from '../../../../test/support/load-harness.ts';
import { hasInexactNumbers, isExactDouble } from '../formats/exact-number.ts';
import { filesConnector } from '../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-exact-'));
const harness = new LoadHarness(folder);
await harness.open('FILES', filesConnector, {});
const warehouse = await harness.open('WAREHOUSE', duckdbConnector, { path: 'w.duckdb' });

afterAll(async () => {
  for (const connection of harness.connections) await connection.close();
  rmSync(folder, { recursive: true });
});

const records = [
  `{"amount": 123456789012.654321, "code": 12345678901234567890123456789012345678, "deep": {"x": [0.10, 123456789012.654321]}, "part": 0.1, "name": "Ada"}`,
  `{"amount": 1.5, "code": 7, "deep": null, "part": 0.30000000000000004, "name": null}`,
  `{"amount": null, "code": -1, "deep": {"x": []}, "part": 1e-7, "name": "\\u0001"}`,
];

describe.each([
  ['a.jsonl', records.join('\n'), ''],
  ['a.json', `[${records.join(',\n')}]`, ''],
  ['b.jsonl', records.join('\n'), ', columns: { amount: "decimal(20,6)" }'],
  ['c.json', `{"items": [${records.join(',')}]}`, ', source_options: { jmespath: items }'],
])('%s', (name, text, options) => {
  test('numbers keep every digit, nested ones too, whatever a double would make of them', async () => {
    writeFileSync(join(folder, name), text);
    await harness.load(
      `source: FILES\ntarget: WAREHOUSE\nstreams: { "file://${name}": { object: raw.a, mode: full-refresh${options} } }\n`,
    );
    const rows = await harness.rows(
      'WAREHOUSE',
      `select amount::varchar, code::varchar, deep::varchar, part, typeof(part), name from raw.a order by code`,
    );
    expect(rows).toEqual([
      [null, '-1', '{"x":[]}', 1e-7, 'DOUBLE', '\u0001'],
      ['1.500000', '7', null, 0.30000000000000004, 'DOUBLE', null],
      ['123456789012.654321', '12345678901234567890123456789012345678', expect.stringMatching(/123456789012\.654321\]/), 0.1, 'DOUBLE', 'Ada'],
    ]); // prettier-ignore
  });
});

test('what was written from exact numbers is read back as it was', async () => {
  await warehouse.database!.execute('create schema if not exists raw');
  await warehouse.database!.execute(
    `create table raw.exact as select 123456789012345678901234567.8901234567::decimal(38,10) as a, '{"x":123456789012.654321}'::json as j`,
  );
  for (const format of ['jsonl', 'json', 'csv', 'parquet']) {
    await harness.load(
      `source: WAREHOUSE\ntarget: FILES\nstreams: { raw.exact: { object: back.${format}, mode: full-refresh } }\n`,
    );
    await harness.load(
      `source: FILES\ntarget: WAREHOUSE\nstreams: { "file://back.${format}": { object: raw.back, mode: full-refresh } }\n`,
    );
    expect(await harness.rows('WAREHOUSE', 'select a::varchar, j::varchar from raw.back'), format).toEqual([
      ['123456789012345678901234567.8901234567', '{"x":123456789012.654321}'],
    ]);
  }
});

test.each([
  ['0.1', true],
  ['0.30000000000000004', true],
  ['-12.50000000000000000000', true],
  ['1.7976931348623157e308', true],
  ['123456789012.654321', false],
  ['0.1000000000000000000001', false],
  ['1e400', false],
])('%s is kept by a double: %s', (written, isExact) => {
  expect(isExactDouble(written)).toBe(isExact);
});

test.each([
  [['[1.5, 12345678901234567890]'], false],
  [['["2024-01-01 00:00:00.000001", 0.30000000000000004]'], false],
  [['[123456789', '012.654', '321]'], true],
  [['{"a":-1234567890123456789.5e3}'], true],
])('numbers are found across pieces: %j', async (pieces, found) => {
  const given = async function* () {
    yield* pieces;
  };
  expect(await hasInexactNumbers(given())).toBe(found);
});

test.each([
  "interval '-1 day'",
  "interval '1 month -1 second'",
  "interval '1.000001 second'",
  "interval '2000 hours'",
])('%s is not changed by Parquet: it is refused, and CSV holds it', async (value) => {
  const yaml = (format: string) =>
    `source: WAREHOUSE\ntarget: FILES\nstreams: { q: { sql: "select ${value} as v", object: v.${format}, mode: full-refresh } }\n`;
  await expect(harness.load(yaml('parquet'))).rejects.toMatchObject({
    kind: 'data',
    code: 'value_unwritable',
    message: expect.stringContaining('column v'),
  });
  await harness.load(yaml('csv'));
});

test('an interval that fits comes back from Parquet as it was', async () => {
  const sql = "select interval '3 months 2 days 1.005 seconds' as v union all select null";
  await harness.load(
    `source: WAREHOUSE\ntarget: FILES\nstreams: { q: { sql: "${sql}", object: w.parquet, mode: full-refresh } }\n`,
  );
  await harness.load(
    `source: FILES\ntarget: WAREHOUSE\nstreams: { "file://w.parquet": { object: raw.w, mode: full-refresh } }\n`,
  );
  expect(await harness.rows('WAREHOUSE', 'select v::varchar from raw.w order by 1')).toEqual([
    ['3 months 2 days 00:00:01.005'],
    [null],
  ]);
});

describe('jmespath', () => {
  const query = async (document: string, expression: string) => {
    writeFileSync(join(folder, 'q.json'), document);
    await harness.load(
      `source: FILES\ntarget: WAREHOUSE\nstreams: { "file://q.json": { object: raw.q, mode: full-refresh, source_options: { jmespath: '${expression}' } } }\n`,
    );
    return harness.rows('WAREHOUSE', 'select id, n::varchar from raw.q order by id');
  };
  const long =
    '[{"id":1,"n":123456789012.654321},{"id":2,"n":1.5},{"id":3,"n":7},{"id":4,"n":12345678901234567890}]';

  test('compares numbers that a double would round, and gives all their digits', async () => {
    expect(await query(long, '[?n > `5`]')).toEqual([
      [1, '123456789012.654321'],
      [3, '7.000000'],
      [4, '12345678901234567890.000000'],
    ]);
    expect(await query(long, '[?n == `12345678901234567890`]')).toEqual([[4, '12345678901234567890']]);
  });

  test('what it cannot tell apart is an error where it compares, and kept where it chooses', async () => {
    const alike = '[{"id":1,"n":1.5},{"id":2,"n":1.5000000000000000000001}]';
    await expect(query(alike, '[?n > `1`]')).rejects.toMatchObject({ kind: 'data', code: 'numbers_alike' });
    expect(await query(alike, '[].{id: id, n: n}')).toEqual([
      [1, '1.5000000000000000000000'],
      [2, '1.5000000000000000000001'],
    ]);
  });
});
