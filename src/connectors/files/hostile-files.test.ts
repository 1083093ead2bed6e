import { appendFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { workbookOf, zipOf } from './archive.fixture.ts';
import { FileFolder } from './file-folder.fixture.ts';

let files: FileFolder;
beforeEach(async () => {
  files = await FileFolder.open();
});
afterEach(() => files.close());

/** Rows enough for the damage to be far behind what is looked at first. */
const rows = Array.from({ length: 300_000 }, (_, index) => `${index},text ${(index * 7919) % 100_003}`);
const csv = `a,b\n${rows.join('\n')}\n`;
const jsonl = rows.map((row, index) => JSON.stringify({ a: index, b: row })).join('\n');
const flipped = (bytes: Buffer, at: number): Buffer => Buffer.from(bytes).fill(0x55, at, at + 4);
const cut = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length * 0.7));

test.each([
  ['cut.csv.gz', cut(gzipSync(csv)), /cut\.csv\.gz: it ends in the middle/],
  ['flipped.csv.gz', flipped(gzipSync(csv), 500_000), /flipped\.csv\.gz: it is not a sound compressed file/],
  ['checksum.csv.gz', flipped(gzipSync(csv), gzipSync(csv).length - 8), /checksum\.csv\.gz: it is not a sound/],
  ['cut.csv.zst', cut(zstdCompressSync(csv)), /cut\.csv\.zst: it ends in the middle/],
  ['cut.jsonl.gz', cut(gzipSync(jsonl)), /cut\.jsonl\.gz: it ends in the middle/],
  ['twice.csv.gz', gzipSync(gzipSync('a,b\n1,2\n')), /the text is not utf-8/],
  ['none.xlsx', Buffer.alloc(0), /none\.xlsx: it is not a sound ZIP archive/],
  ['old.xlsx', Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]), /in the old format of Excel/],
  ['deep.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /deep\.json: objects and lists are more than 1000 deep/],
  ['deep.jsonl', `{"x":0.1234567890123456789}\n${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, /more than 1000 deep/],
  ['none.jsonl', '', /none\.jsonl: it holds no records/],
  ['numbers.json', '[1,2,3]', /numbers\.json: it holds no records/],
  ['late.jsonl', `${jsonl}\n{"a":\n`, /late\.jsonl, line 300001, byte \d+: not JSON/],
  ['head.csv', ' '.repeat(70_000_000), /head\.csv: its first row has more than 67108864 letters/],
])('%s is a clear error', async (name, content, message) => {
  files.put(name, content);
  await expect(files.rowsOf(name)).rejects.toMatchObject({ kind: 'data', message: expect.stringMatching(message) });
}); // prettier-ignore

test('a checksum in an archive is held against what it packs', async () => {
  const archive = zipOf([{ name: 'a.csv', content: csv }]);
  for (const signature of ['504b0304', '504b0102']) {
    const at = archive.indexOf(Buffer.from(signature, 'hex'));
    archive.fill(0x55, at + (signature === '504b0304' ? 14 : 16), at + (signature === '504b0304' ? 18 : 20));
  }
  files.put('a.csv.zip', archive);
  await expect(files.rowsOf('a.csv.zip')).rejects.toMatchObject({
    message: expect.stringMatching(/a\.csv\.zip: a\.csv: its checksum is wrong/),
  });
});

test('a workbook under another name is told as what it is', async () => {
  files.put('book.csv', workbookOf([{ name: 'S', rows: '' }]));
  await expect(files.rowsOf('book.csv')).rejects.toMatchObject({ code: 'file_kind_differs' });
});

test('links that lead nowhere are mistakes in the configuration', async () => {
  symlinkSync(join(files.path, 'gone'), join(files.path, 'dangling.csv'));
  symlinkSync(join(files.path, 'loop.csv'), join(files.path, 'loop.csv'));
  for (const name of ['dangling.csv', 'dang*.csv', 'loop.csv', 'nothing-*.csv'])
    await expect(files.rowsOf(name)).rejects.toMatchObject({ kind: 'config', code: 'stream_missing' });
});

test.each([
  ['grows', (path: string) => appendFileSync(path, '7,more\n'), { kind: 'transient', code: 'file_changed' }],
  ['is removed', (path: string) => rmSync(path), { code: 'stream_missing' }],
])('a file that %s while it is read is an error', async (_, change, error) => {
  files.put('t.csv', csv);
  for (const format of ['columns', 'csv'] as const) {
    files.put('t.csv', csv);
    const request = { stream: { name: 't.csv' }, columns: ['a', 'b'], options: {} };
    const payload = await files.connection.source?.read(request, format, new AbortController().signal);
    const pieces =
      payload?.format === 'columns' ? payload.batches : payload?.format === 'csv' ? payload.bytes : [];
    const read = async (): Promise<void> => {
      let isFirst = true;
      for await (const _ of pieces) {
        if (isFirst) change(join(files.path, 't.csv'));
        isFirst = false;
      }
    };
    await expect(read()).rejects.toMatchObject(error);
  }
});

test.each([
  ['grows', (path: string) => appendFileSync(path, '7,more\n'), { kind: 'transient', code: 'file_changed' }],
  ['is written again', (path: string) => utimesSync(path, 1, 1), { kind: 'transient', code: 'file_changed' }],
  ['is removed', (path: string) => rmSync(path), { code: 'stream_missing' }],
])('a file that %s while the target reads it is an error', async (_, change, error) => {
  for (const name of ['one.csv', 'two.csv']) files.put(name, 'a,b\n1,x\n');
  const request = { stream: { name: '*.csv' }, columns: ['a', 'b'], options: {} };
  const payload = await files.connection.source?.read(request, 'file', new AbortController().signal);
  if (payload?.format !== 'file') throw new Error('expected files');
  await payload.verify?.();
  change(join(files.path, 'two.csv'));
  await expect(payload.verify?.()).rejects.toMatchObject(error);
  expect(await payload.explain?.(new Error('a value does not fit'))).toMatchObject(error);
});
