import type pg from 'pg';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { StageRequest, StageResult, Target } from '../../connector/connection.ts';
import type { CsvPayload, Payload } from '../../connector/payload.ts';
import { CancelledError, ConfigError, DataError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import { copyIn } from './copy-in.ts';
import { copyHeader, copyTrailer, encodeBatch } from './copy-encoder.ts';
import { postgresError } from './postgres-error.ts';
import type { Server } from './server.ts';

/** Fills stage tables by COPY ... FROM STDIN, binary or CSV, or by a SELECT of the same database. */
export function postgresTarget(server: Server): Target {
  return {
    takes: ['relation', 'pg-copy-binary', 'csv', 'columns'],
    stage: async (request, payload, signal) =>
      await server.use(signal, async (client) => {
        await client.query(`drop table if exists ${postgresDialect.quoteTable(request.table)}`);
        await client.query('begin');
        try {
          const result = await createAndFill(client, request, payload, signal);
          if (signal.aborted) throw new CancelledError('Staging was cancelled.', { code: 'cancelled' });
          await client.query('commit');
          return result;
        } catch (error) {
          await client.query('rollback').catch(() => undefined);
          const told = postgresError(error, server.identity, signal);
          throw payload.format === 'csv' ? await payload.explain(told) : told;
        }
      }),
  };
}

/** Create and copy are in one transaction, so that a killed load leaves nothing; and PostgreSQL may freeze the rows at once. */
async function createAndFill(
  client: pg.ClientBase,
  request: StageRequest,
  payload: Payload,
  signal: AbortSignal,
): Promise<StageResult> {
  const table = postgresDialect.quoteTable(request.table);
  const { columns } = request.schema;
  const definitions = columns.map((column) => postgresDialect.columnDefinition(column));
  await client.query(`create table ${table} (${definitions.join(', ')})`);
  switch (payload.format) {
    case 'relation': {
      const { rowCount } = await client.query(`insert into ${table} ${payload.sql}`);
      const rows = rowCount ?? 0;
      request.onProgress(rows, 0);
      return { rows, bytes: 0 };
    }
    case 'pg-copy-binary':
      return await copyFrom(client, table, 'format binary', payload.bytes, request);
    case 'csv':
      return await copyCsv(client, table, payload, request);
    case 'columns':
      return await copyFrom(
        client,
        table,
        'format binary',
        encodeBatches(payload.batches, columns, signal),
        request,
      );
    case 'file':
      throw new ConfigError('PostgreSQL does not read files by itself.', { code: 'format_unsupported' });
  }
}

async function copyCsv(
  client: pg.ClientBase,
  table: string,
  { bytes, delimiter, quote, emptyAsNull, records }: CsvPayload,
  request: StageRequest,
): Promise<StageResult> {
  const format = [
    `format csv, encoding 'UTF8', delimiter ${postgresDialect.literal(delimiter)}`,
    `quote ${postgresDialect.literal(quote)}`,
    ...(emptyAsNull ? [`force_null (${columnList(request)})`] : []),
  ].join(', ');
  const staged = await copyFrom(client, table, format, bytes, request);
  if (staged.rows === records()) return staged;
  throw new DataError(`PostgreSQL took ${staged.rows} rows of ${records()}.`, {
    code: 'rows_missing',
    state: 'Nothing was published.',
  });
}

function columnList({ schema }: StageRequest): string {
  return schema.columns.map((column) => postgresDialect.quote(column.name)).join(', ');
}

async function copyFrom(
  client: pg.ClientBase,
  table: string,
  format: string,
  pieces: AsyncIterable<Uint8Array>,
  request: StageRequest,
): Promise<StageResult> {
  const sql = `copy ${table} (${columnList(request)}) from stdin (${format}, freeze)`;
  const copied = await copyIn(client, sql, pieces, (bytes) => request.onProgress(0, bytes));
  request.onProgress(copied.rows, copied.bytes);
  return copied;
}

async function* encodeBatches(
  batches: AsyncIterable<ColumnBatch>,
  columns: readonly Column[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  yield copyHeader;
  for await (const batch of batches) {
    signal.throwIfAborted();
    yield encodeBatch(batch, columns);
  }
  yield copyTrailer;
}
