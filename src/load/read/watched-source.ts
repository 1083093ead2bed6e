import type { Connection, SqlDatabase, Source } from '../../connector/connection.ts';
import { instead } from '../../connector/instead.ts';
import type { Payload } from '../../connector/payload.ts';
import { TransientError } from '../../core/errors.ts';

const looksPerPatience = 10;

/**
 * A source whose silence is noticed: a question that is not answered, or rows that stop coming, for so long
 * end as a transient error, and what the server does for them is cancelled. Time in which nobody waits for
 * the source, because its rows are written elsewhere, does not count; nor does that in which this process looks
 * through files, which takes as long as they are large.
 * @param stallSeconds 0 waits for ever
 */
export function watchedSource(connection: Connection, stallSeconds: number): Connection {
  if (stallSeconds === 0) return connection;
  const { name, database, source, folder } = connection;
  const error = (): TransientError => stalled(name, stallSeconds);
  const watch: Watch = Object.assign(
    <T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) =>
      withinPatience(stallSeconds, error, work, signal),
    { stallSeconds, error },
  );
  return instead(connection, {
    ...(database ? { database: watchedDatabase(database, watch) } : {}),
    ...(source
      ? { source: watchedReads(source, watch, folder === undefined || database ? watch : atEase) }
      : {}),
  });
}

/** Runs `work` and rejects when it is silent for too long; the signal that it gets is aborted then. */
type Watch = {
  <T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  readonly stallSeconds: number;
  readonly error: () => TransientError;
};

function watchedDatabase(database: SqlDatabase, watch: Watch): SqlDatabase {
  return instead(database, {
    query: (sql, parameters, signal) => watch((both) => database.query(sql, parameters, both), signal),
    execute: (sql, parameters, signal) => watch((both) => database.execute(sql, parameters, both), signal),
    describe: (table) => watch(() => database.describe(table)),
    list: (schema) => watch(() => database.list(schema)),
  });
}

type Asking = <T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) => Promise<T>;

const atEase: Asking = (work, signal = new AbortController().signal) => work(signal);

/** @param ask how the source is asked for what is there before its rows come */
function watchedReads(source: Source, watch: Watch, ask: Asking): Source {
  return instead(source, {
    discover: (pattern) => ask(() => source.discover(pattern)),
    describe: (stream, options, signal) => ask((both) => source.describe(stream, options, both), signal),
    read: async (request, format, signal) => {
      const stop = new AbortController();
      const both = AbortSignal.any([signal, stop.signal]);
      const payload = await ask(() => source.read(request, format, both), signal);
      return watchedPayload(payload, watch, stop);
    },
  });
}

function watchedPayload(payload: Payload, watch: Watch, stop: AbortController): Payload {
  switch (payload.format) {
    case 'columns':
      return { ...payload, batches: watched(payload.batches, watch, stop) };
    case 'pg-copy-binary':
      return { ...payload, bytes: watched(payload.bytes, watch, stop) };
    default:
      return payload;
  }
}

/** The same items, as long as none of them is waited for too long. One timer looks after all of them. */
async function* watched<T>(items: AsyncIterable<T>, watch: Watch, stop: AbortController): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const patienceMs = watch.stallSeconds * 1000;
  let waiting: { readonly sinceMs: number; readonly reject: (error: Error) => void } | undefined;
  const timer = setInterval(() => {
    if (!waiting || performance.now() - waiting.sinceMs < patienceMs) return;
    stop.abort();
    waiting.reject(watch.error());
  }, patienceMs / looksPerPatience);
  timer.unref();
  let finished = false;
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        waiting = { sinceMs: performance.now(), reject };
        iterator.next().then(resolve, reject);
      });
      waiting = undefined;
      if (next.done === true) {
        finished = true;
        return;
      }
      yield next.value;
    }
  } finally {
    clearInterval(timer);
    // A reading that hangs would not answer.
    if (!finished && !stop.signal.aborted) await iterator.return?.();
  }
}

/** Once only, for a question. */
async function withinPatience<T>(
  stallSeconds: number,
  error: () => TransientError,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const stop = new AbortController();
  return await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(error());
      stop.abort();
    }, stallSeconds * 1000);
    work(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

function stalled(name: string, stallSeconds: number): TransientError {
  return new TransientError(`Connection ${name}: nothing has come from it for ${stallSeconds} seconds.`, {
    code: 'read_stalled',
    state: 'What the server did for it is cancelled',
    next: 'Look at the server and the network; a query that computes for longer needs another meta.millrace.stall_seconds',
  });
}
