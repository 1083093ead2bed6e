import { gzipSync, zstdCompressSync } from 'node:zlib';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileSpool } from '../disk/spool.ts';
import { fileEngine } from '../engine/engine.ts';
import { FileFolder } from '../file-folder.fixture.ts';
import { readOptions } from '../options/read-options.ts';
import { csvTable } from './csv-table.ts';

let files: FileFolder;
beforeEach(async () => {
  files = await FileFolder.open();
});
afterEach(() => files.close());

const csv = `a,b\n${Array.from({ length: 50_000 }, (_, index) => `${index},text ${(index * 7919) % 100_003}\n`).join('')}`;

/** Number of rows of a packed file that DuckDB unpacks by itself, as it does with large ones. */
async function countOf(name: string, content: Uint8Array): Promise<unknown> {
  files.put(name, content);
  const path = join(files.path, name);
  const spool = fileSpool(files.temporaryPath);
  const engine = fileEngine(files.temporaryPath, 5e8);
  try {
    return await engine.use(undefined, async (connection) => {
      const file = { path, place: path, changedAtMs: 0 };
      const table = await csvTable(connection, [file], readOptions({}), { spool, engine, signal: undefined });
      const [a, b] = table.columns.map(({ expression }) => expression);
      const sql = `select count(${a}), count(${b}) from ${table.fromOf([path])}`;
      return (await connection.runAndReadAll(sql)).getRowsJson()[0];
    });
  } finally {
    engine.close();
  }
}

test('a packed file is read as it lies', async () => {
  expect(await countOf('a.csv.gz', gzipSync(csv))).toEqual(['50000', '50000']);
  expect(await countOf('a.csv.zst', zstdCompressSync(csv))).toEqual(['50000', '50000']);
});

test('a packed file that is damaged is an error before a row is read', async () => {
  const packed = gzipSync(csv);
  await expect(countOf('cut.csv.gz', packed.subarray(0, packed.length / 2))).rejects.toThrow(
    /cut\.csv\.gz: it ends in the middle/,
  );
  const flipped = Buffer.from(packed).fill(0x55, packed.length - 8, packed.length - 4);
  await expect(countOf('flipped.csv.gz', flipped)).rejects.toThrow(/flipped\.csv\.gz: it is not a sound/);
});
