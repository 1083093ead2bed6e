import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { literal } from './engine.ts';
import { withoutMarks } from './formats/json-text.ts';
import { encodeText } from './formats/text-encoder.ts';
import { decodeText } from './formats/text-encoding.ts';
import type { WriteOptions } from './write-options.ts';

/** Rows that are at hand in a table of the connection. */
export interface WrittenRows {
  readonly connection: DuckDBConnection;
  /** Name of the table. */
  readonly table: string;
  readonly rows: number;
  /** SQL of the columns to write. */
  readonly columns: string;
  /** Some values may stand behind `verbatimMark`. */
  readonly isMarked: boolean;
}

/** Writes one file, or a folder of parts when the options limit their size. Resolves to the bytes. */
export async function writeFiles(rows: WrittenRows, path: string, options: WriteOptions): Promise<number> {
  if (options.maxRows === undefined && options.maxBytes === undefined) {
    await writeOne(rows, '', path, options);
    return (await stat(path)).size;
  }
  await mkdir(path, { recursive: true });
  return await writeParts(rows, path, options);
}

/** Rows of the first part when only bytes are limited; later ones are reckoned from it. */
const firstRows = 50_000;

async function writeParts(rows: WrittenRows, folder: string, options: WriteOptions): Promise<number> {
  const { maxRows = Infinity, maxBytes = Infinity } = options;
  let count = Math.min(maxRows, Number.isFinite(maxBytes) ? firstRows : maxRows);
  let bytes = 0;
  let part = 1;
  for (let start = 0; start < rows.rows || part === 1;) {
    const path = join(folder, `part-${String(part).padStart(4, '0')}.${options.extension}`);
    await writeOne(rows, ` where rowid >= ${start} and rowid < ${start + count}`, path, options);
    const { size } = await stat(path);
    const rowsInPart = Math.min(count, rows.rows - start);
    if (size > maxBytes && rowsInPart > 1) {
      await rm(path);
      count = Math.max(1, Math.floor((rowsInPart * maxBytes * 0.9) / size));
      continue;
    }
    bytes += size;
    start += count;
    part += 1;
    const fitting = Number.isFinite(maxBytes) ? Math.floor((rowsInPart * maxBytes * 0.9) / size) : maxRows;
    count = Math.max(1, Math.min(maxRows, fitting));
  }
  return bytes;
}

/** Writes one file of the rows that a clause leaves. */
export async function writeOne(
  { connection, table, columns, isMarked }: WrittenRows,
  where: string,
  path: string,
  options: WriteOptions,
): Promise<void> {
  const { clauses, compression, fileType, encoding, marked } = options;
  const isPlain = encoding === 'utf-8' && !marked && !isMarked;
  const packing = fileType === 'parquet' && compression === 'none' ? 'uncompressed' : compression;
  const settings = [...clauses, `compression ${literal(isPlain ? packing : 'none')}`, 'use_tmp_file false'];
  const copy = isPlain ? path : `${path}.utf8`;
  await connection.run(
    `copy (select ${columns} from ${table}${where}) to ${literal(copy)} (${settings.join(', ')})`,
  );
  if (isPlain) return;
  try {
    await transcode(copy, path, isMarked, options);
  } finally {
    await rm(copy, { force: true });
  }
}

async function transcode(
  from: string,
  to: string,
  isMarked: boolean,
  { encoding, marked, compression }: WriteOptions,
): Promise<void> {
  const bytes = createReadStream(from) as AsyncIterable<Uint8Array>;
  const packer =
    compression === 'gzip' ? createGzip() : compression === 'zstd' ? createZstdCompress() : new PassThrough();
  await pipeline(
    async function* recoded() {
      if (marked) yield Buffer.from('\ufeff');
      const text = decodeText(bytes, 'utf-8', to);
      yield* encodeText(isMarked ? unmarked(text) : text, encoding, to);
    },
    packer,
    createWriteStream(to),
  );
}

/** Whole lines, because a value is never cut by the end of one. */
async function* unmarked(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const end = piece.lastIndexOf('\n') + 1;
    if (end === 0) {
      rest += piece;
      continue;
    }
    yield withoutMarks(rest + piece.slice(0, end));
    rest = piece.slice(end);
  }
  yield withoutMarks(rest);
}
