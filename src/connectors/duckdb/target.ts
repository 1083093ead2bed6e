import type { DuckDBConnection } from '@duckdb/node-api';
import type { StageRequest, StageResult, Target } from '../../connector/connection.ts';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { Payload } from '../../connector/payload.ts';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { landedArray } from '../../connector/duckdb/landed-array.ts';
import { segmentRows, segmentsOf, withBatches } from '../../connector/duckdb/batch-pump.ts';
import { runUnattended } from '../../connector/duckdb/unattended-run.ts';
import type { Warehouse } from './warehouse.ts';

/** Fills stage tables: by a SELECT of the same warehouse, by DuckDB's own file readers, or from columns. */
export function duckdbTarget(
  place: string,
  warehouse: Warehouse,
  dialect: Dialect,
  memoryBudgetBytes: number,
): Target {
  return {
    takes: ['relation', 'file', 'columns'],
    stage: async (request, payload, signal) => {
      const table = dialect.quoteTable(request.table);
      const run = (sql: string) =>
        warehouse.use(signal, async (connection) => (await connection.run(sql)).rowsChanged);
      const definitions = request.schema.columns.map((column) => duckdbDialect.columnDefinition(column));
      await run(`drop table if exists ${table}`);
      try {
        await run(`create table ${table} (${definitions.join(', ')})`);
        const result = await warehouse.use(signal, (connection) =>
          fill(table, request, payload, memoryBudgetBytes, connection),
        );
        if (signal.aborted) throw new CancelledError(`${place}: cancelled.`, { code: 'cancelled' });
        return result;
      } catch (error) {
        await warehouse
          .use(undefined, (connection) => connection.run(`drop table if exists ${table}`))
          .catch(() => undefined);
        throw payload.format === 'file' && payload.explain ? await payload.explain(error) : error;
      }
    },
  };
}

async function fill(
  table: string,
  request: StageRequest,
  payload: Payload,
  memoryBudgetBytes: number,
  connection: DuckDBConnection,
): Promise<StageResult> {
  switch (payload.format) {
    case 'relation':
    case 'file': {
      const select = payload.format === 'file' ? payload.select : payload.sql;
      const { rowsChanged: rows } = await connection.run(`insert into ${table} ${select}`);
      if (payload.format === 'file') await payload.verify?.();
      request.onProgress(rows, 0);
      return { rows, bytes: 0 };
    }
    case 'columns':
      return await fillFromColumns(table, request, payload.batches, memoryBudgetBytes, connection);
    case 'csv':
    case 'pg-copy-binary':
      throw new ConfigError(`DuckDB does not take ${payload.format}.`, { code: 'format_unsupported' });
  }
}

/**
 * Rows on their way are bounded by this as well: it is enough for two segments of whole row groups, and larger ones make nothing
 * faster. With half of it a load of 5 million rows of 13 columns took a tenth longer.
 */
const mostRowBytes = 256e6;

/** A statement about fewer is over before anybody would look at it again. */
const fewBatches = 8;

/**
 * One segment is inserted while the next is collected. A transaction holds whole row groups: those go to the file as
 * they are, while a begun one that is committed goes to the log first, and is written again with each that follows.
 */
async function fillFromColumns(
  table: string,
  request: StageRequest,
  batches: AsyncIterable<ColumnBatch>,
  memoryBudgetBytes: number,
  connection: DuckDBConnection,
): Promise<StageResult> {
  const { columns } = request.schema;
  const list = columns.map((column) => landedExpression(column)).join(', ');
  let inserting: Promise<unknown> = Promise.resolve();
  let uncommittedRows = 0;
  const insert = async (segment: readonly ColumnBatch[]): Promise<void> => {
    if (uncommittedRows === 0) await connection.run('begin transaction');
    for (const { rowCount } of segment) uncommittedRows += rowCount;
    await withBatches(columns, segment, async (from, hasBegun) => {
      const sql = `insert into ${table} select ${list} from ${from}`;
      if (segment.length < fewBatches) await connection.run(sql);
      else await runUnattended(connection, sql, hasBegun);
    });
    if (uncommittedRows < segmentRows) return;
    await connection.run('commit');
    uncommittedRows = 0;
  };
  const total = { rows: 0, bytes: 0 };
  const onBatch = (rows: number, bytes: number) => {
    total.rows += rows;
    total.bytes += bytes;
    request.onProgress(total.rows, total.bytes);
  };
  try {
    for await (const segment of segmentsOf(batches, Math.min(memoryBudgetBytes, mostRowBytes), onBatch)) {
      await inserting;
      inserting = insert(segment);
      inserting.catch(() => undefined);
    }
    await inserting;
    if (uncommittedRows > 0) await connection.run('commit');
  } catch (error) {
    await inserting.catch(() => undefined);
    if (uncommittedRows > 0) await connection.run('rollback').catch(() => undefined);
    throw error;
  }
  return total;
}

/** A column as it comes out of a batch, made into what the stage holds. */
function landedExpression(column: Column): string {
  const name = duckdbDialect.quote(column.name);
  const type = duckdbDialect.typeName(column.type);
  if (column.type.type === 'array') return landedArray(name, column.type.element);
  if (column.type.type === 'timetz') return `cast(${name} as ${type})`;
  return column.type.type === 'json' ? `cast(${name} as json)` : name;
}
