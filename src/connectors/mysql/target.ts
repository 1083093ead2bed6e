import { Readable } from 'node:stream';
import type { Connection } from 'mysql2';
import {
  CancelledError,
  type Column,
  type ColumnBatch,
  ConfigError,
  DataError,
  type StageRequest,
  type StageResult,
  type Target,
} from '../../connector/index.ts';
import { mysqlDialect } from '../../sql/dialects/index.ts';
import { createTable, dropTable } from '../../sql/merge/index.ts';
import { encodeRows, insertForm, loadDataForm, type TextForm } from './load-encoder.ts';
import { mysqlError } from './mysql-error.ts';
import type { Server } from './server.ts';
import { run } from './statement.ts';

/** Most bytes that are handed to the socket at once; far below any server's `max_allowed_packet`. */
const pieceBytes = 256 * 1024;

/** Rows of one INSERT are gathered up to so many bytes, or a quarter of what the server takes at once. */
const insertBytes = 1024 * 1024;

/** Fills stage tables by LOAD DATA LOCAL INFILE, or by INSERT where the server does not allow it. */
export function mysqlTarget(server: Server): Target {
  return {
    takes: ['columns'],
    stage: async (request, payload, signal) => {
      if (payload.format !== 'columns')
        throw new ConfigError(`MySQL takes columns, not ${payload.format}.`, { code: 'format_unsupported' });
      const lease = await server.leaseWriter(signal);
      try {
        await prepareStage(lease.connection, request);
        const roundsJson = await keepsDoubles(lease.connection);
        const result = (await allowsLocalFiles(lease.connection))
          ? await loadData(lease.connection, request, { ...loadDataForm, roundsJson }, payload.batches)
          : await insertAll(lease.connection, request, { ...insertForm, roundsJson }, payload.batches);
        if (signal.aborted) throw new CancelledError('Staging was cancelled.', { code: 'cancelled' });
        return result;
      } catch (error) {
        const known = mysqlError(error, server.identity, signal);
        await server
          .use(undefined, (connection) => run(connection, dropTable(mysqlDialect, request.table).sql))
          .catch(() => undefined);
        throw known;
      } finally {
        lease.release(true);
      }
    },
  };
}

async function prepareStage(
  connection: Connection,
  { table, schema, asText = [] }: StageRequest,
): Promise<void> {
  await run(connection, 'set unique_checks = 0, foreign_key_checks = 0');
  await run(connection, dropTable(mysqlDialect, table).sql);
  const columns = schema.columns.map((column): Column =>
    asText.includes(column.name) ? { ...column, type: { type: 'text' } } : column,
  );
  await run(connection, createTable(mysqlDialect, table, columns).sql);
}

async function allowsLocalFiles(connection: Connection): Promise<boolean> {
  const { rows } = await run(connection, 'select @@global.local_infile');
  return rows[0]?.[0]?.toString() === '1';
}

/** MariaDB's JSON is the text that it was given; MySQL's is not. */
async function keepsDoubles(connection: Connection): Promise<boolean> {
  const { rows } = await run(connection, 'select version()');
  return !/mariadb/i.test(rows[0]?.[0]?.toString() ?? '');
}

async function loadData(
  connection: Connection,
  request: StageRequest,
  form: TextForm,
  batches: AsyncIterable<ColumnBatch>,
): Promise<StageResult> {
  const { columns } = request.schema;
  const total = { rows: 0, bytes: 0 };
  const stream = Readable.from(pieces(batches, request, form, total), { objectMode: true, highWaterMark: 4 });
  try {
    const warnings = await new Promise<number>((resolve, reject) => {
      connection.query(
        { sql: loadStatement(request, columns), infileStreamFactory: () => stream },
        (error, result) => {
          if (error) reject(error);
          else resolve((result as unknown as { readonly warningStatus: number }).warningStatus);
        },
      );
    });
    // With LOCAL the server mends what does not fit, and only warns of it.
    if (warnings > 0) await refuseWarnings(connection, warnings);
    return total;
  } finally {
    stream.destroy();
  }
}

