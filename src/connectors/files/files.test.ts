import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { Connection, ReadRequest } from '../../connector/connection.ts';
import type { ColumnsPayload } from '../../connector/payload.ts';
import { filesConnector } from './index.ts';
import { readError } from './disk/read-error.ts';

const never = new AbortController().signal;
let folder: string;
let connection: Connection;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-files-'));
  connection = await filesConnector.open(
    {},
    { name: 'LOCAL', projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 5e8 },
  );
});

afterEach(async () => {
  await connection.close();
  rmSync(folder, { recursive: true });
});

function put(name: string, content: string | Uint8Array): void {
  writeFileSync(join(folder, name), content);
}

async function typesOf(name: string, options: ReadRequest['options'] = {}): Promise<Record<string, string>> {
  const schema = await connection.source?.describe({ name: `file://${name}` }, options);
  return Object.fromEntries(
    (schema?.columns ?? []).map(({ name, type }) => [
      name,
      type.type === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.type,
    ]),
  );
}

async function payloadOf(
  name: string,
  options: ReadRequest['options'] = {},
  request: Partial<ReadRequest> = {},
) {
  const stream = { name: `file://${name}` };
  const columns =
    request.columns ?? (await connection.source?.describe(stream, options))?.columns.map((c) => c.name);
  const payload = await connection.source?.read(
    { stream, columns: columns ?? [], options, ...request },
    'columns',
    never,
  );
  if (payload?.format !== 'columns') throw new Error('expected columns');
  return payload;
}

/** Rows through the column lane, by way of a JSONL file that we write ourselves. */
async function rowsOf(
  name: string,
  options: ReadRequest['options'] = {},
  request: Partial<ReadRequest> = {},
) {
  await write('rows-read.jsonl', await payloadOf(name, options, request));
  const text = readFileSync(join(folder, 'rows-read.jsonl'), 'utf8').trim();
  return text === '' ? [] : text.split('\n').map((line) => Object.values(JSON.parse(line) as object));
}

async function write(path: string, payload: ColumnsPayload, options = {}): Promise<void> {
  const table = { schema: '', name: path };
  await connection.target?.stage(
    { table, schema: payload.schema, options, onProgress: () => {} },
    payload,
    never,
  );
}

describe('types of CSV', () => {
  it('are inferred over all rows', async () => {
    const rows = Array.from({ length: 30_000 }, (_, index) => `${index},${index},2024-01-01`);
    put('late.csv', `a,b,c\n${rows.join('\n')}\n1,x,2024-13-01\n`);
    await expect(rowsOf('late.csv')).rejects.toMatchObject({
      kind: 'transient',
      code: 'types_guessed_wrong',
    });
    expect(await typesOf('late.csv')).toEqual({ a: 'int64', b: 'text', c: 'text' });
    expect((await rowsOf('late.csv')).at(-1)).toEqual([1, 'x', '2024-13-01']);
  });

  it.each([
    ['12E4', 'text'],
    ['"1,234"', 'text'],
    ['007', 'text'],
    ['+1', 'text'],
    ['31/12/2024', 'text'],
    ['31-12-2024', 'text'],
    ['2024-1-5', 'text'],
    ['2024-02-30', 'text'],
    ['12:30', 'text'],
    ['9223372036854775807', 'int64'],
    ['9223372036854775808', 'decimal(19,0)'],
    ['-12.50', 'decimal(4,2)'],
    ['123456789012345678901234567890.123456789', 'text'],
    ['2024-02-29', 'date'],
    ['2024-02-29 10:00:00.123456', 'timestamp'],
    ['2024-02-29T10:00:00Z', 'timestamptz'],
    ['2024-02-29 10:00:00.1234567', 'text'],
    ['TRUE', 'boolean'],
    ['NULL', 'text'],
    ['', 'text'],
  ])('%s is %s', async (value, type) => {
    put('one.csv', `v,w\n${value},x\n`);
    expect((await typesOf('one.csv'))['v']).toBe(type);
  });

  it('can be declared, and every row is held to it', async () => {
    const columns = {
      n: { type: 'decimal', precision: 6, scale: 2 },
      code: { type: 'text' },
      '*': { type: 'int32' },
    };
    put('declared.csv', 'n,code,k\n1.50,1,1\n2,2,2\n1.999,3,3\n');
    const misfit = rowsOf('declared.csv', { columns });
    await expect(misfit).rejects.toMatchObject({ kind: 'data', code: 'value_misfit' });
    await expect(misfit).rejects.toThrow(
      /declared\.csv, line 4: the value of column n does not fit decimal\(6,2\)/,
    );
    put('declared.csv', 'n,code,k\n1.50,1,1\n,2,2\n1.990,3,3\n');
    expect(await typesOf('declared.csv', { columns })).toEqual({
      n: 'decimal(6,2)',
      code: 'text',
      k: 'int32',
    });
    await expect(
      connection.source?.describe({ name: 'declared.csv' }, { columns: { x: { type: 'text' } } }),
    ).rejects.toMatchObject({ code: 'column_missing' });
  });
});

