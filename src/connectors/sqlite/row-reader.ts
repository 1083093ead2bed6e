import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ColumnBatch, type ColumnVector, maxBatchRows } from '../../connector/column-batch.ts';
import { CancelledError, DataError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import { type VectorBuilder, vectorBuilder } from './column-vector.ts';
import { openDatabase } from './session.ts';
import { sqliteError, waitForLock } from './sqlite-error.ts';
import { Misfit, type StoredRow, type StoredValue } from './stored-value.ts';

export interface RowSelect {
  /** `Connection SHOP (/data/shop.db)`, for errors. */
  readonly place: string;
  /** The stream as the user wrote it. */
  readonly stream: string;
  readonly sql: string;
  readonly columns: readonly Column[];
  /** The first result column is the rowid and not one of `columns`. */
  readonly withRowid: boolean;
}

/** Steps through a SELECT on a connection of its own, which it closes; other work goes on between batches. */
export async function* readRows(
  path: string,
  select: RowSelect,
  signal: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  const database = openDatabase(select.place, path, true);
  const builders = select.columns.map((column) => vectorBuilder(column.type));
  try {
    const cursor = await waitForLock(select.place, signal, () => openCursor(database, select.sql));
    let next = cursor.first;
    for (let rowsBefore = 0; !next.done;) {
      if (signal.aborted) {
        throw new CancelledError(`Reading ${select.stream} was cancelled.`, { code: 'cancelled' });
      }
      const batch: StoredRow[] = [];
      while (!next.done && batch.length < maxBatchRows) {
        batch.push(next.value);
        next = cursor.rows.next();
      }
      yield { rowCount: batch.length, vectors: vectorsOf(select, builders, batch, rowsBefore) };
      rowsBefore += batch.length;
      await nextTurn();
    }
  } catch (error) {
    throw sqliteError(error, select.place);
  } finally {
    database.close();
  }
}

function openCursor(database: DatabaseSync, sql: string) {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const rows = statement.iterate() as unknown as Iterator<StoredValue[]>;
  return { rows, first: rows.next() };
}

function vectorsOf(
  select: RowSelect,
  builders: readonly VectorBuilder[],
  rows: readonly StoredRow[],
  rowsBefore: number,
): readonly ColumnVector[] {
  const offset = select.withRowid ? 1 : 0;
  return builders.map((build, index) => {
    try {
      return build(rows, index + offset);
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      const rowid = select.withRowid ? rows[error.row]?.[0] : undefined;
      throw misfitError(select, index, rowid, rowsBefore + error.row + 1, error.message);
    }
  });
}

/** Names the place, never the value: it may be personal data. */
function misfitError(
  select: RowSelect,
  index: number,
  rowid: StoredValue | undefined,
  rowNumber: number,
  misfit: string,
): DataError {
  const column = select.columns[index];
  const row = typeof rowid === 'bigint' ? `rowid ${rowid}` : `row ${rowNumber}`;
  const declared = column?.type.type ?? 'unknown';
  return new DataError(
    `${select.stream}: the value of column ${column?.name} in ${row} ${misfit}; the column is ${declared}.`,
    {
      code: 'value_misfit',
      state: 'Reading stopped; nothing of this stream was published.',
      next: 'Correct the row, or leave it out with where: or a query stream that casts the column.',
    },
  );
}
