import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ReadRequest, Source, StreamRef, StreamSchema } from '../../connector/connection.ts';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { Payload, PayloadFormat } from '../../connector/payload.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import type { SqlDatabase } from '../../connector/connection.ts';
import { duckdbDialect } from '../../sql/dialects/index.ts';
import {
  fromClause,
  type Naming,
  parquetExpression,
  parseTableName,
  selectText,
  typedExpression,
  vectorExpression,
  wantedColumns,
} from './stream-select.ts';
import { parseTypeName } from './type-name.ts';
import { streamedBatches } from '../../connector/duckdb/streamed-batches.ts';
import type { Warehouse } from './warehouse.ts';

export interface DuckdbSourceContext extends Naming {
  readonly place: string;
  readonly warehouse: Warehouse;
  readonly database: SqlDatabase;
  readonly temporaryFolder: string;
}

/**
 * Reads tables, views and queries: as a SELECT for the same warehouse, as a Parquet file for other
 * DuckDBs and for file targets, or as columns.
 */
export function duckdbSource(context: DuckdbSourceContext): Source {
  return {
    emits: ['relation', 'file', 'columns'],
    discover: (pattern) => discover(context, pattern),
    describe: (stream) => describeStream(context, stream),
    read: async (request, format, signal) => {
      const schema = await describeStream(context, request.stream);
      const columns = wantedColumns(request, schema);
      return await readAs(context, request, { ...schema, columns }, format, signal);
    },
  };
}

async function readAs(
  context: DuckdbSourceContext,
  request: ReadRequest,
  schema: StreamSchema,
  format: PayloadFormat,
  signal: AbortSignal,
): Promise<Payload> {
  const { columns } = schema;
  switch (format) {
    case 'relation':
      return { format, schema, sql: selectText(request, columns, context, typedExpression) };
    case 'file':
      return await exportParquet(context, request, schema, signal);
    case 'columns':
      return { format, schema, batches: readBatches(context, request, columns, signal) };
    case 'csv':
    case 'pg-copy-binary':
      throw new ConfigError(`${context.place} cannot be read as ${format}.`, { code: 'format_unsupported' });
  }
}

async function exportParquet(
  context: DuckdbSourceContext,
  request: ReadRequest,
  schema: StreamSchema,
  signal: AbortSignal,
): Promise<Payload> {
  const path = join(context.temporaryFolder, `${randomUUID()}.parquet`);
  const select = selectText(request, schema.columns, context, parquetExpression);
  await context.warehouse.use(signal, (connection) =>
    connection.run(`copy (${select}) to ${duckdbDialect.literal(path)} (format parquet)`),
  );
  const list = schema.columns.map(
    (column) => `${typedExpression(column)} as ${duckdbDialect.quote(column.name)}`,
  );
  return {
    format: 'file',
    schema,
    paths: [path],
    fileType: 'parquet',
    options: {},
    columns: schema.columns.map((column) => column.name),
    select: `select ${list.join(', ')} from read_parquet(${duckdbDialect.literal(path)})`,
  };
}

async function* readBatches(
  context: DuckdbSourceContext,
  request: ReadRequest,
  columns: readonly Column[],
  signal: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  const select = selectText(request, columns, context, vectorExpression);
  const types = columns.map((column) => column.type);
  const lease = await context.warehouse.lease(signal);
  try {
    yield* streamedBatches(select, types, (work) => lease.run(work));
  } finally {
    lease.release();
  }
}

async function describeStream(context: DuckdbSourceContext, stream: StreamRef): Promise<StreamSchema> {
  if (stream.sql !== undefined) {
    const { rows } = await context.database.query(`describe select * from ${fromClause(stream, context)}`);
    return {
      columns: rows.map(([name, type]) => ({
        name: String(name),
        type: parseTypeName(String(type)),
        nullable: true,
      })),
      primaryKey: [],
    };
  }
  const table = parseTableName(stream.name, context.defaultSchema);
  const schema = await context.database.describe(table);
  if (!schema) throw await streamMissing(context, stream.name, table.schema);
  const { rows } = await context.database.query(
    `select estimated_size from duckdb_tables()
     where database_name = current_database() and schema_name = $1 and table_name = $2`,
    [table.schema, table.name],
  );
  const estimatedRows = rows[0]?.[0];
  return { ...schema, ...(typeof estimatedRows === 'number' ? { estimatedRows } : {}) };
}

async function streamMissing(
  context: DuckdbSourceContext,
  name: string,
  schema: string,
): Promise<ConfigError> {
  const others = (await context.database.list(schema)).map((relation) => relation.name);
  return new ConfigError(`${context.place}: there is no table or view ${name}.`, {
    code: 'stream_missing',
    next:
      others.length > 0
        ? `Tables and views of ${schema}: ${others.join(', ')}.`
        : `The schema ${schema} holds no tables.`,
  });
}

async function discover(context: DuckdbSourceContext, pattern: string): Promise<readonly string[]> {
  const { schema, name } = parseTableName(pattern, context.defaultSchema);
  const matches = globPattern(name);
  const relations = await context.database.list(schema);
  return relations
    .filter((relation) => matches.test(relation.name))
    .map((relation) => `${schema}.${relation.name}`);
}

function globPattern(glob: string): RegExp {
  const text = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 'i');
}
