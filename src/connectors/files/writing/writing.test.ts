import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../../connector/connection.ts';
import { filesConnector } from '../index.ts';

const never = new AbortController().signal;
let folder: string;
let connection: Connection;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-writing-'));
  connection = await filesConnector.open(
    {},
    { name: 'LOCAL', projectFolder: folder, temporaryFolder: join(folder, 'tmp'), memoryBudgetBytes: 5e8 },
  );
});

afterEach(async () => {
  await connection.close();
  rmSync(folder, { recursive: true });
});

/** Stages and publishes the rows of a CSV text. */
async function write(text: string, path: string, options: object = {}, source: object = {}): Promise<void> {
  writeFileSync(join(folder, 'in.csv'), text);
  await copy('in.csv', path, options, source);
}

/** Stages and publishes the rows of a file. */
async function copy(from: string, path: string, options: object = {}, source: object = {}): Promise<void> {
  const stream = { name: from };
  const columns = (await connection.source?.describe(stream, { ...source }))?.columns ?? [];
  const payload = await connection.source?.read(
    { stream, columns: columns.map(({ name }) => name), options: { ...source } },
    'columns',
    never,
  );
  if (payload?.format !== 'columns') throw new Error('expected columns');
  const stage = { schema: '', name: path.replace(/[^/]*$/, '.$&~0123abcd') };
  await connection.target?.stage(
    { table: stage, schema: payload.schema, options: { ...options }, onProgress: () => {} },
    payload,
    never,
  );
  await connection.target?.publishFile?.(stage, { schema: '', name: path });
}

function read(path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

describe('parts', () => {
  const rows = (count: number): string =>
    `id,t\n${Array.from({ length: count }, (_, index) => `${index},text ${index}\n`).join('')}`;

  it('hold so many rows each, and take the place of older ones together', async () => {
    await write(rows(5), 'out/orders.csv', { file_max_rows: 2 });
    expect(readdirSync(join(folder, 'out/orders.csv'))).toEqual([
      'part-0001.csv',
      'part-0002.csv',
      'part-0003.csv',
    ]);
    expect(read('out/orders.csv/part-0003.csv')).toBe('id,t\n4,text 4\n');
    await write(rows(3), 'out/orders.csv', { file_max_rows: 2 });
    expect(readdirSync(join(folder, 'out/orders.csv'))).toEqual(['part-0001.csv', 'part-0002.csv']);
    expect(readdirSync(join(folder, 'out'))).toEqual(['orders.csv']);
    await write(rows(1), 'out/orders.csv');
    expect(read('out/orders.csv')).toBe('id,t\n0,text 0\n');
  });

  it('keep below so many bytes, and lose no row', async () => {
    await write(rows(20_000), 'big.csv', { file_max_bytes: 60_000 });
    const names = readdirSync(join(folder, 'big.csv'));
    expect(names.length).toBeGreaterThan(4);
    for (const name of names)
      expect(statSync(join(folder, 'big.csv', name)).size).toBeLessThanOrEqual(60_000);
    const ids = names.flatMap((name) =>
      read(`big.csv/${name}`)
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => Number.parseInt(line, 10)),
    );
    expect(ids).toEqual(Array.from({ length: 20_000 }, (_, index) => index));
  });

  it('are one file without rows, and packed as the name says', async () => {
    await write('id\n', 'none.csv.gz', { file_max_rows: 10 });
    expect(gunzipSync(readFileSync(join(folder, 'none.csv.gz/part-0001.csv.gz'))).toString()).toBe('id\n');
  });

  it('never take the place of a folder with other things in it', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/mine.txt'), 'mine');
    await expect(write(rows(3), 'data', { file_max_rows: 2, format: 'csv' })).rejects.toMatchObject({
      code: 'folder_not_ours',
    });
    expect(read('data/mine.txt')).toBe('mine');
  });
});

describe('packed files', () => {
  const rows = Array.from({ length: 70_000 }, (_, index) => `${index},"é ""${(index * 7919) % 1_000_003}"""\n`);
  const text = `id,t\n${rows.join('')}`;

  it.each([
    ['a.csv.zip', {}, {}],
    ['a.zip', { format: 'csv' }, {}],
    ['a.csv', { compression: 'zip' }, { compression: 'zip' }],
    ['a.jsonl.zip', {}, {}],
    ['utf16.csv.zip', { encoding: 'utf16' }, { encoding: 'utf16' }],
    ['a.csv.sz', {}, {}],
    ['a.csv', { compression: 'snappy' }, { compression: 'snappy' }],
    ['a.jsonl.sz', {}, {}],
    ['a.json.sz', {}, {}],
  ])('%s by %j is read as it was written', async (name, target, source) => {
    await write(text, name, target);
    expect(statSync(join(folder, name)).size).toBeLessThan(text.length);
    expect(readdirSync(folder).sort()).toEqual(expect.not.arrayContaining([expect.stringMatching(/utf8$/)]));
    await copy(name, 'back.csv', {}, source);
    expect(read('back.csv').replaceAll('"', '')).toBe(text.replaceAll('"', ''));
  });

  it('are parts, each packed by itself', async () => {
    await write('id\n1\n2\n3\n', 'parts.csv.zip', { file_max_rows: 2 });
    expect(readdirSync(join(folder, 'parts.csv.zip'))).toEqual(['part-0001.csv.zip', 'part-0002.csv.zip']);
    await copy('parts.csv.zip/*.zip', 'back.csv');
    expect(read('back.csv')).toBe('id\n1\n2\n3\n');
  });

  it.each(['a.csv.zip', 'none.csv.zip', 'none.csv.sz'])('hold a header alone where there are no rows: %s', async (name) => {
    await write('id,t\n', name);
    await copy(name, 'back.csv');
    expect(read('back.csv')).toBe('id,t\n');
  });
}); // prettier-ignore

