import type { ColumnBatch } from '../../../connector/column-batch.ts';
import { streamedBatches } from '../../../connector/duckdb/streamed-batches.ts';
import type { Column } from '../../../sql/data-type.ts';
import { cancelled } from '../engine/cancellation.ts';
import { type FileEngine, quote } from '../engine/engine.ts';
import type { FileTable } from './file-table.ts';
import { readError } from '../disk/read-error.ts';

/**
 * The rows of a SELECT over files, a batch at a time.
 * @param explain is asked what an error means before it is thrown
 */
export async function* readBatches(
  engine: FileEngine,
  table: FileTable,
  columns: readonly Column[],
  select: string,
  explain: (error: unknown) => Promise<unknown>,
  signal: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  const connection = await engine.connect();
  const interrupt = (): void => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  const types = columns.map((column) => column.type);
  try {
    if (signal.aborted) throw cancelled();
    const text = `select ${columns.map(vectorSql).join(', ')} from (${select})`;
    for await (const batch of streamedBatches(text, types, (work) => work(connection))) {
      if (signal.aborted) throw cancelled();
      yield batch;
    }
  } catch (error) {
    throw signal.aborted ? cancelled() : await explain(await readError(error, table.files));
  } finally {
    signal.removeEventListener('abort', interrupt);
    connection.closeSync();
  }
}

/** SQL that gives a column in the form in which batches carry it: arrays as JSON of texts. */
function vectorSql(column: Column): string {
  const name = quote(column.name);
  if (column.type.type === 'json' || column.type.type === 'timetz')
    return `cast(${name} as varchar) as ${name}`;
  if (column.type.type === 'array' && column.type.element.type === 'bytes')
    return `cast(to_json(list_transform(${name}, lambda item: '\\x' || lower(hex(item)))) as varchar) as ${name}`;
  if (column.type.type === 'array')
    return `cast(to_json(list_transform(${name}, lambda item: cast(item as varchar))) as varchar) as ${name}`;
  return name;
}
