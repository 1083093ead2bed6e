import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { duckdbConnector } from '../duckdb/index.ts';
import { postgresConnector } from '../postgres/index.ts';
import { LoadHarness } from '../../../test/support/load-harness.ts';
import { createTestDatabase } from '../../../test/support/postgres-database.ts';
import { filesConnector } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-broken-'));
const harness = new LoadHarness(folder);
const database = await createTestDatabase();
await harness.open('FILES', filesConnector, {});
await harness.open('WAREHOUSE', duckdbConnector, { path: 'w.duckdb' });
await harness.open(
  'PG',
  postgresConnector,
  postgresConnector.config.parse(postgresConnector.parseUrl(database.url)),
);

afterAll(async () => {
  for (const connection of harness.connections) await connection.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const load = (stream: string, keys = '', source = 'FILES') =>
  harness.load(
    `source: ${source}\ntarget: WAREHOUSE\nstreams: { "${stream}": { object: raw.t, mode: full-refresh ${keys} } }\n`,
  );

test.each([
  ['a.jsonl', '{"a":1}\n{"a":\n{"a":2}\n', /a\.jsonl, line 2, byte \d+: not JSON: unexpected end of data\.$/],
  ['a.jsonl', '{"a":"\\ud800"}\n', /a\.jsonl, line 1, byte \d+: not JSON: no low surrogate in string\.$/],
  [
    'a.jsonl',
    '{"a":1}\n{"a":"secret","a":2}\n',
    /a\.jsonl, line 2: the key "a" stands twice in the record\.$/,
  ],
  ['a.csv', 'id,t\n1,"secret\n2,d\n3,e\n', /a\.csv, line 2: a quote is opened and never closed\.$/],
])('%s is told in words: %#', async (name, text, message) => {
  writeFileSync(join(folder, name), text);
  await expect(load(`file://${name}`)).rejects.toMatchObject({
    kind: 'data',
    code: 'file_broken_row',
    message: expect.stringMatching(message),
    state: 'Nothing was published.',
  });
});

describe('columns with names that every object of JavaScript has', () => {
  const names = ['constructor', 'toString', 'hasOwnProperty', 'id'];

  test('of CSV and JSON', async () => {
    writeFileSync(join(folder, 'f1.csv'), `${names.join()}\nFerrari,2,x,1\n`);
    writeFileSync(join(folder, 'f1.jsonl'), `{"constructor":"Ferrari","toString":2,"hasOwnProperty":"x","id":1}\n`); // prettier-ignore
    for (const name of ['f1.csv', 'f1.jsonl'])
      for (const keys of ['', ', columns: { toString: bigint, id: bigint }']) {
        await load(`file://${name}`, keys);
        expect(await harness.rows('WAREHOUSE', 'select * from raw.t')).toEqual([['Ferrari', 2, 'x', 1]]);
      }
  });

  test('of a table', async () => {
    await database.query('create table f1 (id int primary key, constructor text, "toString" int, "valueOf" text)'); // prettier-ignore
    await database.query(`insert into f1 values (1, 'Ferrari', 2, 'x')`);
    for (const keys of ['', ', columns: { toString: string not_null }']) await load('public.f1', keys, 'PG');
    expect(await harness.rows('WAREHOUSE', 'select * from raw.t')).toEqual([[1, 'Ferrari', '2', 'x']]);
  });
});
