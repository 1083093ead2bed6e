import type { StageRequest, StageResult, Target } from '../../connector/connection.ts';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { Payload } from '../../connector/payload.ts';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import { segmentsOf, withBatches } from '../../connector/duckdb/batch-pump.ts';
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
        const result = await fill(table, request, payload, memoryBudgetBytes, run);
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

type RunStatement = (sql: string) => Promise<number>;

async function fill(
  table: string,
  request: StageRequest,
  payload: Payload,
  memoryBudgetBytes: number,
  run: RunStatement,
): Promise<StageResult> {
  switch (payload.format) {
    case 'relation':
    case 'file': {
      const select = payload.format === 'file' ? payload.select : payload.sql;
      const rows = await run(`insert into ${table} ${select}`);
      request.onProgress(rows, 0);
      return { rows, bytes: 0 };
    }
    case 'columns':
      return await fillFromColumns(table, request, payload.batches, memoryBudgetBytes, run);
    case 'csv':
    case 'pg-copy-binary':
      throw new ConfigError(`DuckDB does not take ${payload.format}.`, { code: 'format_unsupported' });
  }
}

/** One segment is inserted while the next is collected. */
async function fillFromColumns(
  table: string,
  request: StageRequest,
  batches: AsyncIterable<ColumnBatch>,
  memoryBudgetBytes: number,
  run: RunStatement,
): Promise<StageResult> {
  const { columns } = request.schema;
  const list = columns.map((column) => landedExpression(column)).join(', ');
  let inserting: Promise<unknown> = Promise.resolve();
  const total = { rows: 0, bytes: 0 };
  const onBatch = (rows: number, bytes: number) => {
    total.rows += rows;
    total.bytes += bytes;
    request.onProgress(total.rows, total.bytes);
  };
  try {
    for await (const segment of segmentsOf(batches, memoryBudgetBytes, onBatch)) {
      await inserting;
      inserting = withBatches(columns, segment, (from) =>
        run(`insert into ${table} select ${list} from ${from}`),
      );
      inserting.catch(() => undefined);
    }
  } finally {
    await inserting;
  }
  return total;
}

/** A column as it comes out of a batch, made into what the stage holds. */
function landedExpression(column: Column): string {
  const name = duckdbDialect.quote(column.name);
  const type = duckdbDialect.typeName(column.type);
  if (column.type.type === 'array') return `cast(cast(cast(${name} as json) as varchar[]) as ${type})`;
  return column.type.type === 'json' ? `cast(${name} as json)` : name;
}
