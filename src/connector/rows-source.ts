import { CancelledError, ConfigError, FatalError, MillraceError, TransientError } from '../core/errors.ts';
import type { Column } from '../sql/data-type.ts';
import type { ReadAfter, ReadRequest, Source, StreamSchema } from './connection.ts';
import { rowBatches } from './row-batches.ts';
import type { Row } from './values/row-value.ts';

/** What to read of a stream of rows. */
export interface RowsRequest {
  readonly stream: string;
  /** Columns that are wanted; a row may have others beside them. */
  readonly columns: readonly string[];
  /** Rows that are older may be left out; see `ReadAfter`. Absent: all rows. */
  readonly after?: ReadAfter;
  /** No more than these are used; reading on is a waste. */
  readonly limit?: number;
}

/** A source that gives its rows as objects: what an HTTP API or a library needs. */
export interface RowsSource {
  /** Names of all streams. */
  readonly discover: () => Promise<readonly string[]>;
  /** Columns, their types and the primary key; undefined when there is no such stream. */
  readonly describe: (stream: string) => Promise<StreamSchema | undefined>;
  /** Pages of rows, as the system gives them: one page is held in memory at a time. */
  readonly read: (request: RowsRequest, signal: AbortSignal) => AsyncIterable<readonly Row[]>;
  /** What a row without a column's key means. Default: an error, because a column may have gone away. */
  readonly missingKeys?: 'error' | 'null';
}

/**
 * Makes a `Source` of functions that give rows. It has no SQL: `where:` and queries are refused, and a load along an
 * update key hands over `after` and leaves out itself what is too old.
 * @param connection the connection's name, for errors
 */
export function rowsSource(connection: string, rows: RowsSource): Source {
  const describe = async (stream: {
    readonly name: string;
    readonly sql?: string;
  }): Promise<StreamSchema> => {
    if (stream.sql !== undefined) throw withoutSql(connection, 'sql:');
    const schema = await rows.describe(stream.name);
    if (schema) return schema;
    const known = await rows.discover();
    throw new ConfigError(`${connection} has no stream '${stream.name}'`, {
      code: 'stream_missing',
      next: known.length > 0 ? `It has: ${[...known].sort().join(', ')}` : 'It has no streams at all',
    });
  };
  return {
    emits: ['columns'],
    predicates: 'none',
    discover: async (pattern) => {
      const wanted = patternOf(pattern);
      return (await rows.discover()).filter((name) => wanted.test(name)).sort();
    },
    describe,
    read: async (request, _format, signal) => {
      const columns = wantedColumns(connection, request, await describe(request.stream));
      const options = {
        stream: request.stream.name,
        ...(rows.missingKeys ? { missingKeys: rows.missingKeys } : {}),
      };
      const pages = limited(
        abortable(knownErrors(rows.read(rowsRequest(request), signal), request, signal), signal),
        request.limit,
      );
      return {
        format: 'columns',
        schema: { columns, primaryKey: [] },
        batches: rowBatches(columns, pages, options),
      };
    },
  };
}

function rowsRequest({ stream, columns, after, limit }: ReadRequest): RowsRequest {
  return {
    stream: stream.name,
    columns,
    ...(after ? { after } : {}),
    ...(limit === undefined ? {} : { limit }),
  };
}

function wantedColumns(connection: string, request: ReadRequest, schema: StreamSchema): readonly Column[] {
  if (request.where !== undefined) throw withoutSql(connection, 'where:');
  if (request.orderBy !== undefined) throw withoutSql(connection, 'an order');
  return request.columns.map((name) => {
    const found = schema.columns.find((column) => column.name === name);
    if (found) return found;
    throw new ConfigError(`the stream '${request.stream.name}' of ${connection} has no column '${name}'`, {
      code: 'column_missing',
      next: `It has: ${schema.columns.map((column) => column.name).join(', ')}`,
    });
  });
}

function withoutSql(connection: string, key: string): ConfigError {
  return new ConfigError(`${connection} has no SQL, so it cannot take ${key}`, {
    code: 'not_supported',
    next: 'Load the stream as it is and filter it in a model',
  });
}

function patternOf(pattern: string): RegExp {
  const escaped = RegExp.escape(pattern)
    .replaceAll(String.raw`\*`, '.*')
    .replaceAll(String.raw`\?`, '.');
  return new RegExp(`^${escaped}$`, 'is');
}

async function* limited(
  pages: AsyncIterable<readonly Row[]>,
  limit = Infinity,
): AsyncGenerator<readonly Row[]> {
  let left = limit;
  if (left <= 0) return;
  for await (const page of pages) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

/** Ends as soon as the signal is aborted, whether or not the source listens to it. */
async function* abortable<T>(pages: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = pages[Symbol.asyncIterator]();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new CancelledError('reading was cancelled', { code: 'cancelled' }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  aborted.catch(() => undefined);
  let isDone = false;
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) {
        isDone = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // A generator that still waits for the system cannot be ended now; it ends when its wait does.
    if (!isDone) iterator.return?.(undefined)?.catch(() => undefined);
  }
}

const networkCodes = /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|EHOST|ENET|UND_ERR)/;

/** Errors of the author's own code and of `fetch`, told apart by what may go through later. */
async function* knownErrors<T>(
  pages: AsyncIterable<T>,
  { stream }: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<T> {
  try {
    yield* pages;
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    const message = `stream ${stream.name}: ${error instanceof Error ? error.message : String(error)}`;
    if (signal.aborted) throw new CancelledError(message, { code: 'cancelled', cause: error });
    if (networkCodes.test(systemCode(error)))
      throw new TransientError(message, { code: 'connection_lost', cause: error });
    throw new FatalError(message, { code: 'source_failed', cause: error });
  }
}

/** `fetch` puts the reason into `cause`. */
function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : systemCode(error.cause);
}