describe('reading CSV', () => {
  it('keeps NULL and the empty string apart', async () => {
    put('empty.csv', 'a,b\n1,""\n2,\n3,N/A\n4,"N/A"\n');
    expect(await rowsOf('empty.csv')).toEqual([
      [1, ''],
      [2, null],
      [3, 'N/A'],
      [4, 'N/A'],
    ]);
    expect(await rowsOf('empty.csv', { null_if: 'N/A' })).toEqual([
      [1, ''],
      [2, null],
      [3, null],
      [4, 'N/A'],
    ]);
    expect(await rowsOf('empty.csv', { empty_as_null: true })).toEqual([
      [1, null],
      [2, null],
      [3, 'N/A'],
      [4, 'N/A'],
    ]);
  });

  it('obeys delimiter, quote, escape, skip_lines, header and encoding', async () => {
    put('odd.txt', Buffer.from("written by hand\n'a';'b'\n'it\\'s; é';2\n", 'latin1'));
    const options = { delimiter: ';', quote: "'", escape: '\\', skip_lines: 1, encoding: 'latin1' };
    expect(await rowsOf('odd.txt', options)).toEqual([["it's; é", 2]]);
    put('bare.csv', '1|x\n2|y\n');
    expect(await typesOf('bare.csv', { header: false })).toEqual({ col_001: 'int64', col_002: 'text' });
  });

  it('reads line breaks in quotes, gzip, UTF-8 with BOM and many files in order', async () => {
    mkdirSync(join(folder, 'in/deep'), { recursive: true });
    put('in/a.csv.gz', gzipSync('id,t\n1,"two\nlines"\n'));
    put('in/deep/b.csv', '\uFEFFid,t\n2,é\n');
    await expect(typesOf('in/*.csv')).rejects.toMatchObject({ code: 'stream_missing' });
    expect(await rowsOf('in/**/*.csv*')).toEqual([
      [1, 'two\nlines'],
      [2, 'é'],
    ]);
    expect(await connection.source?.discover('file://in/**/*.csv*')).toEqual([
      'file://in/a.csv.gz',
      'file://in/deep/b.csv',
    ]);
  });

  it('obeys columns, where and limit, comparing values and not text', async () => {
    put('n.csv', 'id,t\n9,a\n10,b\n11,c\n');
    expect(await rowsOf('n.csv', {}, { columns: ['t', 'id'], where: '"id" >= 10', limit: 1 })).toEqual([
      ['b', 10],
    ]);
  });

  it('gives a DuckDB the same rows by a SELECT', async () => {
    put('n.csv', 'id,d\n1,2024-01-01\n2,\n');
    const payload = await connection.source?.read(
      { stream: { name: 'n.csv' }, columns: ['d', 'id'], where: 'id > 0', options: {} },
      'file',
      never,
    );
    if (payload?.format !== 'file') throw new Error('expected files');
    const warehouse = await (await DuckDBInstance.create(':memory:')).connect();
    const result = await warehouse.runAndReadAll(payload.select);
    expect([result.columnTypes().map(String), result.getRowsJson()]).toEqual([
      ['DATE', 'BIGINT'],
      [
        ['2024-01-01', '1'],
        [null, '2'],
      ],
    ]);
  });
});

