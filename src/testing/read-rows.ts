import assert from 'node:assert/strict';
import { batchRows } from '../connector/batch-rows.ts';
import { batchFault } from '../connector/batch-fault.ts';
import type { ColumnBatch } from '../connector/column-batch.ts';
import type { ReadRequest, Source } from '../connector/connection.ts';
import type { ColumnsPayload } from '../connector/payload.ts';
import type { Row } from '../connector/values/row-value.ts';
import type { Column } from '../sql/data-type.ts';

/** Starts reading a stream as batches of columns. */
export async function openRead(
  source: Source,
  request: Omit<ReadRequest, 'options'>,
  signal: AbortSignal = new AbortController().signal,
): Promise<ColumnsPayload> {
  const payload = await source.read({ ...request, options: {} }, 'columns', signal);
  assert.equal(payload.format, 'columns', 'asked for columns, got something else');
  return payload;
}

/** All rows of a stream; every batch is held against the contract. */
export async function readRows(
  source: Source,
  stream: string,
  request: Partial<ReadRequest> = {},
): Promise<readonly Row[]> {
  const columns =
    request.columns ?? (await source.describe({ name: stream }, {})).columns.map((column) => column.name);
  const payload = await openRead(source, { stream: { name: stream }, ...request, columns });
  assert.deepEqual(
    payload.schema.columns.map((column) => column.name),
    columns,
    'columns come in the order asked for',
  );
  const rows: Row[] = [];
  for await (const batch of payload.batches) {
    checkBatch(batch, payload.schema.columns);
    for (const row of batchRows(payload.schema.columns, batch)) rows.push(row);
    batch.release?.();
  }
  return rows;
}

/** Holds a batch against what `ColumnBatch` and `ColumnVector` promise. */
function checkBatch(batch: ColumnBatch, columns: readonly Column[]): void {
  assert.equal(batchFault(batch, columns), undefined);
  for (const [index, { name, nullable }] of columns.entries()) {
    const vector = batch.vectors[index];
    if (vector?.kind === 'fixed')
      assert.equal(vector.values.byteOffset % 8, 0, `column ${name} starts on a multiple of 8`);
    if (!nullable)
      assert.ok(!vector?.validity?.subarray(0, batch.rowCount).includes(0), `${name} is NULL and NOT NULL`);
  }
}
