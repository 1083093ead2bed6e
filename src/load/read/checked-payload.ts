import { batchFault } from '../../connector/batch-fault.ts';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { Connection } from '../../connector/connection.ts';
import type { ColumnsPayload, Payload } from '../../connector/payload.ts';
import { FatalError, TransientError } from '../../core/errors.ts';
import type { DataType, TableSchema } from '../../sql/data-type.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';

/**
 * Holds what a source gives against what was planned: its columns now, each batch as it comes.
 * @throws TransientError code `columns_changed`: the next attempt plans with the columns as they are now
 * @throws FatalError code `batch_invalid`, from the payload's batches, when a connector breaks its contract
 */
export function checkedPayload(
  payload: Payload,
  plan: Pick<StreamPlan, 'stream' | 'columns' | 'read'>,
  source: Connection,
): Payload {
  requirePlannedColumns(payload.schema, plan);
  if (payload.format !== 'columns') return payload;
  return { ...payload, batches: checkedBatches(payload, plan.stream, source) };
}

function requirePlannedColumns(
  { columns }: TableSchema,
  { stream, columns: planned, read }: Pick<StreamPlan, 'stream' | 'columns' | 'read'>,
): void {
  const types = new Map(planned.map(({ source }) => [source.name, source.type]));
  const changed = read.columns.find((name, index) => {
    const found = columns[index];
    const type = types.get(name);
    return found?.name !== name || (type !== undefined && !isSameType(type, found.type));
  });
  if (changed === undefined && columns.length === read.columns.length) return;
  throw new TransientError(
    `stream ${stream}: the column ${changed ?? columns.at(-1)?.name ?? ''} has changed since the load was planned`,
    {
      code: 'columns_changed',
      state: 'Nothing was published',
      next: 'Run it again: it plans with the columns as they are now',
    },
  );
}

function isSameType(a: DataType, b: DataType): boolean {
  if (a.type === 'decimal' && b.type === 'decimal') return a.precision === b.precision && a.scale === b.scale;
  return a.type === b.type;
}

async function* checkedBatches(
  { schema, batches }: ColumnsPayload,
  stream: string,
  source: Connection,
): AsyncGenerator<ColumnBatch> {
  for await (const batch of batches) {
    const fault = batchFault(batch, schema.columns);
    if (fault !== undefined) {
      throw new FatalError(`stream ${stream}: the connector ${source.type} gave a wrong batch: ${fault}`, {
        code: 'batch_invalid',
        state: 'Nothing was published',
        next: 'Mend the connector; the suite of millrace/testing finds such batches',
      });
    }
    yield batch;
  }
}
