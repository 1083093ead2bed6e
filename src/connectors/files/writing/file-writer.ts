import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { literal } from '../engine/engine.ts';
import { withoutMarks } from '../formats/json-text.ts';
import { packSnappy } from '../formats/snappy-framing.ts';
import { encodeText } from '../formats/text-encoder.ts';
import { decodeText } from '../formats/text-encoding.ts';
import { writeZip } from '../formats/zip-writer.ts';
import type { WriteOptions } from './write-options.ts';

/** Of a file that is read to be written otherwise, at once. */
const pieceBytes = 256 * 1024;

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
  const isText = fileType !== 'parquet';
  const isPackedHere = isText && (compression === 'zip' || compression === 'snappy');
  const isPlain = encoding === 'utf-8' && !marked && !isMarked && !isPackedHere;
  const packing = !isText && compression === 'none' ? 'uncompressed' : compression;
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

async function transcode(from: string, to: string, isMarked: boolean, options: WriteOptions): Promise<void> {
  const bytes = recoded(from, to, isMarked, options);
  switch (options.compression) {
    case 'zip': {
      // UTF-16 takes twice the bytes, and two for its mark.
      const mostBytes = 2 * (await stat(from)).size + 2;
      await writeZip(to, { name: entryName(to, options), bytes, mostBytes, changedAt: new Date() });
      return;
    }
    case 'gzip':
      return await pipeline(bytes, createGzip(), createWriteStream(to));
    case 'zstd':
      return await pipeline(bytes, createZstdCompress(), createWriteStream(to));
    case 'snappy':
      return await pipeline(packSnappy(bytes), createWriteStream(to));
    case 'none':
      return await pipeline(bytes, createWriteStream(to));
  }
}

async function* recoded(
  from: string,
  to: string,
  isMarked: boolean,
  { encoding, marked }: WriteOptions,
): AsyncGenerator<Uint8Array> {
  const bytes = createReadStream(from, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>;
  if (marked) yield Buffer.from('\ufeff');
  if (encoding === 'utf-8' && !isMarked) {
    yield* bytes;
    return;
  }
  const text = decodeText(bytes, 'utf-8', to);
  yield* encodeText(isMarked ? unmarked(text) : text, encoding, to);
}

/** What the file in an archive is called: `orders.csv` in `orders.csv.zip`, whose stage is `.orders.csv.zip~0123abcd`. */
function entryName(path: string, { fileType }: WriteOptions): string {
  const base = basename(path).replace(/^.*?\.(.*)~[0-9a-f]{8}$/, '$1');
  const name = base.replace(/\.zip$/i, '');
  const isNamed = new RegExp(`\\.(${fileType}|tsv|txt|ndjson|geojson)$`, 'i').test(name);
  return isNamed ? name : `${/\w/.test(name) ? name : 'rows'}.${fileType}`;
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