/** The statement names no file that anything would open: the driver asks this process for the bytes. */
function loadStatement({ table }: StageRequest, columns: readonly Column[]): string {
  const isBytes = ({ type }: Column): boolean => type.type === 'bytes';
  const targets = columns.map((column, index) =>
    isBytes(column) ? `@bytes${index}` : mysqlDialect.quote(column.name),
  );
  const assignments = columns.flatMap((column, index) =>
    isBytes(column) ? [`${mysqlDialect.quote(column.name)} = unhex(@bytes${index})`] : [],
  );
  return [
    `load data local infile 'rows' into table ${mysqlDialect.quoteTable(table)} character set utf8mb4`,
    String.raw`fields terminated by '\t' escaped by '\\' lines terminated by '\n'`,
    `(${targets.join(', ')})`,
    ...(assignments.length > 0 ? [`set ${assignments.join(', ')}`] : []),
  ].join(' ');
}

async function* pieces(
  batches: AsyncIterable<ColumnBatch>,
  { schema: { columns }, asText, onProgress }: StageRequest,
  form: TextForm,
  total: { rows: number; bytes: number },
): AsyncGenerator<Buffer> {
  for await (const batch of batches) {
    const encoded = encodeRows(batch, columns, form, asText);
    total.rows += batch.rowCount;
    total.bytes += encoded.length;
    batch.release?.();
    for (let at = 0; at < encoded.length; at += pieceBytes) yield encoded.subarray(at, at + pieceBytes);
    onProgress(total.rows, total.bytes);
  }
}

async function refuseWarnings(connection: Connection, count: number): Promise<never> {
  const { rows } = await run(connection, 'show warnings limit 1');
  const text = rows[0]?.[2]?.toString('utf8') ?? 'a warning of LOAD DATA';
  throw new DataError(`MySQL cannot hold ${count === 1 ? 'a value' : `${count} values`} exactly: ${text}`, {
    code: 'data_invalid',
    state: 'Nothing was published',
    next: 'Declare another type under columns:, or cast the column in a query',
  });
}

async function insertAll(
  connection: Connection,
  request: StageRequest,
  form: TextForm,
  batches: AsyncIterable<ColumnBatch>,
): Promise<StageResult> {
  request.onNote?.(
    'the server does not allow LOAD DATA LOCAL (local_infile is off), so rows go by INSERT, which is slower',
  );
  const { columns } = request.schema;
  const { rows } = await run(connection, 'select @@max_allowed_packet');
  const most = Math.min(insertBytes, Math.floor(Number(rows[0]?.[0]?.toString()) / 4));
  const list = columns.map((column) => mysqlDialect.quote(column.name)).join(', ');
  const start = `insert into ${mysqlDialect.quoteTable(request.table)} (${list}) values `;
  const total = { rows: 0, bytes: 0 };
  for await (const batch of batches) {
    for (const values of insertTexts(batch, request, form, most)) {
      await run(connection, start + values);
      total.bytes += values.length;
    }
    total.rows += batch.rowCount;
    batch.release?.();
    request.onProgress(total.rows, total.bytes);
  }
  return total;
}

/** Rows of one batch as the values of several INSERTs. */
function* insertTexts(
  batch: ColumnBatch,
  request: StageRequest,
  form: TextForm,
  most: number,
): Generator<string> {
  const all = encodeRows(batch, request.schema.columns, form, request.asText);
  if (all.length <= most || batch.rowCount === 1) {
    yield all.toString('utf8', 1);
    return;
  }
  const middle = batch.rowCount >> 1;
  yield* insertTexts(part(batch, 0, middle), request, form, most);
  yield* insertTexts(part(batch, middle, batch.rowCount), request, form, most);
}

function part({ vectors }: ColumnBatch, from: number, to: number): ColumnBatch {
  return {
    rowCount: to - from,
    vectors: vectors.map((vector) => {
      const validity = vector.validity && { validity: vector.validity.subarray(from, to) };
      if (vector.kind === 'bytes')
        return {
          ...vector,
          starts: vector.starts.subarray(from, to),
          ends: vector.ends.subarray(from, to),
          ...validity,
        };
      const width = vector.kind === 'fixed' ? vector.width : 1;
      return { ...vector, values: vector.values.subarray(from * width, to * width), ...validity };
    }) as ColumnBatch['vectors'],
  };
}
