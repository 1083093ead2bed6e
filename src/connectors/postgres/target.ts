import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { StageRequest, StageResult, Target } from '../../connector/connection.ts';
import type { Payload } from '../../connector/payload.ts';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import { copyHeader, copyTrailer, encodeBatch } from './copy-encoder.ts';
import { postgresError } from './postgres-error.ts';
import type { Server } from './server.ts';

/** Fills stage tables by COPY ... FROM STDIN (FORMAT binary), or by a SELECT of the same database. */
export function postgresTarget(server: Server): Target {
  return {
    takes: ['relation', 'pg-copy-binary', 'columns'],
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
          throw postgresError(error, server.identity, signal);
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
      return await copyIn(client, table, payload.bytes, request);
    case 'columns':
      return await copyIn(
        client,
        table,
        Readable.from(encodeBatches(payload.batches, columns, signal)),
        request,
      );
    case 'file':
      throw new ConfigError('PostgreSQL does not read files by itself.', { code: 'format_unsupported' });
  }
}

async function copyIn(
  client: pg.ClientBase,
  table: string,
  bytes: Readable,
  request: StageRequest,
): Promise<StageResult> {
  const list = request.schema.columns.map((column) => postgresDialect.quote(column.name)).join(', ');
  const copy = client.query(copyFrom(`copy ${table} (${list}) from stdin (format binary, freeze)`));
  let total = 0;
  await pipeline(
    bytes,
    async function* count(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        total += chunk.length;
        request.onProgress(0, total);
        yield chunk;
      }
    },
    copy,
  );
  request.onProgress(copy.rowCount, total);
  return { rows: copy.rowCount, bytes: total };
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
