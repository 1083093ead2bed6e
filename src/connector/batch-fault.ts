import type { Column } from '../sql/data-type.ts';
import {
  type BytesVector,
  type ColumnBatch,
  type ColumnVector,
  maxBatchRows,
  vectorKindOf,
} from './column-batch.ts';

/**
 * What is wrong with a batch, in words; undefined when it is as `ColumnBatch` promises. Targets copy vectors as
 * they are, so a batch that lies of its length would be read beyond its end.
 */
export function batchFault(batch: ColumnBatch, columns: readonly Column[]): string | undefined {
  const { rowCount, vectors } = batch;
  if (!Number.isInteger(rowCount) || rowCount < 1 || rowCount > maxBatchRows)
    return `it says it has ${rowCount} rows; a batch has 1 to ${maxBatchRows}`;
  if (vectors.length !== columns.length)
    return `it has ${vectors.length} vectors for ${columns.length} columns`;
  for (const [index, column] of columns.entries()) {
    const fault = vectorFault(vectors[index], column, rowCount);
    if (fault !== undefined) return `column ${column.name} (${column.type.type}): ${fault}`;
  }
  return undefined;
}

function vectorFault(vector: ColumnVector | undefined, column: Column, rowCount: number): string | undefined {
  const kind = vectorKindOf(column.type);
  if (vector?.kind !== kind) return `it has a vector of ${vector?.kind ?? 'nothing'}, not of ${kind}`;
  if (vector.validity && vector.validity.length < rowCount)
    return `${vector.validity.length} marks of NULL for ${rowCount} rows`;
  if (vector.kind === 'bytes') return bytesFault(vector, rowCount);
  const needed = vector.kind === 'fixed' ? vector.width * rowCount : rowCount;
  return vector.values.length < needed
    ? `${vector.values.length} cells, and ${rowCount} rows need ${needed}`
    : undefined;
}

function bytesFault({ data, starts, ends, validity }: BytesVector, rowCount: number): string | undefined {
  if (starts.length < rowCount || ends.length < rowCount)
    return `${Math.min(starts.length, ends.length)} places of values for ${rowCount} rows`;
  for (let row = 0; row < rowCount; row += 1) {
    const start = starts[row] as number;
    const end = ends[row] as number;
    if ((end > data.length || start > end) && validity?.[row] !== 0)
      return `the value of row ${row + 1} lies from ${start} to ${end} in ${data.length} bytes`;
  }
  return undefined;
}
