import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { StageRequest, StageResult, Target } from '../../connector/connection.ts';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import { sqliteDialect } from '../../sql/dialects/index.ts';
import { createTable, dropTable } from '../../sql/merge/index.ts';
import { rowValue } from './row-values.ts';
import { openWritable } from './session.ts';
import { sqliteError, waitForLock } from './sqlite-error.ts';

/** Batches that are written in one transaction, so that a file without WAL is not synced for each. */
const maxGatheredBatches = 16;
const maxGatheredBytes = 16 * 1024 * 1024;

/** Values of one INSERT: several rows cost less than as many statements. */
const maxBoundValues = 1000;
const maxRowsPerInsert = 16;

/**
 * Fills stage tables by prepared statements. The write lock is held while rows are written and never while they are
 * waited for, so that others may write between two pieces.
 */
export function sqliteTarget(place: string, path: string): Target {
  return {
    takes: ['columns'],
    stage: async (request, payload, signal) => {
      if (payload.format !== 'columns')
        throw new ConfigError(`${place}: SQLite takes columns, not ${payload.format}.`, {
          code: 'format_unsupported',
        });
      const database = openWritable(place, path);
      try {
        database.exec('pragma synchronous = normal');
        await waitForLock(place, signal, () => database.exec(dropTable(sqliteDialect, request.table).sql));
        await waitForLock(place, signal, () =>
          database.exec(createTable(sqliteDialect, request.table, request.schema.columns).sql),
        );
        return await fill(place, database, request, payload.batches, signal);
      } catch (error) {
        await waitForLock(place, undefined, () =>
          database.exec(dropTable(sqliteDialect, request.table).sql),
        ).catch(() => undefined);
        throw sqliteError(error, place);
      } finally {
        database.close();
      }
    },
  };
}

async function fill(
  place: string,
  database: DatabaseSync,
  request: StageRequest,
  batches: AsyncIterable<ColumnBatch>,
  signal: AbortSignal,
): Promise<StageResult> {
  const writer = stageWriter(database, request);
  const total = { rows: 0, bytes: 0 };
  let gathered: ColumnBatch[] = [];
  let gatheredBytes = 0;
  const flush = async (): Promise<void> => {
    if (gathered.length === 0) return;
    await waitForLock(place, signal, () => database.exec('begin immediate'));
    try {
      for (const batch of gathered) writer(batch);
      await waitForLock(place, signal, () => database.exec('commit'));
    } catch (error) {
      if (database.isTransaction) database.exec('rollback');
      throw error;
    }
    for (const batch of gathered) {
      total.rows += batch.rowCount;
      batch.release?.();
    }
    total.bytes += gatheredBytes;
    [gathered, gatheredBytes] = [[], 0];
    request.onProgress(total.rows, total.bytes);
  };
  for await (const batch of batches) {
    if (signal.aborted) break;
    gathered.push(batch);
    gatheredBytes += bytesOf(batch);
    if (gathered.length >= maxGatheredBatches || gatheredBytes > maxGatheredBytes) await flush();
  }
  if (signal.aborted) throw new CancelledError(`${place}: cancelled.`, { code: 'cancelled' });
  await flush();
  return total;
}

function bytesOf({ vectors, rowCount }: ColumnBatch): number {
  return vectors.reduce((sum, vector) => {
    if (vector.kind !== 'bytes') return sum + rowCount * 8;
    let bytes = 0;
    for (let row = 0; row < rowCount; row += 1) bytes += (vector.ends[row] ?? 0) - (vector.starts[row] ?? 0);
    return sum + bytes;
  }, 0);
}

function stageWriter(database: DatabaseSync, request: StageRequest): (batch: ColumnBatch) => void {
  const { columns } = request.schema;
  const width = columns.length;
  const marks = `(${columns.map(() => '?').join(', ')})`;
  const insert = (rows: number): StatementSync =>
    database.prepare(
      `insert into ${sqliteDialect.quoteTable(request.table)} values ${Array.from({ length: rows }, () => marks).join(', ')}`,
    );
  const rowsPerInsert = Math.max(1, Math.min(maxRowsPerInsert, Math.floor(maxBoundValues / width)));
  const [many, one] = [insert(rowsPerInsert), insert(1)];
  return ({ rowCount, vectors }) => {
    const readers = vectors.map((vector, index) => {
      const column = columns[index];
      if (!column) throw new Error('a batch has more columns than its schema');
      return { value: rowValue(vector, column), validity: vector.validity };
    });
    const put = (values: SQLInputValue[], at: number, row: number): void => {
      for (const [index, { value, validity }] of readers.entries())
        values[at + index] = validity?.[row] === 0 ? null : value(row);
    };
    const values: SQLInputValue[] = Array.from({ length: rowsPerInsert * width }, () => null);
    let row = 0;
    for (; row + rowsPerInsert <= rowCount; row += rowsPerInsert) {
      for (let next = 0; next < rowsPerInsert; next += 1) put(values, next * width, row + next);
      many.run(...values);
    }
    const single: SQLInputValue[] = Array.from({ length: width }, () => null);
    for (; row < rowCount; row += 1) {
      put(single, 0, row);
      one.run(...single);
    }
  };
}
