import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';

let harness: LoadHarness;
let folder: string;
beforeAll(async () => {
  harness = await LoadHarness.create();
  folder = join(harness.folder, 'data');
  mkdirSync(folder);
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('FILES', filesConnector, { path: folder });
});
afterAll(async () => harness.close());
beforeEach(async () => {
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
});

function put(name: string, content: string, changedAt = 1_700_000_000): void {
  writeFileSync(join(folder, name), content);
  utimesSync(join(folder, name), changedAt, changedAt);
}

const held = (sql: string): Promise<unknown[][]> => harness.rows('DUCK', sql) as Promise<unknown[][]>;

function stream(name: string, rest: string, env = ''): string {
  return `source: FILES\ntarget: DUCK\n${env}streams:\n  file://${name}:\n    object: raw.t\n    ${rest.split('\n').join('\n    ')}\n`;
}

describe('metadata columns', () => {
  test('are switched on for a stream, and stay whatever is selected and cast', async () => {
    put('m1.csv', 'id,t\n1,a\n2,b\n');
    put('m2.csv', 'id,t\n3,c\n');
    await harness.loadOne(
      stream(
        'm*.csv',
        "mode: full-refresh\nselect: [id]\ncolumns: { '*': string }\nmeta: { millrace: { columns: [loaded_at, row_num, stream_url, row_id, exec_id] } }",
      ),
    );
    const rows = await held(
      'select id, _sling_row_num, _sling_stream_url, length(_sling_row_id), _sling_exec_id is not null, _sling_loaded_at > 1700000000 from raw.t order by id',
    );
    const [one, two] = ['m1.csv', 'm2.csv'].map((name) => `file://${join(folder, name)}`);
    expect(rows).toEqual([
      ['1', 1, one, 36, true, true],
      ['2', 2, one, 36, true, true],
      ['3', 1, two, 36, true, true],
    ]);
    expect(
      await held('select count(distinct _sling_row_id), count(distinct _sling_exec_id) from raw.t'),
    ).toEqual([[3, 1]]);
  });

  test('are switched on by variables, and added to a table that lacks them', async () => {
    put('a.csv', 'id\n1\n');
    await harness.loadOne(stream('a.csv', 'primary_key: id'));
    put('a.csv', 'id\n1\n2\n');
    const env =
      'env: { SLING_ROW_NUM_COLUMN: true, SLING_EXEC_ID_COLUMN: true, SLING_ROW_ID_COLUMN: false }\n';
    await harness.loadOne(stream('a.csv', 'primary_key: id', env));
    expect(
      await held('select id, _sling_row_num, _sling_exec_id is not null from raw.t order by id'),
    ).toEqual([
      [1, 1, true],
      [2, 2, true],
    ]);
    await expect(
      harness.explain(stream('a.csv', 'mode: full-refresh', 'env: { SLING_ROW_NUM_COLUMN: maybe }\n')),
    ).rejects.toThrow(/SLING_ROW_NUM_COLUMN is 'maybe'/);
  });
});

describe('update_key: _sling_loaded_at', () => {
  const files = 'mode: incremental\nupdate_key: _sling_loaded_at';

  test('reads files that were changed since, and loses none of the same second', async () => {
    put('i1.csv', 'id\n1\n', 1_700_000_001);
    put('i2.csv', 'id\n2\n', 1_700_000_002);
    await harness.loadOne(stream('i*.csv', files));
    put('i3.csv', 'id\n3\n', 1_700_000_002);
    put('i4.csv', 'id\n4\n', 1_700_000_009);
    await harness.loadOne(stream('i*.csv', files));
    expect(await held('select id, _sling_loaded_at from raw.t order by id')).toEqual([
      [1, 1_700_000_001],
      [2, 1_700_000_002],
      [3, 1_700_000_002],
      [4, 1_700_000_009],
    ]);
    expect(await harness.loadOne(stream('i*.csv', files))).toMatchObject({ rowsRead: 1 });
    expect(await held('select count(*) from raw.t')).toEqual([[4]]);
  });

  test('merges by key where there is one', async () => {
    put('k.csv', 'id,v\n1,a\n2,b\n', 1_700_000_001);
    await harness.loadOne(stream('k.csv', `${files}\nprimary_key: id`));
    put('k.csv', 'id,v\n1,a\n2,c\n', 1_700_000_005);
    await harness.loadOne(stream('k.csv', `${files}\nprimary_key: id`));
    expect(await held('select id, v from raw.t order by id')).toEqual([
      [1, 'a'],
      [2, 'c'],
    ]);
  });
});

