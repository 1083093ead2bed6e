import type { ReadRequest, Source, StreamRef } from '../../connector/connection.ts';
import type { Payload, PayloadFormat } from '../../connector/payload.ts';
import { ConfigError } from '../../core/errors.ts';
import {
  type CatalogueStream,
  describeQuery,
  describeTable,
  listRelations,
  listSchemas,
} from './catalogue.ts';
import { columnOf, passthroughExpression, vectorExpression } from './column-type.ts';
import { copyOut, type CopyReader } from './copy-out.ts';
import { CopyPieces } from './copy-pieces.ts';
import { CopyScanner } from './copy-scanner.ts';
import { vectorDecoder } from './copy-vectors.ts';
import { postgresError } from './postgres-error.ts';
import type { Server } from './server.ts';
import { copyOutText, fromClause, parseTableName, selectText, wantedColumns } from './stream-select.ts';

/** Reads tables, views and queries by COPY ... TO STDOUT (FORMAT binary), as its bytes or as columns. */
export function postgresSource(server: Server, defaultSchema: string): Source {
  const describe = (stream: StreamRef, signal?: AbortSignal) =>
    describeStream(server, stream, defaultSchema, signal);
  return {
    emits: ['pg-copy-binary', 'columns', 'relation'],
    discover: (pattern) => discover(server, pattern, defaultSchema),
    describe: async (stream) => (await describe(stream)).schema,
    read: async (request, format, signal) =>
      await readAs(server, request, await describe(request.stream, signal), defaultSchema, format, signal),
  };
}

async function readAs(
  server: Server,
  request: ReadRequest,
  stream: CatalogueStream,
  defaultSchema: string,
  format: PayloadFormat,
  signal: AbortSignal,
): Promise<Payload> {
  const columns = wantedColumns(request, stream.columns);
  const schema = { columns: columns.map((column) => columnOf(column)), primaryKey: stream.schema.primaryKey };
  const passedThrough = () =>
    selectText(
      request,
      columns.map((column) => passthroughExpression(column)),
      defaultSchema,
    );
  switch (format) {
    case 'relation':
      return { format, schema, sql: passedThrough() };
    case 'pg-copy-binary':
      return { format, schema, bytes: readPieces(server, copyOutText(passedThrough()), signal) };
    case 'columns': {
      const expressions = columns.map((column) => vectorExpression(column));
      const sql = copyOutText(
        selectText(
          request,
          expressions.map((expression) => expression.sql),
          defaultSchema,
        ),
      );
      const decoders = schema.columns.map((column, index) =>
        vectorDecoder(column, expressions[index]?.wire ?? 'plain', !stream.checksEncoding),
      );
      return { format, schema, batches: readCopy(server, sql, new CopyScanner(decoders), signal) };
    }
    case 'csv':
    case 'file':
      throw new ConfigError('PostgreSQL does not give files.', { code: 'format_unsupported' });
  }
}

async function* readCopy<Item>(
  server: Server,
  sql: string,
  reader: CopyReader<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const lease = await server.leaseReader(signal);
  let finished = false;
  try {
    for await (const item of copyOut(lease.client, sql, reader)) {
      yield item;
      // The server may have sent everything before it heard of the end.
      signal.throwIfAborted();
    }
    finished = true;
  } catch (error) {
    throw postgresError(error, server.identity, signal);
  } finally {
    lease.release(!finished);
  }
}

/** COPY's bytes, without the protocol's messages around them. */
async function* readPieces(server: Server, sql: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const pieces = new CopyPieces();
  for await (const piece of readCopy(server, sql, pieces, signal)) {
    yield piece;
    pieces.release(piece);
  }
}

async function describeStream(
  server: Server,
  stream: StreamRef,
  defaultSchema: string,
  signal: AbortSignal | undefined,
): Promise<CatalogueStream> {
  return await server.use(signal, async (client) => {
    if (stream.sql !== undefined) return await describeQuery(client, fromClause(stream, defaultSchema));
    const table = parseTableName(stream.name, defaultSchema);
    const found = await describeTable(client, table);
    if (found) return found;
    const others = (await listRelations(client, table.schema)).map((relation) => relation.name);
    throw new ConfigError(
      `Connection ${server.identity.connection}: there is no table or view ${stream.name}.`,
      {
        code: 'stream_missing',
        next:
          others.length > 0
            ? `Tables and views of ${table.schema}: ${others.join(', ')}.`
            : `The schema ${table.schema} does not exist or holds no tables.`,
      },
    );
  });
}

async function discover(server: Server, pattern: string, defaultSchema: string): Promise<readonly string[]> {
  const { schema, name } = parseTableName(pattern, defaultSchema);
  const matches = globPattern(name);
  return await server.use(undefined, async (client) => {
    const isSchema = globPattern(schema);
    const schemas = /[*?]/.test(schema)
      ? (await listSchemas(client)).filter((found) => isSchema.test(found))
      : [schema];
    const found: string[] = [];
    for (const each of schemas) {
      const relations = await listRelations(client, each);
      found.push(...relations.filter((one) => matches.test(one.name)).map((one) => `${each}.${one.name}`));
    }
    return found;
  });
}

function globPattern(glob: string): RegExp {
  const text = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`);
}
