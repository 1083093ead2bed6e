import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ColumnBatch } from '../../connector/column-batch.ts';
import type { Connection, Source, SqlDatabase } from '../../connector/connection.ts';
import { watchedSource } from './watched-source.ts';

const stallSeconds = 900;
const signal = new AbortController().signal;
const request = { stream: { name: 't' }, columns: [], options: {} };
const stalled = { kind: 'transient', code: 'read_stalled' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Resolves after that time, of the fake clock. */
const after = <T>(seconds: number, value: T): Promise<T> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(value), seconds * 1000);
  });

async function* batchesAfter(...seconds: readonly number[]): AsyncGenerator<ColumnBatch> {
  for (const one of seconds) yield await after(one, { rowCount: 1, vectors: [] });
}

function source(seconds: number, batches: readonly number[] = []): Source {
  const schema = { columns: [], primaryKey: [] };
  return {
    emits: ['columns'],
    discover: () => after(seconds, []),
    describe: () => after(seconds, schema),
    read: () => after(seconds, { format: 'columns', schema, batches: batchesAfter(...batches) }),
  };
}

function watched(parts: Partial<Connection>): Connection {
  const connection: Connection = {
    name: 'SRC',
    type: 'some',
    check: async () => '',
    close: async () => undefined,
    ...parts,
  };
  return watchedSource(connection, stallSeconds);
}

async function outcome(work: Promise<unknown> | undefined): Promise<unknown> {
  const [settled] = await Promise.all([Promise.allSettled([work]), vi.advanceTimersByTimeAsync(10_000_000)]);
  const [result] = settled;
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

async function rowsOf(connection: Connection): Promise<number> {
  const payload = await connection.source?.read(request, 'columns', signal);
  let rows = 0;
  if (payload?.format === 'columns') for await (const batch of payload.batches) rows += batch.rowCount;
  return rows;
}

describe('a source that answers nothing for too long', () => {
  test.each([
    ['its streams', (one: Source) => one.discover('*')],
    ['a stream', (one: Source) => one.describe({ name: 't' }, {}, signal)],
    ['a reading', (one: Source) => one.read(request, 'columns', signal)],
  ])('is given up when it is asked for %s', async (_, ask) => {
    const slow = watched({ source: source(stallSeconds + 1) }).source;
    await expect(outcome(slow && ask(slow))).rejects.toMatchObject(stalled);
    const patient = watched({ source: source(stallSeconds - 1) }).source;
    await expect(outcome(patient && ask(patient))).resolves.toBeDefined();
  });

  test('cancels what the server does', async () => {
    let cancelled = false;
    const query: SqlDatabase['query'] = (_sql, _parameters, asked) => {
      asked?.addEventListener('abort', () => (cancelled = true));
      return new Promise(() => undefined);
    };
    const { database } = watched({ database: { query } as SqlDatabase });
    await expect(outcome(database?.query('select 1'))).rejects.toMatchObject(stalled);
    expect(cancelled).toBe(true);
  });

  test('is given up between two batches, and not for the time that the other side takes', async () => {
    await expect(
      outcome(rowsOf(watched({ source: source(0, [1, stallSeconds + 200]) }))),
    ).rejects.toMatchObject(stalled);
    const { source: fast } = watched({ source: source(0, [1, 1]) });
    const reading = (async () => {
      const payload = await fast?.read(request, 'columns', signal);
      let rows = 0;
      if (payload?.format === 'columns')
        for await (const batch of payload.batches) rows += await after(2 * stallSeconds, batch.rowCount);
      return rows;
    })();
    await expect(outcome(reading)).resolves.toBe(2);
  });
});

test('files are looked through for as long as it takes, and read as others are', async () => {
  const folder = '/data';
  await expect(outcome(rowsOf(watched({ folder, source: source(10 * stallSeconds, [1]) })))).resolves.toBe(1);
  await expect(
    outcome(rowsOf(watched({ folder, source: source(0, [2 * stallSeconds]) }))),
  ).rejects.toMatchObject(stalled);
});