describe('older files', () => {
  test('may keep columns and transforms in source_options', async () => {
    put('o.csv', 'id,code\n1,007\n2, x \n');
    await harness.loadOne(
      stream(
        'o.csv',
        "mode: full-refresh\nsource_options: { columns: { id: 'decimal(5,1)' }, transforms: [trim_space] }",
      ),
    );
    expect(await held('select cast(id as varchar), code from raw.t order by id')).toEqual([
      ['1.0', '007'],
      ['2.0', 'x'],
    ]);
    await expect(
      harness.explain(
        stream('o.csv', 'columns: { id: int }\nmode: full-refresh\nsource_options: { columns: { id: int } }'),
      ),
    ).rejects.toThrow(/columns are written twice/);
  });
});

test('an option about files of another kind is an error before anything is read', async () => {
  put('j.jsonl', '{"a":1}\n');
  await expect(
    harness.explain(stream('j.jsonl', "mode: full-refresh\nsource_options: { delimiter: ';' }")),
  ).rejects.toMatchObject({ code: 'option_not_applicable', origin: expect.anything() });
});

test.each(['DUCK', 'FILES'])(
  'types are those of all rows, whatever the first ones say, into %s',
  async (target) => {
    const rows = Array.from({ length: 30_000 }, (_, index) => `${index},${index}.5,`).join('\n');
    put('late.csv', `id,n,empty\n${rows}\nx,1234567.125,2024-01-01\n`);
    const yaml = stream('late.csv', 'mode: full-refresh').replace('target: DUCK', `target: ${target}`);
    const object = target === 'DUCK' ? 'raw.t' : 'late.parquet';
    await harness.loadOne(yaml.replace('raw.t', object));
    const from = target === 'DUCK' ? 'raw.t' : `'${join(folder, object)}'`;
    expect(await held(`select column_name, column_type from (describe select * from ${from})`)).toEqual([
      ['id', 'VARCHAR'],
      ['n', 'DECIMAL(10,3)'],
      ['empty', 'DATE'],
    ]);
    expect(await held(`select count(*), count(empty), max(n) = 1234567.125 from ${from}`)).toEqual([
      [30_001, 1, true],
    ]);
  },
);

test('a declared type that a late row does not fit is told with its line', async () => {
  const rows = Array.from({ length: 30_000 }, (_, index) => `${index}`).join('\n');
  put('late.csv', `id\n${rows}\nx\n`);
  await expect(
    harness.loadOne(stream('late.csv', 'mode: full-refresh\ncolumns: { id: bigint }')),
  ).rejects.toThrow(/late\.csv, line 30002: the value of column id does not fit bigint/);
});

describe('a query over files', () => {
  const asked = (sql: string, rest = ''): string =>
    stream('q*.csv', `mode: full-refresh\nsql: ${JSON.stringify(sql)}\n${rest}`);

  test('reads their rows, in their types, and is filtered and declared as others are', async () => {
    put('q1.csv', 'id,amount,code\n1,1.5,007\n2,2.5,a\n');
    put('q2.csv', 'id,amount,code\n1,4,b\n3,x,c\n'.replace('x', '8'));
    await harness.loadOne(
      asked(
        'select id, sum(amount) as total, list(code order by code) as codes from {stream_scanner} where {where_cond} group by id',
        'where: id < 3',
      ),
    );
    expect(await held('select id, total, codes::varchar from raw.t order by id')).toEqual([
      [1, '5.5', '[007, b]'],
      [2, '2.5', '[a]'],
    ]);
    await harness.loadOne(asked('select * from {stream.scanner}', 'columns: { id: string }\nselect: [id]'));
    expect(await held('select id from raw.t order by id')).toEqual([['1'], ['1'], ['2'], ['3']]);
  });

  test('that does not read them, or cannot be, is an error', async () => {
    put('q1.csv', 'id,amount,code\n1,1,a\n');
    const refused = (sql: string, rest = '') => expect(harness.explain(asked(sql, rest))).rejects;
    await refused('select 1 as a').toMatchObject({ code: 'query_invalid' });
    await refused('select nothing from {stream_scanner}').toThrow(/DuckDB does not understand the query/);
    await refused('from {stream_scanner}', 'meta: { millrace: { columns: [row_num] } }').toMatchObject({
      code: 'not_yet_supported',
    });
  });
});
