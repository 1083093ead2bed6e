import { relative, resolve } from 'node:path';
import type { ReadRequest, Source, StreamRef } from '../../connector/connection.ts';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { Payload } from '../../connector/payload.ts';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import { encodableSql, encodeChunk } from './batch-encoder.ts';
import { pathOfUrl } from './config.ts';
import { csvTable } from './csv-table.ts';
import { type FileEngine, quote } from './engine.ts';
import { findFiles, matchingPaths, type SourceFile } from './file-paths.ts';
import type { FileTable, TypedColumn } from './file-table.ts';
import { fileNameOf } from './file-type.ts';
import { jsonTable } from './json-table.ts';
import { parquetTable } from './parquet-table.ts';
import { readError } from './read-error.ts';
import { readOptions } from './read-options.ts';

/** Tables already looked at that are kept, so that `read` need not scan again what `describe` scanned. */
const maxKnownTables = 32;

export function filesSource(folder: string, engine: FileEngine): Source {
  const known = new Map<string, FileTable>();

  async function inspect(
    stream: StreamRef,
    options: ReadRequest['options'],
    signal?: AbortSignal,
  ): Promise<FileTable> {
    refuseQuery(stream);
    const files = await findFiles(stream.name, folder);
    const version = JSON.stringify([files, options]);
    const before = known.get(version);
    if (before) return before;
    const table = await inspectFiles(engine, files, options, signal);
    if (known.size >= maxKnownTables) known.clear();
    known.set(version, table);
    return table;
  }

  return {
    emits: ['file', 'columns'],
    discover: async (pattern) => {
      const paths = await matchingPaths(resolve(folder, pathOfUrl(pattern)));
      return paths.map((path) => `file://${path.startsWith(`${folder}/`) ? relative(folder, path) : path}`);
    },
    describe: async (stream, options) => ({
      columns: (await inspect(stream, options)).columns.map(columnOf),
      primaryKey: [],
    }),
    read: async (request, format, signal): Promise<Payload> => {
      const table = await inspect(request.stream, request.options, signal);
      const columns = request.columns.map((name) => wantedColumn(table, request.stream, name));
      const schema = { columns: columns.map(columnOf), primaryKey: [] };
      const select = selectText(table, request);
      if (format !== 'file') {
        return {
          format: 'columns',
          schema,
          batches: readBatches(engine, table, schema.columns, select, signal),
        };
      }
      return {
        format: 'file',
        schema,
        paths: table.paths,
        fileType: table.fileType,
        options: request.options,
        columns: request.columns,
        ...(request.where === undefined ? {} : { where: request.where }),
        ...(request.limit === undefined ? {} : { limit: request.limit }),
        select,
      };
    },
  };
}

function refuseQuery(stream: StreamRef): void {
  if (stream.sql === undefined) return;
  throw new ConfigError(`${stream.name}: sql: is not yet supported for files.`, {
    code: 'not_yet_supported',
    next: 'Load the files into a table, and query that in a model.',
  });
}

async function inspectFiles(
  engine: FileEngine,
  files: readonly SourceFile[],
  options: ReadRequest['options'],
  signal?: AbortSignal,
): Promise<FileTable> {
  const checked = readOptions(options);
  const paths = files.map((file) => file.path);
  const [fileType = 'csv', ...others] = new Set(
    paths.map((path) => fileNameOf(path, checked.format).fileType),
  );
  if (others.length > 0) {
    throw new ConfigError(
      `The pattern matches files of several kinds: ${[fileType, ...others].join(', ')}.`,
      {
        code: 'file_format',
        next: 'Narrow the pattern, such as *.csv.',
      },
    );
  }
  if (checked.rejects && fileType !== 'csv') {
    throw new ConfigError(`max_rejects is not yet supported for ${fileType}.`, {
      code: 'not_yet_supported',
      next: 'Leave max_rejects out.',
    });
  }
  try {
    return await engine.use(signal, async (connection) => {
      if (fileType === 'csv') return await csvTable(connection, paths, checked);
      if (fileType === 'parquet') return await parquetTable(connection, paths, checked);
      return await jsonTable(connection, fileType, paths, checked);
    });
  } catch (error) {
    throw await readError(error, paths);
  }
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
  const typed = table.columns.map((column) => `${column.expression} as ${quote(column.name)}`);
  return [
    `select ${request.columns.map(quote).join(', ')}`,
    `from (select ${typed.join(', ')} from ${table.from}) as files`,
    ...(request.where === undefined ? [] : [`where ${request.where}`]),
    ...(request.orderBy === undefined ? [] : [`order by ${request.orderBy}`]),
    ...(request.limit === undefined ? [] : [`limit ${request.limit}`]),
  ].join('\n');
}

async function* readBatches(
  engine: FileEngine,
  table: FileTable,
  columns: readonly Column[],
  select: string,
  signal: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  const connection = await engine.connect();
  try {
    const result = await connection.stream(`select ${columns.map(encodableSql).join(', ')} from (${select})`);
    for (;;) {
      if (signal.aborted) throw new CancelledError('Reading the files was cancelled.', { code: 'cancelled' });
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
      yield encodeChunk(chunk, columns);
    }
  } catch (error) {
    throw await readError(error, table.paths);
  } finally {
    connection.closeSync();
  }
}
