import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  type DuckDBConnection,
  DuckDBTableFunction,
  FLOAT,
  INTEGER,
  INTERVAL,
  SMALLINT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  UUID,
  VARCHAR,
  type DuckDBType,
} from '@duckdb/node-api';
import type { BytesVector, Column, ColumnBatch, DataType } from '../index.ts';
import { type BatchWriter, createBatchWriter } from './vector-writer.ts';

/** The table function that hands batches to a statement: `select * from millrace_batches('id')`. */
const functionName = 'millrace_batches';

interface Supply {
  readonly columns: readonly Column[];
  readonly batches: readonly ColumnBatch[];
  isBegun: boolean;
}

const supplies = new Map<string, Supply>();
let supplyCount = 0;

/** Makes `select * from millrace_batches(...)` known to an instance. Once per instance. */
export function registerBatchFunction(connection: DuckDBConnection): void {
  connection.registerTableFunction(
    DuckDBTableFunction.create({
      name: functionName,
      parameterTypes: [VARCHAR],
      bindFunction: (info) => {
        const supply = supplies.get(String(info.getParameter(0)));
        if (!supply) throw new Error(`${functionName} is for Millrace's own statements`);
        for (const column of supply.columns) info.addResultColumn(column.name, stagingType(column.type));
        info.setBindData(supply);
      },
      initFunction: (info) => {
        const supply = info.getBindData() as Supply;
        const { columns } = supply;
        const scan: Scan = { supply, next: 0, writer: createBatchWriter(columns.map(({ type }) => type)) };
        info.setInitData(scan);
        info.setMaxThreads(1);
      },
      mainFunction: (info, chunk) => {
        const scan = info.getInitData() as Scan;
        scan.supply.isBegun = true;
        const batch = scan.supply.batches[scan.next];
        if (!batch) {
          chunk.rowCount = 0;
          return;
        }
        scan.next += 1;
        scan.writer.write(chunk.chunk, batch);
        batch.release?.();
      },
    }),
  );
}

interface Scan {
  readonly supply: Supply;
  readonly writer: BatchWriter;
  next: number;
}

/**
 * Offers batches under a name of their own while `work` runs a statement that reads `from`.
 * @param work is also told how to ask whether DuckDB has begun to read them
 */
export async function withBatches<T>(
  columns: readonly Column[],
  batches: readonly ColumnBatch[],
  work: (from: string, hasBegun: () => boolean) => Promise<T>,
): Promise<T> {
  supplyCount += 1;
  const id = `batches_${supplyCount}`;
  const supply: Supply = { columns, batches, isBegun: false };
  supplies.set(id, supply);
  try {
    return await work(`${functionName}('${id}')`, () => supply.isBegun);
  } finally {
    supplies.delete(id);
  }
}

/** The DuckDB type in which a column's vector is handed over. */
export function stagingType(type: DataType): DuckDBType {
  switch (type.type) {
    case 'boolean':
      return BOOLEAN;
    case 'int16':
      return SMALLINT;
    case 'int32':
      return INTEGER;
    case 'int64':
      return BIGINT;
    case 'float32':
      return FLOAT;
    case 'float64':
      return DOUBLE;
    case 'decimal':
      if (type.precision === undefined || type.precision > 38) return VARCHAR;
      return DECIMAL(type.precision, type.scale ?? 0);
    case 'bytes':
      return BLOB;
    case 'date':
      return DATE;
    case 'time':
      return TIME;
    case 'timestamp':
      return TIMESTAMP;
    case 'timestamptz':
      return TIMESTAMPTZ;
    case 'interval':
      return INTERVAL;
    case 'uuid':
      return UUID;
    case 'text':
    case 'timetz':
    case 'json':
    case 'array':
      return VARCHAR;
  }
}

/** DuckDB's row group; what is committed in whole groups is written once and stays compact. */
const rowGroupRows = 122_880;
/** Most rows of a segment. */
export const segmentRows: number = 2 * rowGroupRows;

/**
 * Collects batches into segments that are worth one statement: some row groups of rows, or several segments for
 * them when two would take more than half of the memory budget.
 */
export async function* segmentsOf(
  batches: AsyncIterable<ColumnBatch>,
  memoryBudgetBytes: number,
  onBatch: (rows: number, bytes: number) => void,
): AsyncGenerator<readonly ColumnBatch[]> {
  const mostBytes = memoryBudgetBytes / 4;
  let segment: ColumnBatch[] = [];
  let rows = 0;
  let bytes = 0;
  for await (const batch of batches) {
    onBatch(batch.rowCount, valueBytes(batch));
    segment.push(batch);
    rows += batch.rowCount;
    bytes += heldBytes(batch);
    if (rows < segmentRows && bytes < mostBytes) continue;
    yield segment;
    segment = [];
    bytes = 0;
    if (rows >= segmentRows) rows = 0;
  }
  if (segment.length > 0) yield segment;
}

/** Bytes of the values themselves. */
function valueBytes({ rowCount, vectors }: ColumnBatch): number {
  let bytes = 0;
  for (const vector of vectors) {
    if (vector.kind === 'fixed') bytes += rowCount * vector.width;
    else if (vector.kind !== 'bytes') bytes += rowCount * vector.values.BYTES_PER_ELEMENT;
    else bytes += textBytes(vector, rowCount);
  }
  return bytes;
}

function textBytes({ starts, ends, validity }: BytesVector, rowCount: number): number {
  let bytes = 0;
  for (let row = 0; row < rowCount; row += 1)
    if (validity?.[row] !== 0) bytes += (ends[row] as number) - (starts[row] as number);
  return bytes;
}

/** Memory that a batch holds; shared buffers count once. */
function heldBytes(batch: ColumnBatch): number {
  const buffers = new Set<ArrayBufferLike>();
  for (const vector of batch.vectors) {
    if (vector.kind === 'bytes')
      buffers.add(vector.data.buffer).add(vector.starts.buffer).add(vector.ends.buffer);
    else buffers.add(vector.values.buffer);
  }
  let bytes = 0;
  for (const buffer of buffers) bytes += buffer.byteLength;
  return bytes;
}
