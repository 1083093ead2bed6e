import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { FatalError } from '../../core/errors.ts';
import type { ColumnBatch, DataType } from '../index.ts';
import { readChunk } from './vector-reader.ts';

/**
 * The rows of a SELECT as batches, while DuckDB makes them. Its driver for Node takes an error amid a streamed result
 * for the end of the rows; so the last row says that it is the last, and where that is missing the error is asked for.
 * @param select gives columns in the form that `readChunk` reads
 * @param run lends a connection, always the same
 */
export async function* streamedBatches(
  select: string,
  types: readonly DataType[],
  run: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>,
): AsyncGenerator<ColumnBatch> {
  const nulls = types.map(() => 'null').join(', ');
  const result = await run((connection) =>
    connection.stream(`select *, false from (${select}) union all select ${nulls}, true`),
  );
  for (;;) {
    const chunk = await run(() => result.fetchChunk());
    if (!chunk || chunk.rowCount === 0) throw await run((connection) => errorOf(connection, select));
    const isLast = endsRows(chunk, types.length);
    const rowCount = chunk.rowCount - (isLast ? 1 : 0);
    if (rowCount > 0) yield readChunk(chunk, types, rowCount);
    if (isLast) return;
  }
}

function endsRows({ chunk, rowCount }: DuckDBDataChunk, column: number): boolean {
  const flags = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, column), rowCount);
  return flags[rowCount - 1] === 1;
}

/** What went wrong; the SELECT is run once more for it, without its rows. */
async function errorOf(connection: DuckDBConnection, select: string): Promise<unknown> {
  try {
    await connection.run(`explain analyze ${select}`);
  } catch (error) {
    return error;
  }
  return new FatalError('DuckDB ended the result of a query before its last row.', {
    code: 'result_cut_off',
    state: 'Nothing was published.',
    next: 'Run it again.',
  });
}
