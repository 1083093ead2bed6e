import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { StageRequest, StageResult, Target } from '../../connector/connection.ts';
import { segmentsOf, stagingType, withBatches } from '../../connector/duckdb/batch-pump.ts';
import type { ColumnsPayload } from '../../connector/payload.ts';
import { CancelledError, ConfigError, FatalError } from '../../core/errors.ts';
import type { TableName } from '../../sql/dialect.ts';
import { type FileEngine, quote } from './engine/engine.ts';
import { mayHoldInexact } from './formats/exact-number.ts';
import { pathError, pathOfUrl } from './disk/file-paths.ts';
import { writeFiles, writeOne } from './writing/file-writer.ts';
import { joinedParquet } from './parquet/joined-parquet.ts';
import { addPartFolders, isPartFolder, writePartFolders } from './writing/part-folders.ts';
import { readError } from './disk/read-error.ts';
import { reshapeRows } from './writing/reshaped-rows.ts';
import type { Spool } from './disk/spool.ts';
import { tellsType } from './disk/file-type.ts';
import { isStandardStream } from './disk/standard-stream.ts';
import { checkIntervals } from './writing/written-intervals.ts';
import { type WriteOptions, writeOptions, writtenValue } from './writing/write-options.ts';

/** Writes CSV, JSON, JSONL and Parquet. A table's name is the path of its file; its schema is not looked at. */
export function filesTarget(folder: string, engine: FileEngine, spool: Spool): Target {
  const pathOf = ({ name }: TableName): string =>
    isStageOfOutput(name) ? spool.place(basename(name)) : resolve(folder, pathOfUrl(name));
  return {
    takes: ['columns'],
    stage: async (asked, payload, signal): Promise<StageResult> => {
      if (payload.format !== 'columns') {
        throw new FatalError(`Files cannot be written from a ${payload.format} payload.`, {
          code: 'lane_missing',
        });
      }
      const path = pathOf(asked.table);
      const options = optionsFor(path, asked);
      try {
        await mkdir(dirname(path), { recursive: true });
        const { rows, bytes } = await engine.use(signal, (connection) =>
          isWrittenInOnePass(asked, options)
            ? writeInOnePass({ connection, engine, spool }, asked, payload, path, options, signal)
            : writeCollected({ connection, engine, spool }, asked, payload, path, options, signal),
        );
        asked.onProgress(rows, bytes);
        return { rows, bytes };
      } catch (error) {
        await rm(path, { force: true, recursive: true }).catch(() => undefined);
        throw await readError(pathError(error, path), [{ path, place: path }]);
      }
    },
    removeLeftovers: async (final, isLeftover) => {
      const path = pathOf(final);
      const place = dirname(path);
      if (!(await stat(path).catch(() => undefined)))
        await rename(asideOf(path), path).catch(() => undefined);
      const names = await readdir(place).catch(() => []);
      const leftovers = names.filter((name) => isLeftover(name));
      for (const name of leftovers) await rm(join(place, name), { force: true, recursive: true });
      return leftovers;
    },
    publishFile: async (stage, final, adds = false) => {
      const from = pathOf(stage);
      if (isStandardStream(final.name)) {
        await pipeline(createReadStream(from), process.stdout, { end: false });
        await rm(from);
        return;
      }
      const path = pathOf(final);
      try {
        await (adds ? addPartFolders(from, path) : publish(from, path));
      } catch (error) {
        throw pathError(error, path);
      }
    },
  };
}

/** The load room names stages after their file: `.orders.csv~0123abcd`, and so `.-~0123abcd` for standard output. */
function isStageOfOutput(name: string): boolean {
  return /(^|\/)\.(-|stdout)~[0-9a-f]{8}$/.test(name);
}

function optionsFor(path: string, request: StageRequest): WriteOptions {
  const isOutput = isStageOfOutput(request.table.name);
  // As in Sling, what is said nowhere is CSV.
  const options = writeOptions(path, request.options ?? {}, isOutput || !tellsType(path) ? 'csv' : undefined);
  if (!isOutput || (options.maxRows === undefined && options.maxBytes === undefined)) return options;
  throw new ConfigError('standard output cannot be split into parts.', {
    code: 'option_contradictory',
    next: 'Remove file_max_rows and file_max_bytes, or write into a file.',
  });
}

/** A file takes the place of a file in one step, a folder of parts that of what was there in two. */
async function publish(from: string, path: string): Promise<void> {
  const before = await stat(path).catch(() => undefined);
  if (!before?.isDirectory() && !(await stat(from)).isDirectory()) {
    await rename(from, path);
    return;
  }
  if (before?.isDirectory()) await requireParts(path);
  const aside = asideOf(path);
  await rm(aside, { force: true, recursive: true });
  if (before) await rename(path, aside);
  await rename(from, path);
  await rm(aside, { force: true, recursive: true });
}