describe('broken files', () => {
  it.each([
    [
      'a field too few',
      'a,b\n1,"x\ny"\n2\n3,z\n',
      /bad\.csv, line 4: it has 1 fields where the header has 2/,
    ],
    ['a field too many', 'a,b\n1,x\n2,y,z\n', /bad\.csv, line 3: it has 3 fields where the header has 2/],
    ['an open quote', 'a,b\n1,x\n2,"y\n', /bad\.csv, line 3: /],
    ['a column named twice', 'a,a\n1,2\n', /line 1: column a is named twice/],
    ['a column named twice, in another case', 'a,A\n1,2\n', /line 1: column A is named twice/],
    ['nothing in it', '', /is empty: it has no header/],
  ])('with %s name file, line and reason', async (_, content, message) => {
    put('bad.csv', content);
    const broken = typesOf('bad.csv');
    await expect(broken).rejects.toMatchObject({ kind: 'data' });
    await expect(broken).rejects.toThrow(message);
  });

  it('of JSON and Parquet too', async () => {
    put('bad.jsonl', '{"a":1}\n{"a":\n');
    await expect(typesOf('bad.jsonl')).rejects.toMatchObject({
      message: expect.stringMatching(/bad\.jsonl, line [23], byte \d+: not JSON: /),
      next: expect.stringContaining('JSON object'),
    });
    put('bad.parquet', 'this is no parquet file at all');
    await expect(typesOf('bad.parquet')).rejects.toMatchObject({ kind: 'data', code: 'file_broken_row' });
    put('bad.csv.gz', 'not gzip');
    await expect(typesOf('bad.csv.gz')).rejects.toMatchObject({ code: 'file_broken' });
  });

  it('in another encoding are told apart from broken rows', async () => {
    put('latin.csv', Buffer.from('a,b\n1,é\n', 'latin1'));
    await expect(typesOf('latin.csv')).rejects.toMatchObject({ kind: 'data', code: 'file_encoding' });
  });

  it('that are missing, unreadable or of an unknown kind are mistakes in the configuration', async () => {
    await expect(typesOf('nowhere.csv')).rejects.toMatchObject({ kind: 'config', code: 'stream_missing' });
    put('table.docx', '');
    await expect(typesOf('table.docx')).rejects.toMatchObject({ kind: 'config', code: 'file_format' });
    put('a.csv', 'a\n1\n');
    await expect(typesOf('a.csv', { encoding: 'ebcdic' })).rejects.toThrow(
      /encoding: ebcdic is not yet supported/,
    );
  });

  it.skipIf(process.getuid?.() === 0)('that may not be read say so', async () => {
    put('secret.csv', 'a\n1\n');
    chmodSync(join(folder, 'secret.csv'), 0);
    await expect(typesOf('secret.csv')).rejects.toMatchObject({ kind: 'config', code: 'file_permission' });
  });
});

describe('JSON', () => {
  it('takes types from all records and keeps nested values', async () => {
    put(
      'a.jsonl',
      '{"i":1,"big":12345678901234567890,"f":1.5,"s":"12","at":"2024-01-01T00:00:00Z","o":{"k":[1]},"b":true,"m":1}\n{"i":null,"late":"x","m":"y"}\n',
    );
    expect(await typesOf('a.jsonl')).toEqual({
      i: 'int64',
      big: 'decimal(20,0)',
      f: 'float64',
      s: 'text',
      at: 'timestamptz',
      o: 'json',
      b: 'boolean',
      m: 'text',
      late: 'text',
    });
    const rows = await rowsOf('a.jsonl', {}, { columns: ['i', 's', 'o', 'b', 'm', 'late'] });
    expect(rows).toEqual([
      [1, '12', { k: [1] }, true, '1', null],
      [null, null, null, null, 'y', 'x'],
    ]);
  });

  it('reads an array of records', async () => {
    put('a.json', '[{"a":1},{"a":2}]');
    expect(await rowsOf('a.json')).toEqual([[1], [2]]);
  });
});

