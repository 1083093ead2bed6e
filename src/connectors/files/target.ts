import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import type { StageRequest, StageResult, Target } from '../../connector/connection.ts';
import type { ColumnsPayload } from '../../connector/payload.ts';
import { CancelledError, FatalError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { collectedType, decodeColumn } from './batch-decoder.ts';
import { pathOfUrl } from './config.ts';
import { type FileEngine, literal, quote } from './engine.ts';
import { pathError } from './file-paths.ts';
import { readError } from './read-error.ts';
import { type WriteOptions, writeOptions } from './write-options.ts';

/** Writes CSV, JSONL and Parquet. A table's name is the path of its file; its schema is not looked at. */
export function filesTarget(folder: string, engine: FileEngine): Target {
  const pathOf = (table: TableName) => resolve(folder, pathOfUrl(table.name));
  return {
    takes: ['columns'],
    stage: async (request, payload, signal): Promise<StageResult> => {
      if (payload.format !== 'columns') {
        throw new FatalError(`Files cannot be written from a ${payload.format} payload.`, {
          code: 'lane_missing',
        });
      }
      const path = pathOf(request.table);
      const options = writeOptions(path, request.options ?? {});
      try {
        await mkdir(dirname(path), { recursive: true });
        const rows = await engine.use(signal, async (connection) => {
          const collected = await collect(connection, request, payload, signal);
          await connection.run(copyText(path, request.schema.columns, options));
          return collected;
        });
        const bytes = (await stat(path)).size;
        request.onProgress(rows, bytes);
        return { rows, bytes };
      } catch (error) {
        await rm(path, { force: true }).catch(() => undefined);
        throw await readError(pathError(error, path), [{ path, place: path }]);
      }
    },
    removeLeftovers: async (final, isLeftover) => {
      const place = dirname(pathOf(final));
      const names = await readdir(place).catch(() => []);
      const leftovers = names.filter((name) => isLeftover(name));
      for (const name of leftovers) await rm(join(place, name), { force: true });
      return leftovers;
    },
    publishFile: async (stage, final) => {
      const path = pathOf(final);
      try {
        await rename(pathOf(stage), path);
      } catch (error) {
        throw pathError(error, path);
      }
    },
  };
}

const stageTable = 'rows_to_write';

async function collect(
  connection: DuckDBConnection,
  request: StageRequest,
  payload: ColumnsPayload,
  signal: AbortSignal,
): Promise<number> {
  const { columns } = payload.schema;
  const types = columns.map((column) => collectedType(column.type));
  const definitions = columns.map((column, index) => `${quote(column.name)} ${String(types[index])}`);
  await connection.run(`create temp table ${stageTable} (${definitions.join(', ')})`);
  const appender = await connection.createAppender(stageTable);
  let rows = 0;
  let bytes = 0;
  for await (const batch of payload.batches) {
    if (signal.aborted) throw new CancelledError('Writing the file was cancelled.', { code: 'cancelled' });
    const chunk = DuckDBDataChunk.create(types, batch.rowCount);
    for (const [index, vector] of batch.vectors.entries()) {
      const column = columns[index];
      if (column) chunk.setColumnValues(index, decodeColumn(vector, column.type, batch.rowCount));
      bytes += 'data' in vector ? vector.data.byteLength : vector.values.byteLength;
    }
    appender.appendDataChunk(chunk);
    rows += batch.rowCount;
    request.onProgress(rows, bytes);
  }
  appender.closeSync();
  return rows;
}

/** Columns keep the names of the target's schema, which may differ from the payload's. */
function copyText(path: string, columns: readonly Column[], options: WriteOptions): string {
  const selected = columns.map(
    (column, index) => `${writtenValue(`#${index + 1}`, column)} as ${quote(column.name)}`,
  );
  const values = columns.length === 0 ? '*' : selected.join(', ');
  return `copy (select ${values} from ${stageTable}) to ${literal(path)} (${options.clauses.join(', ')}, use_tmp_file false)`;
}

function writtenValue(expression: string, column: Column): string {
  return column.type.type === 'json' || column.type.type === 'array'
    ? `cast(${expression} as json)`
    : expression;
}
