import { stat } from 'node:fs/promises';
import { ConfigError, DataError } from '../../../core/errors.ts';
import type { DataType } from '../../../sql/data-type.ts';
import { extensionOf, type Member, membersOf } from './archive-members.ts';
import { untilAborted } from '../engine/cancellation.ts';
import type { SourceFile } from '../disk/file-paths.ts';
import type { ReadableFile, ReadableFiles, RecordShape } from '../table/file-table.ts';
import { packingByName, type TableType } from '../disk/file-type.ts';
import { contentKind } from '../formats/content-kind.ts';
import { hasInexactNumbers } from '../formats/exact-number.ts';
import { limitDepth } from '../formats/json-depth.ts';
import { documentRecords, queryDocuments } from '../formats/json-query.ts';
import { decodeText, type Encoding, encodingOf, markedEncoding } from '../formats/text-encoding.ts';
import { type Packing, unpackedBytes } from '../formats/unpacked-bytes.ts';
import { openSheet } from '../formats/xlsx/sheet-table.ts';
import { xmlRecords, xmlShape } from '../formats/xml-records.ts';
import type { ReadOptions } from '../options/read-options.ts';
import { flattened, VerbatimRecords } from './record-lines.ts';
import type { Spool } from '../disk/spool.ts';

interface Prepared {
  readonly file: ReadableFile;
  readonly fileType: TableType;
  readonly hasVerbatim?: boolean;
  readonly records?: RecordShape;
}

/**
 * Packed CSV up to this is unpacked once, onto the disk. More would take too much of that: it is unpacked twice, to be
 * looked at and to be read.
 */
const mostUnpackedOnce = 256 * 1024 ** 2;

/** What is known of all files together before the first is prepared. */
interface Outlook {
  /** DuckDB's own reader of JSON would round a number. */
  readonly isRounded: boolean;
  readonly isUnpackedOnce: boolean;
}

/** Key of a record's row in its sheet; no header has this name. */
const rowKey = '\u0001row';

/**
 * Makes files readable for DuckDB. Those that it reads by itself stay where they are; of the others it gets
 * temporary copies: out of archives, in UTF-8, as JSON lines.
 */
export async function readableFiles(
  files: readonly SourceFile[],
  options: ReadOptions,
  spool: Spool,
  signal?: AbortSignal,
): Promise<ReadableFiles> {
  const members: Member[] = [];
  for (const file of files) members.push(...(await membersOf(file, options, spool)));
  requireOneKind(members);
  const prepared: Prepared[] = [];
  const outlook: Outlook = {
    isRounded: await holdsRounded(members, options, signal),
    isUnpackedOnce: packedBytes(members) <= mostUnpackedOnce,
  };
  for (const member of members) prepared.push(await prepare(member, outlook, options, spool, signal));
  const [first] = prepared;
  if (!first) throw new Error('a stream of files has at least one');
  const records = commonShape(prepared);
  return {
    fileType: first.fileType,
    files: prepared.map(({ file }) => file),
    hasVerbatim: prepared.some(({ hasVerbatim }) => hasVerbatim),
    ...(records ? { records } : {}),
  };
}

function requireOneKind(members: readonly Member[]): void {
  const [fileType, ...others] = new Set(members.map((member) => member.fileType));
  if (others.length === 0) return;
  throw new ConfigError(`The pattern matches files of several kinds: ${[fileType, ...others].join(', ')}.`, {
    code: 'file_format',
    next: 'Narrow the pattern, such as *.csv.',
  });
}

function packedBytes(members: readonly Member[]): number {
  return members.reduce((sum, { compression, bytes }) => sum + (compression === 'none' ? 0 : bytes), 0);
}

/** True when DuckDB's own reader of JSON would round a number in one of the files. */
async function holdsRounded(
  members: readonly Member[],
  { encoding }: ReadOptions,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const { path, place, fileType, compression } of members) {
    if (fileType !== 'json' && fileType !== 'jsonl') return false;
    const bytes = untilAborted(unpackedBytes(path, compression, place), signal);
    const text = limitDepth(decodeText(bytes, encoding, place), place);
    if (await hasInexactNumbers(text)) return true;
  }
  return false;
}