describe('writing', () => {
  const source =
    'id,price,name,at,d,ok\n1,19.99,"a,""b""",2024-01-01T10:00:00Z,2024-02-29,true\n2,,"",,,false\n';

  it.each(['copy.parquet', 'copy.csv', 'copy.csv.gz'])('%s reads back the same', async (path) => {
    put('in.csv', source);
    await write(path, await payloadOf('in.csv'));
    expect(await typesOf(path)).toEqual(await typesOf('in.csv'));
    expect(await rowsOf(path)).toEqual(await rowsOf('in.csv'));
  });

  it('keeps every type through the column lane', async () => {
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
    await duckdb.run(`copy (select 1::smallint s, 2::integer i, 12345678901234567890.12::decimal(30,2) d, 1.5::float f,
      'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid u, interval '1 month 2 days 3 seconds' v, time '10:00:00.5' t,
      '\\xAA'::blob b, [1, null] l, {'k': 1} j, -1::decimal(30,2) n union all select null, null, null, null, null, null, null, null, null, null, null)
      to '${join(folder, 'all.parquet')}'`);
    await write('again.parquet', await payloadOf('all.parquet'));
    const columns = `s, i, d, f, u, v, t, b, l::varchar[] l, j::json j, n`;
    const [before, after] = await Promise.all(
      ['all', 'again'].map((name) =>
        duckdb.runAndReadAll(
          `select ${name === 'all' ? columns : columns.replace('l::varchar[]', 'from_json(l, \'["VARCHAR"]\')')} from '${join(folder, name)}.parquet'`,
        ),
      ),
    );
    expect(after?.getRowsJson()).toEqual(before?.getRowsJson());
  });

  it('publishes by a rename and obeys the options', async () => {
    put('in.csv', source);
    put('out.csv', 'old');
    await write('out.csv~stage', await payloadOf('in.csv', {}, { columns: ['id', 'd'] }), {
      delimiter: ';',
      header: false,
    });
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('old');
    await connection.target?.publishFile?.(
      { schema: '', name: 'out.csv~stage' },
      { schema: '', name: 'file://out.csv' },
    );
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('1;2024-02-29\n2;\n');
    expect(existsSync(join(folder, 'out.csv~stage'))).toBe(false);
    await expect(write('x.csv', await payloadOf('in.csv'), { table_tmp: 'x' })).rejects.toThrow(/table_tmp/);
  });

  it('removes the stage when the source fails', async () => {
    put('in.csv', source);
    const payload = await payloadOf('in.csv');
    async function* failing(): AsyncGenerator<ColumnBatch> {
      yield* payload.batches;
      throw new Error('the source broke');
    }
    await expect(write('out.csv', { ...payload, batches: failing() })).rejects.toThrow('the source broke');
    expect(existsSync(join(folder, 'out.csv'))).toBe(false);
  });

  it('names a folder that cannot be', async () => {
    put('in.csv', source);
    const impossible = write('in.csv/out.csv', await payloadOf('in.csv'));
    await expect(impossible).rejects.toMatchObject({
      code: expect.stringMatching(/stream_missing|file_failed/),
    });
  });

  it('calls a full disk by its name', async () => {
    const full = new Error('IO Error: Could not write file "/x/out.csv": No space left on device');
    expect(await readError(full, [{ path: '/x/out.csv', place: '/x/out.csv' }])).toMatchObject({
      kind: 'fatal',
      code: 'disk_full',
    });
  });
});
