import type { Connection, StreamSchema } from '../../connector/connection.ts';
import { ConfigError, MillraceError, toFailure, type Failure } from '../../core/errors.ts';
import type { DataType } from '../../sql/data-type.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { formatCount, formatTable, paint, printJson, printLine, showStatus } from '../terminal/output.ts';
import { type ConnectionsPlace, findConnections, withPool } from './connections.ts';

export interface DiscoverOptions extends ConnectionsPlace {
  readonly name: string;
  readonly pattern?: string;
  readonly columns?: boolean;
  readonly recursive?: boolean;
}

interface FoundStream {
  readonly name: string;
  readonly schema?: StreamSchema;
  /** Why its shape cannot be told, such as a file that is no table. */
  readonly failure?: Failure;
}

const anyFile = '*.{csv,tsv,json,jsonl,jsonlines,ndjson,parquet,xlsx,xml,avro}{,.gz,.zst,.zip}';

/** Streams that are described side by side. */
const parallel = 4;

/** Lists what a connection offers, with keys and sizes, and columns if they are wanted. */
export async function discoverStreams(options: DiscoverOptions): Promise<number> {
  const found = await findConnections(options);
  const done = showStatus(`Looking into ${options.name}`);
  const streams = await withPool(found, async (pool) => {
    const connection = await pool.get(options.name);
    const source = sourceOf(connection);
    const found = await Promise.all(
      (await patternsOf(connection, options)).map((pattern) => source.discover(pattern)),
    );
    const names = found
      .flat()
      .filter((name) => options.pattern !== undefined || !name.startsWith('_millrace.'));
    return (await describeEach(connection, names)).map((stream) =>
      stream.failure
        ? { ...stream, failure: { ...stream.failure, message: pool.redact(stream.failure.message) } }
        : stream,
    );
  }).finally(done);
  if (options.json) printJson({ connection: options.name, streams: streams.map((stream) => asJson(stream)) });
  else if (streams.length === 0) printLine('Nothing was found. Next: try another --pattern');
  else printLine(options.columns ? columnsTable(streams) : streamsTable(streams));
  return exitCodes.success;
}

function sourceOf({ name, type, source }: Connection): NonNullable<Connection['source']> {
  if (source) return source;
  throw new ConfigError(`${name} is a ${type} connection, which has no streams to discover`, {
    code: 'connection_without_streams',
    next: `millrace connections test ${name}`,
  });
}

/** All schemas of PostgreSQL and DuckDB; elsewhere the connection's own; of files, those in its folder. */
async function patternsOf(
  { type, database }: Connection,
  { pattern, recursive }: DiscoverOptions,
): Promise<readonly string[]> {
  if (type === 'file') {
    if (pattern === undefined) return [recursive ? `**/${anyFile}` : anyFile];
    return [recursive && !pattern.includes('**') ? pattern.replace(/([^/]*)$/, '**/$1') : pattern];
  }
  if (pattern !== undefined) return [pattern.endsWith('.') ? `${pattern}*` : pattern];
  if (type === 'postgres') return ['*.*'];
  if (type !== 'duckdb' || !database) return ['*'];
  const { rows } = await database.query(
    'select distinct table_schema from information_schema.tables where table_catalog = current_database() order by 1',
  );
  return rows.map(([schema]) => `${database.dialect.quote(String(schema))}.*`);
}

async function describeEach(
  { source }: Connection,
  names: readonly string[],
): Promise<readonly FoundStream[]> {
  const described: FoundStream[] = [];
  for (let start = 0; start < names.length; start += parallel) {
    const some = names.slice(start, start + parallel).map(async (name): Promise<FoundStream> => {
      try {
        const schema = await source?.describe({ name }, {});
        return schema ? { name, schema } : { name };
      } catch (error) {
        if (!(error instanceof MillraceError) || error.kind === 'transient') throw error;
        return { name, failure: toFailure(error) };
      }
    });
    described.push(...(await Promise.all(some)));
  }
  return described;
}

function streamsTable(streams: readonly FoundStream[]): string {
  const rows = streams.map(({ name, schema, failure }) => [
    name,
    schema ? String(schema.columns.length) : '',
    failure ? paint('yellow', failure.message) : (schema?.primaryKey ?? []).join(', '),
    formatCount(schema?.estimatedRows),
  ]);
  return formatTable(['stream', 'columns', 'primary key', 'rows, about'], rows);
}

function columnsTable(streams: readonly FoundStream[]): string {
  const rows = streams.flatMap(({ name, schema, failure }) =>
    failure
      ? [[name, paint('yellow', failure.message), '', '', '']]
      : (schema?.columns ?? []).map((column) => [
          name,
          column.name,
          typeText(column.type),
          column.nullable ? '' : 'not null',
          schema?.primaryKey.includes(column.name) ? 'key' : '',
        ]),
  );
  return formatTable(['stream', 'column', 'type', '', ''], rows);
}

function asJson({ name, schema, failure }: FoundStream): unknown {
  if (failure) return { name, failure };
  return {
    name,
    primaryKey: schema?.primaryKey ?? [],
    estimatedRows: schema?.estimatedRows,
    columns: schema?.columns.map((column) => ({ ...column, type: typeText(column.type) })),
  };
}

/** As `columns:` of a replication names types. */
function typeText(type: DataType): string {
  switch (type.type) {
    case 'decimal':
      return type.precision === undefined ? 'decimal' : `decimal(${type.precision},${type.scale ?? 0})`;
    case 'text':
      return type.maxLength === undefined ? 'string' : `string(${type.maxLength})`;
    case 'array':
      return `${typeText(type.element)}[]`;
    default:
      return typeWords[type.type];
  }
}

const typeWords: Readonly<Record<Exclude<DataType['type'], 'decimal' | 'text' | 'array'>, string>> = {
  boolean: 'bool',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'float',
  bytes: 'binary',
  date: 'date',
  time: 'time',
  timetz: 'timez',
  timestamp: 'datetime',
  timestamptz: 'timestampz',
  interval: 'interval',
  uuid: 'uuid',
  json: 'json',
};