async function prepare(
  member: Member,
  { isRounded, isUnpackedOnce }: Outlook,
  options: ReadOptions,
  spool: Spool,
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  const { path, place, fileType, compression, changedAtMs } = member;
  const readable = (copy: string): ReadableFile => ({ path: copy, place, changedAtMs });
  const bytes = (): AsyncIterable<Uint8Array> =>
    untilAborted(unpackedBytes(path, compression, place), signal);
  const copyRecords = async (
    records: AsyncIterable<Readonly<Record<string, unknown>>>,
  ): Promise<Omit<Prepared, 'fileType'>> => {
    const exact = new VerbatimRecords(flattened(records, options, place));
    return { file: readable(await spool.write('jsonl', exact.lines())), hasVerbatim: exact.isUsed };
  };
  switch (fileType) {
    case 'csv':
    case 'parquet': {
      if (fileType === 'csv' && !readsEncoding(options.encoding)) {
        const extension = extensionOf(fileType, path, 'none');
        return {
          file: readable(await spool.write(extension, decodeText(bytes(), options.encoding, place))),
          fileType,
        };
      }
      const isCopied = compression !== packingByName(path) || (compression !== 'none' && isUnpackedOnce);
      if (fileType === 'parquet' || !isCopied) return { file: readable(path), fileType };
      return { file: readable(await spool.write(extensionOf(fileType, path, 'none'), bytes())), fileType };
    }
    case 'json':
    case 'jsonl': {
      const text = limitDepth(decodeText(bytes(), options.encoding, place), place);
      const { query } = options;
      if (query) {
        return {
          ...(await copyRecords(queryDocuments(text, query, fileType === 'jsonl', place))),
          fileType: 'jsonl',
        };
      }
      if (options.flatten > 0 || isRounded)
        return {
          ...(await copyRecords(documentRecords(text, fileType === 'jsonl', place))),
          fileType: 'jsonl',
        };
      const isPlain = options.encoding === 'utf-8' && !(await startsWithMark(bytes()));
      if (isPlain && compression === packingByName(path)) return { file: readable(path), fileType };
      return { file: readable(await spool.write(fileType, text)), fileType };
    }
    case 'xml': {
      const encoding = await xmlEncoding(bytes(), options.encoding);
      const text = (): AsyncIterable<string> => decodeText(bytes(), encoding, place);
      const shape = await xmlShape(text(), place);
      const copy = await copyRecords(xmlRecords(text(), shape, place));
      if (options.flatten > 0) return { ...copy, fileType: 'jsonl' };
      const columns = shape.columns.map((name) => ({ name }));
      return { ...copy, fileType: 'jsonl', records: { columns, isText: true } };
    }
    case 'avro': {
      const source = compression === 'none' ? path : await spool.write('avro', bytes());
      const { avroRecords, avroShape } = await import('../formats/avro-records.ts');
      const columns = await avroShape(source, place);
      const copy = await copyRecords(avroRecords(source, columns, place));
      if (options.flatten > 0) return { ...copy, fileType: 'jsonl' };
      return { ...copy, fileType: 'jsonl', records: { columns, isText: false } };
    }
    case 'xlsx':
      return await prepareSheet(member, options, spool);
  }
}

async function prepareSheet(member: Member, options: ReadOptions, spool: Spool): Promise<Prepared> {
  const { path, place, compression, changedAtMs } = member;
  const source =
    compression === 'none' ? path : await spool.write('xlsx', unpackedBytes(path, compression, place));
  const table = await openSheet(
    source,
    {
      header: options.header,
      skipLines: options.skipLines,
      ...(options.sheet === undefined ? {} : { sheet: options.sheet }),
    },
    place,
  );
  try {
    const records = withRow(table.rows);
    return {
      file: { path: await spool.write('jsonl', jsonLines(records)), place, changedAtMs },
      fileType: 'jsonl',
      records: { columns: table.columns.map((name) => ({ name })), rowKey, isText: false },
    };
  } finally {
    table.close();
  }
}

async function* withRow(
  rows: AsyncIterable<{ readonly number: number; readonly values: Readonly<Record<string, unknown>> }>,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for await (const { number, values } of rows) yield { [rowKey]: number, ...values };
}

async function* jsonLines(records: AsyncIterable<Readonly<Record<string, unknown>>>): AsyncGenerator<string> {
  for await (const record of records) yield `${JSON.stringify(record)}\n`;
}

function readsEncoding(encoding: Encoding): boolean {
  return encoding === 'utf-8' || encoding === 'latin1';
}

async function startOf(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const part of bytes) return part.subarray(0, 512);
  return new Uint8Array();
}

/** DuckDB's reader of JSON does not know byte order marks. */
async function startsWithMark(bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
  return markedEncoding(await startOf(bytes)) !== undefined;
}

/** A document's own word on its encoding is followed where the options are silent. */
async function xmlEncoding(bytes: AsyncIterable<Uint8Array>, wanted: Encoding): Promise<Encoding> {
  if (wanted !== 'utf-8') return wanted;
  const start = await startOf(bytes);
  const marked = markedEncoding(start);
  if (marked) return marked;
  const declared = /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']/.exec(
    Buffer.from(start).toString('latin1'),
  )?.[1];
  return declared === undefined ? wanted : (encodingOf(declared) ?? unknownEncoding(declared));
}

function unknownEncoding(name: string): never {
  throw new DataError(`The document says that its encoding is ${name}, which is not known.`, {
    code: 'file_encoding',
    state: 'Nothing was read.',
    next: 'Convert it to UTF-8.',
  });
}

/** What is known of the columns of all files together; sheets and Avro files must have the same. */
function commonShape(prepared: readonly Prepared[]): RecordShape | undefined {
  const [first] = prepared;
  if (!first?.records) return undefined;
  const columns = new Map<string, { readonly name: string; readonly type?: DataType }>();
  for (const { records, file } of prepared) {
    const own = records?.columns ?? [];
    const differs = JSON.stringify(own) !== JSON.stringify(first.records.columns);
    if (differs && !first.records.isText) {
      throw new DataError(`${file.place} has other columns than ${first.file.place}.`, {
        code: 'file_columns_differ',
        state: 'Nothing was read.',
        next: 'Load them as separate streams, or give them the same columns.',
      });
    }
    for (const column of own) columns.set(column.name, column);
  }
  return {
    ...first.records,
    columns: [...columns.values()].map(({ name, type }) => ({ name, ...(type ? { type } : {}) })),
  };
}

/** What standard input is, by its first letter; CSV when that tells nothing. */
export async function formatOfInput(path: string): Promise<string> {
  if ((await stat(path)).size === 0) return 'csv';
  const kind = await contentKind(path);
  if (kind === 'zip') return 'xlsx';
  if (kind === 'parquet' || kind === 'avro') return kind;
  const start = Buffer.from(await startOf(unpackedBytes(path, 'none' satisfies Packing, 'standard input')));
  const letter = start.toString('utf8').trimStart().charAt(0);
  if (letter === '[') return 'json';
  if (letter === '<') return 'xml';
  return letter === '{' ? 'jsonl' : 'csv';
}
