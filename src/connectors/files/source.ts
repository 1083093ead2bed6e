import { relative, resolve } from 'node:path';
import type { ReadRequest, Source, StreamRef, StreamSchema } from '../../connector/connection.ts';
import type { CsvPayload, Payload } from '../../connector/payload.ts';
import { CancelledError, ConfigError, DataError, FatalError, TransientError } from '../../core/errors.ts';
import type { Column, TableSchema } from '../../sql/data-type.ts';
import { type FileEngine, quote } from './engine/engine.ts';
import { readBatches } from './table/file-batches.ts';
import {
  changeOf,
  findFiles,
  matchingPaths,
  type SourceFile,
  whileUnchanged,
  pathOfUrl,
} from './disk/file-paths.ts';
import { withMetadata } from './table/file-metadata.ts';
import { type FileTable, pathsOf, type TypedColumn } from './table/file-table.ts';
import { queryTable } from './reading/query-table.ts';
import { plainRecords } from './csv/plain/plain-records.ts';
import { readError } from './disk/read-error.ts';
import { readOptions } from './options/read-options.ts';
import { inspectFiles } from './reading/inspected-files.ts';
import { formatOfInput } from './reading/readable-files.ts';
import { type Spool, spoolOf } from './disk/spool.ts';
import { isStandardStream, standardInput } from './disk/standard-stream.ts';

/** Tables already looked at that are kept, so that `read` need not scan again what `describe` scanned. */
const maxKnownTables = 32;

interface KnownTable {
  /** Of the files, as they were. */
  readonly sources: readonly SourceFile[];
  readonly table: FileTable;
  readonly spooled: readonly string[];
}

export function filesSource(folder: string, engine: FileEngine, spool: Spool): Source {
  const known = new Map<string, KnownTable>();

  async function inspect(
    stream: StreamRef,
    options: ReadRequest['options'],
    signal?: AbortSignal,
  ): Promise<KnownTable> {
    const { name, sql } = stream;
    refuseMetadata(stream, options);
    const files = await sourceFiles(stream.name, options, folder, spool);
    const key = keyOf(stream, options);
    const before = known.get(key);
    if (before && JSON.stringify(before.sources) === JSON.stringify(files)) return before;
    const spooled: string[] = [];
    const copies = spoolOf(spool, (path) => spooled.push(path), signal);
    const table = await inspectFiles(engine, files, options, copies, signal)
      .then((found) =>
        sql === undefined
          ? found
          : engine.use(signal, (connection) => queryTable(connection, found, name, sql)),
      )
      .catch(async (error: unknown) => {
        await spool.remove(spooled);
        throw error;
      });
    await forget(key);
    for (const oldest of known.keys()) {
      if (known.size < maxKnownTables) break;
      await forget(oldest);
    }
    const found: KnownTable = { sources: files, table, spooled };
    known.set(key, found);
    return found;
  }

  /** What went wrong when rows were read that had not been looked at before. */
  function explain(
    { stream, options }: ReadRequest,
    { table, sources }: KnownTable,
    signal: AbortSignal,
  ): (error: unknown) => Promise<unknown> {
    return async (error) => {
      const changed = await changeOf(sources);
      if (changed !== undefined && !(error instanceof CancelledError)) return changed;
      const { recheck } = table;
      if (!recheck || error instanceof CancelledError || error instanceof TransientError) return error;
      try {
        const key = keyOf(stream, options);
        const before = known.get(key);
        const found = await engine.use(signal, (again) => recheck(again, signal));
        if (!found) return error;
        const sure = withMetadata(found, readOptions(options));
        if (before?.table === table) known.set(key, { ...before, table: sure });
        return typesDiffer(stream);
      } catch (found) {
        return await readError(found, table.files);
      }
    };
  }

  function csvPayload(
    request: ReadRequest,
    schema: TableSchema,
    found: KnownTable,
    signal: AbortSignal,
  ): CsvPayload {
    const { table } = found;
    const { plain } = table;
    if (!plain || 'reason' in plain) {
      throw new FatalError(`${request.stream.name} cannot be given as the bytes of CSV.`, {
        code: 'lane_missing',
      });
    }
    let records = 0;
    const explainError = explain(request, found, signal);
    return {
      format: 'csv',
      schema,
      bytes: plainRecords(pathsOf(table.files), plain, (count) => (records = count)),
      ...plain.form,
      records: () => records,
      explain: async (error) => {
        if (!(error instanceof DataError)) return error;
        const told = await explainError(error);
        return told === error ? readOtherwise(request, table) : told;
      },
    };
  }

  /** All values are sound by our reading, and the target did not take them: it does not read the files by itself again. */
  function readOtherwise({ stream, options }: ReadRequest, table: FileTable): TransientError {
    const key = keyOf(stream, options);
    const before = known.get(key);
    const plain = { reason: 'the target has read it otherwise before' };
    if (before) known.set(key, { ...before, table: { ...table, plain } });
    return new TransientError(`${stream.name}: the target reads the file otherwise than it is meant.`, {
      code: 'types_guessed_wrong',
      state: 'Nothing was published.',
      next: 'Run it again: its rows go as columns then.',
    });
  }

  async function forget(key: string): Promise<void> {
    await spool.remove(known.get(key)?.spooled ?? []);
    known.delete(key);
  }

  return {
    emits: ['file', 'csv', 'columns'],
    discover: async (pattern) => {
      const paths = await matchingPaths(resolve(folder, pathOfUrl(pattern)));
      return paths.map((path) => `file://${path.startsWith(`${folder}/`) ? relative(folder, path) : path}`);
    },
    describe: async (stream, options, signal) => {
      const { columns, plain } = (await inspect(stream, options, signal)).table;
      return { columns: columns.map(columnOf), primaryKey: [], ...withheld(plain) };
    },
    read: async (request, format, signal): Promise<Payload> => {
      const found = await inspect(request.stream, request.options, signal);
      const { table, sources } = found;
      const columns = request.columns.map((name) => wantedColumn(table, request.stream, name));
      const schema = { columns: columns.map(columnOf), primaryKey: [] };
      if (format === 'csv') {
        const payload = csvPayload(request, schema, found, signal);
        return { ...payload, bytes: whileUnchanged(payload.bytes, sources) };
      }
      const select = selectText(table, request);
      if (format !== 'file') {
        return {
          format: 'columns',
          schema,
          batches: whileUnchanged(
            readBatches(engine, table, schema.columns, select, explain(request, found, signal), signal),
            sources,
          ),
        };
      }
      return {
        format: 'file',
        schema,
        paths: pathsOf(table.files),
        fileType: table.fileType,
        options: request.options,
        columns: request.columns,
        ...(request.where === undefined ? {} : { where: request.where }),
        ...(request.limit === undefined ? {} : { limit: request.limit }),
        select,
        verify: async () => {
          const changed = await changeOf(sources);
          if (changed !== undefined) throw changed;
        },
        explain: explain(request, found, signal),
      };
    },
  };
}

