import {
  ConfigError,
  type ColumnBatch,
  type Payload,
  type PayloadFormat,
  type ReadRequest,
  type Source,
  type StreamRef,
} from '../../connector/index.ts';
import {
  type CatalogueStream,
  currentDatabase,
  describeQuery,
  describeTable,
  listRelations,
} from './catalogue.ts';
import { columnOf, type TypeChoices } from './column-type.ts';
import { mysqlError } from './mysql-error.ts';
import { readResult } from './result-reader.ts';
import { type VectorDecoder, vectorDecoder } from './row-vectors.ts';
import type { Server } from './server.ts';
import { fromClause, parseTableName, selectText, wantedColumns } from './stream-select.ts';

/** Reads tables, views and queries: text results, decoded from the packets into columns. */
export function mysqlSource(server: Server, choices: TypeChoices): Source {
  return {
    emits: ['columns'],
    discover: (pattern) => discover(server, pattern),
    describe: async (stream) => (await describeStream(server, stream, choices, undefined)).schema,
    read: async (request, format, signal) => {
      const stream = await describeStream(server, request.stream, choices, signal);
      return readAs(server, request, stream, choices, format, signal);
    },
  };
}

function readAs(
  server: Server,
  request: ReadRequest,
  stream: CatalogueStream,
  choices: TypeChoices,
  format: PayloadFormat,
  signal: AbortSignal,
): Payload {
  if (format !== 'columns')
    throw new ConfigError(`MySQL gives columns, not ${format}.`, { code: 'format_unsupported' });
  const columns = wantedColumns(request, stream.columns);
  const decoders = columns.map((column) => vectorDecoder(column, choices));
  return {
    format,
    schema: { columns: columns.map((column) => columnOf(column)), primaryKey: stream.schema.primaryKey },
    batches: readBatches(server, selectText(request, columns), decoders, signal),
  };
}

async function* readBatches(
  server: Server,
  sql: string,
  decoders: readonly VectorDecoder[],
  signal: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  const lease = await server.leaseReader(signal);
  try {
    // What is in buffers already must not be given any more, as if all were well.
    for await (const batch of readResult(lease.connection, sql, decoders)) {
      signal.throwIfAborted();
      yield batch;
      signal.throwIfAborted();
    }
  } catch (error) {
    throw mysqlError(error, server.identity, signal);
  } finally {
    lease.release(true);
  }
}

async function describeStream(
  server: Server,
  stream: StreamRef,
  choices: TypeChoices,
  signal: AbortSignal | undefined,
): Promise<CatalogueStream> {
  return await server.use(signal, async (connection) => {
    if (stream.sql !== undefined) return await describeQuery(connection, fromClause(stream), choices);
    const table = parseTableName(stream.name);
    const found = await describeTable(connection, table, choices);
    if (found) return found;
    const others = (await listRelations(connection, table.schema)).map((relation) => relation.name);
    const schema = table.schema === '' ? (server.identity.database ?? 'the connection') : table.schema;
    throw new ConfigError(
      `Connection ${server.identity.connection}: there is no table or view ${stream.name}.`,
      {
        code: 'stream_missing',
        next:
          others.length > 0
            ? `Tables and views of ${schema}: ${others.join(', ')}.`
            : `The schema ${schema} does not exist or holds no tables.`,
      },
    );
  });
}

async function discover(server: Server, pattern: string): Promise<readonly string[]> {
  const wanted = parseTableName(pattern);
  return await server.use(undefined, async (connection) => {
    const schema = wanted.schema === '' ? await currentDatabase(connection) : wanted.schema;
    if (schema === undefined) {
      throw new ConfigError(
        `Connection ${server.identity.connection} names no database, so '${pattern}' has none to be found in.`,
        { code: 'database_missing', next: `Write database.${pattern}, or add database: to the connection.` },
      );
    }
    const matches = globPattern(wanted.name);
    return (await listRelations(connection, schema))
      .filter((relation) => matches.test(relation.name))
      .map((relation) => `${schema}.${relation.name}`)
      .toSorted();
  });
}

function globPattern(glob: string): RegExp {
  const text = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`);
}
