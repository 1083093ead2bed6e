import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ColumnBatch, maxBatchRows } from '../../connector/column-batch.ts';
import { CancelledError, DataError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import { columnBuilder } from './column-builder.ts';
import { openDatabase } from './session.ts';
import { sqliteError, waitForLock } from './sqlite-error.ts';
import type { StoredValue } from './stored-value.ts';

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
  try {
    const cursor = await waitForLock(select.place, signal, () => openCursor(database, select.sql));
    let next = cursor.first;
    for (let rowNumber = 1; !next.done;) {
      if (signal.aborted) {
        throw new CancelledError(`Reading ${select.stream} was cancelled.`, { code: 'cancelled' });
      }
      const batch = startBatch(select);
      while (!next.done && batch.rowCount() < maxBatchRows) {
        batch.add(next.value, rowNumber);
        rowNumber += 1;
        next = cursor.rows.next();
      }
      yield batch.finish();
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

function startBatch(select: RowSelect) {
  const builders = select.columns.map((column) => columnBuilder(column.type));
  const validity: (Uint8Array | undefined)[] = select.columns.map(() => undefined);
  const offset = select.withRowid ? 1 : 0;
  let rowCount = 0;
  return {
    rowCount: () => rowCount,
    add(row: readonly StoredValue[], rowNumber: number): void {
      for (const [index, builder] of builders.entries()) {
        const value = row[index + offset] ?? null;
        if (value === null) {
          (validity[index] ??= new Uint8Array(maxBatchRows).fill(1))[rowCount] = 0;
          continue;
        }
        const misfit = builder.put(rowCount, value);
        if (misfit)
          throw misfitError(select, index, select.withRowid ? row[0] : undefined, rowNumber, misfit);
      }
      rowCount += 1;
    },
    finish: (): ColumnBatch => ({
      rowCount,
      vectors: builders.map((builder, index) => builder.finish(validity[index])),
    }),
  };
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