/** What the stream's name means, or the option `files`: a list of such names, in its place. */
async function sourceFiles(
  streamName: string,
  { files }: ReadRequest['options'],
  folder: string,
  spool: Spool,
): Promise<readonly SourceFile[]> {
  if (Array.isArray(files))
    return (await Promise.all(files.map((name: string) => findFiles(name, folder)))).flat();
  if (!isStandardStream(streamName)) return await findFiles(streamName, folder);
  const [file] = await findFiles(await spool.standardInput(), folder);
  if (!file) throw new Error('standard input was not kept');
  return [{ ...file, place: standardInput, format: await formatOfInput(file.path) }];
}

function withheld(plain: FileTable['plain']): Pick<StreamSchema, 'withheld'> {
  if (plain && !('reason' in plain)) return {};
  return { withheld: { csv: plain?.reason ?? 'the file is not CSV' } };
}

function typesDiffer(stream: StreamRef): TransientError {
  return new TransientError(`${stream.name}: later rows are written otherwise than the first ones.`, {
    code: 'types_guessed_wrong',
    state: 'Nothing was published.',
    next: 'Run it again: it goes by all rows then. Types under columns: save that.',
  });
}

function keyOf({ name, sql }: StreamRef, options: ReadRequest['options']): string {
  return JSON.stringify([name, sql, options]);
}

/** Rows of a query are of no file. */
function refuseMetadata({ name, sql }: StreamRef, { metadata, rejects }: ReadRequest['options']): void {
  if (sql === undefined || (metadata === undefined && rejects === undefined)) return;
  throw new ConfigError(
    `${name}: row_num, stream_url and max_rejects are not yet supported beside sql: of files.`,
    {
      code: 'not_yet_supported',
      next: 'Leave them out, or load the files into a table and query that in a model.',
    },
  );
}

function columnOf({ name, type, nullable }: TypedColumn): Column {
  return { name, type, nullable };
}

function wantedColumn(table: FileTable, stream: StreamRef, name: string): TypedColumn {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw new ConfigError(`${stream.name} has no column ${name}.`, {
    code: 'column_missing',
    next: `Its columns are: ${table.columns.map((candidate) => candidate.name).join(', ')}.`,
  });
}

/** Typing happens inside, so that `where` compares values and not their text. */
function selectText(table: FileTable, request: ReadRequest): string {
  const { offset } = request.options;
  const typed = table.columns.map((column) => `${column.expression} as ${quote(column.name)}`);
  return [
    `select ${request.columns.map(quote).join(', ')}`,
    `from (select ${typed.join(', ')} from ${table.fromOf(pathsOf(table.files))}) as files`,
    ...(request.where === undefined ? [] : [`where ${request.where}`]),
    ...(request.orderBy === undefined ? [] : [`order by ${request.orderBy}`]),
    ...(request.limit === undefined ? [] : [`limit ${request.limit}`]),
    ...(typeof offset === 'number' && offset > 0 ? [`offset ${offset}`] : []),
  ].join('\n');
}