/** Where a folder waits until the one that takes its place is there; after a crash it is put back. */
function asideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}~00000000`);
}

/** Only folders that hold nothing but parts are replaced. */
async function requireParts(folder: string): Promise<void> {
  const foreign = (await readdir(folder)).find((name) => !/^part-\d{4,}\./.test(name) && !isPartFolder(name));
  if (foreign === undefined) return;
  throw new ConfigError(
    `${folder} is a folder in which there is ${foreign}, and not parts of a file alone.`,
    {
      code: 'folder_not_ours',
      state: 'Nothing in it was changed.',
      next: 'Name another object: for the stream.',
    },
  );
}

const stageTable = 'rows_to_write';

interface WritingTools {
  readonly connection: DuckDBConnection;
  readonly engine: FileEngine;
  readonly spool: Spool;
}

/** Where no row has to be looked at before the first is written. */
function isWrittenInOnePass({ written, schema, parts }: StageRequest, options: WriteOptions): boolean {
  const { fileType, maxRows, maxBytes } = options;
  if (parts) return false;
  if (fileType !== 'parquet' || maxRows !== undefined || maxBytes !== undefined || written) return false;
  return !schema.columns.some(({ type }) => type.type === 'interval');
}

/** Each segment becomes row groups of the file while the next one is collected. */
async function writeInOnePass(
  { connection, engine, spool }: WritingTools,
  request: StageRequest,
  payload: ColumnsPayload,
  path: string,
  options: WriteOptions,
  signal: AbortSignal,
): Promise<StageResult> {
  const part = spool.place(`${basename(path)}.part`);
  await mkdir(dirname(part), { recursive: true });
  const columns = columnsText(request, options);
  const joined = await joinedParquet(path);
  try {
    const write = async (table: string): Promise<void> => {
      await writeOne({ connection, table, rows: 0, columns, isMarked: false }, '', part, options);
      await joined.add(part);
    };
    const rows = await inSegments(engine, request, payload, signal, write);
    if (rows === 0) await withBatches(payload.schema.columns, [], write);
    return { rows, bytes: await joined.finish() };
  } finally {
    await joined.close();
    await rm(part, { force: true });
  }
}

/** All rows are at hand before the first is written: parts are cut by their size, values are looked at. */
async function writeCollected(
  { connection, engine }: WritingTools,
  asked: StageRequest,
  payload: ColumnsPayload,
  path: string,
  options: WriteOptions,
  signal: AbortSignal,
): Promise<StageResult> {
  const { columns } = payload.schema;
  const definitions = columns.map(({ name, type }) => `${quote(name)} ${String(stagingType(type))}`);
  await connection.run(`create temp table ${stageTable} (${definitions.join(', ')})`);
  const rows = await inSegments(engine, asked, payload, signal, (from) =>
    connection.run(`insert into ${stageTable} select * from ${from}`),
  );
  const request = await reshapeRows(connection, stageTable, asked);
  await checkIntervals(connection, stageTable, request, options);
  const isMarked = await holdsLongNumbers(connection, stageTable, request, options);
  const table = { connection, table: stageTable, rows, columns: columnsText(request, options), isMarked };
  const { parts, schema } = request;
  const bytes = parts
    ? await writePartFolders(table, path, options, { parts, schema })
    : await writeFiles(table, path, options);
  return { rows, bytes };
}

/** Works on one segment while the next is collected; gives the number of rows. */
async function inSegments(
  { memoryBudgetBytes }: FileEngine,
  request: StageRequest,
  payload: ColumnsPayload,
  signal: AbortSignal,
  work: (from: string) => Promise<unknown>,
): Promise<number> {
  let working: Promise<unknown> = Promise.resolve();
  const total = { rows: 0, bytes: 0 };
  const onBatch = (rows: number, bytes: number): void => {
    if (signal.aborted) throw new CancelledError('Writing the file was cancelled.', { code: 'cancelled' });
    total.rows += rows;
    total.bytes += bytes;
    request.onProgress(total.rows, total.bytes);
  };
  try {
    for await (const segment of segmentsOf(payload.batches, memoryBudgetBytes, onBatch)) {
      await working;
      working = withBatches(payload.schema.columns, segment, work);
      working.catch(() => undefined);
    }
  } finally {
    await working;
  }
  return total.rows;
}

/** True when DuckDB would round a number in one of the JSON values to be written into JSON. */
async function holdsLongNumbers(
  connection: DuckDBConnection,
  table: string,
  { schema }: StageRequest,
  { fileType }: WriteOptions,
): Promise<boolean> {
  if (fileType !== 'json' && fileType !== 'jsonl') return false;
  const tests = schema.columns.flatMap(({ type }, index) =>
    type.type === 'json' ? [mayHoldInexact(`cast(#${index + 1} as varchar)`)] : [],
  );
  if (tests.length === 0) return false;
  const found = await connection.runAndReadAll(
    `select 1 from (select ${tests.join(' or ')} as is_long from ${table}) where is_long limit 1`,
  );
  return found.currentRowCount > 0;
}

/** Columns keep the names of the target's schema, which may differ from the payload's. */
function columnsText({ schema }: StageRequest, options: WriteOptions): string {
  if (schema.columns.length === 0) return '*';
  return schema.columns
    .map(({ name, type }, index) => `${writtenValue(`#${index + 1}`, type, options)} as ${quote(name)}`)
    .join(', ');
}