describe('options', () => {
  it('encoding', async () => {
    await write('a\né\n', 'a.csv', { encoding: 'latin1' });
    expect(readFileSync(join(folder, 'a.csv')).toString('latin1')).toBe('a\né\n');
    await write('a\né€\n', 'b.csv.gz', { encoding: 'windows1252' });
    expect(gunzipSync(readFileSync(join(folder, 'b.csv.gz')))).toEqual(
      Buffer.from('a\n\xe9\x80\n', 'latin1'),
    );
    await write('a\né\n', 'c.csv', { encoding: 'utf16' });
    expect(readFileSync(join(folder, 'c.csv')).toString('utf16le')).toBe('\ufeffa\né\n');
    await write('a\né\n', 'd.csv', { encoding: 'utf8_bom' });
    expect(read('d.csv')).toBe('\ufeffa\né\n');
    await expect(write('a\nж\n', 'e.csv', { encoding: 'latin1' })).rejects.toMatchObject({
      code: 'file_encoding',
    });
    expect(existsSync(join(folder, 'e.csv'))).toBe(false);
  });

  it('datetime_format and max_decimals', async () => {
    const text = 'd,t,n\n2024-01-31,2024-01-31 10:05:00,1.2355\n';
    await write(text, 'a.csv', { datetime_format: 'DD.MM.YYYY HH:mm', max_decimals: 2 });
    expect(read('a.csv')).toBe('d,t,n\n2024-01-31,31.01.2024 10:05,1.24\n');
    await write(text, 'b.jsonl', { datetime_format: 'DD.MM.YYYY' });
    expect(JSON.parse(read('b.jsonl'))).toEqual({ d: '31.01.2024', t: '2024-01-31 10:05:00', n: 1.2355 });
    await expect(write(text, 'c.parquet', { datetime_format: 'DD.MM.YYYY' })).rejects.toMatchObject({
      code: 'not_yet_supported',
    });
  });

  it('numbers keep every digit, and NULL is not the empty string', async () => {
    const text = 'i,n,t\n9223372036854775807,12345678901234567890.123456789,""\n,,\n';
    await write(text, 'a.csv');
    expect(read('a.csv')).toBe(text);
    await write(text, 'a.jsonl');
    expect(read('a.jsonl').split('\n')[0]).toBe(
      '{"i":9223372036854775807,"n":12345678901234567890.123456789,"t":""}',
    );
    expect(JSON.parse(read('a.jsonl').split('\n')[1] ?? '')).toEqual({ i: null, n: null, t: null });
  });

  it('that cannot be obeyed are named', async () => {
    for (const [path, options] of [
      ['a.xlsx', {}],
      ['a.parquet', { compression: 'zip' }],
      ['a.csv', { encoding: 'ebcdic' }],
      ['a.parquet', { encoding: 'latin1' }],
    ] as const)
      await expect(write('a\n1\n', path, options)).rejects.toMatchObject({ code: 'not_yet_supported' });
  });
});

describe('Parquet in one pass', () => {
  const text = `id,t,n\n${Array.from({ length: 20_000 }, (_, index) => `${index},${index % 5 === 0 ? '' : `text ${index}`},${index}.25\n`).join('')}`;

  beforeEach(async () => {
    await connection.close();
    // A budget so small that there are many segments.
    const setting = { name: 'LOCAL', projectFolder: folder, temporaryFolder: join(folder, 'tmp') };
    connection = await filesConnector.open({}, { ...setting, memoryBudgetBytes: 400_000 });
  });

  it.each(['zstd', 'snappy', 'none'])('holds every row in its order, by %s', async (compression) => {
    await write(text, 'out.parquet', { compression });
    await write(text, 'in-parts.parquet', { compression, file_max_rows: 7000 });
    const instance = await DuckDBInstance.create(':memory:');
    const database = await instance.connect();
    const rowsOf = async (from: string) =>
      (await database.runAndReadAll(`select * from ${from}`)).getRowsJson();
    const groups = await rowsOf(
      `(select distinct row_group_id, compression from parquet_metadata('${join(folder, 'out.parquet')}'))`,
    );
    expect(groups.length).toBeGreaterThan(3);
    const rows = await rowsOf(`'${join(folder, 'out.parquet')}'`);
    expect(rows).toHaveLength(20_000);
    expect(rows[19_999]).toEqual(['19999', 'text 19999', '19999.25']);
    expect(rows).toEqual(await rowsOf(`'${join(folder, 'in-parts.parquet')}/*.parquet'`));
    database.closeSync();
    instance.closeSync();
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });

  it('leaves nothing when it is cancelled', async () => {
    writeFileSync(join(folder, 'in.csv'), text);
    const stop = new AbortController();
    const stream = { name: 'in.csv' };
    const read = { stream, columns: ['id', 't', 'n'], options: {} };
    const payload = await connection.source?.read(read, 'columns', never);
    if (payload?.format !== 'columns') throw new Error('expected columns');
    const table = { schema: '', name: '.out.parquet~0123abcd' };
    const onProgress = (rows: number): void => {
      if (rows > 10_000) stop.abort();
    };
    const staged = connection.target?.stage(
      { table, schema: payload.schema, onProgress },
      payload,
      stop.signal,
    );
    await expect(staged).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(folder).sort()).toEqual(['in.csv', 'tmp']);
    expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  });
});
