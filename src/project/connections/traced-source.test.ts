import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import type { Connection, Source } from '../../connector/connection.ts';
import { postgresConnector } from '../../connectors/postgres/index.ts';
import type { Executor } from '../../core/executor.ts';
import type { Work, WorkTracer } from '../../telemetry/traces/work-tracer.ts';
import { tracedConnections } from './traced-connection.ts';

let database: TestDatabase;
let connection: Connection;
let source: Source;
const seen: { readonly work: Work; readonly more?: unknown; readonly error?: string }[] = [];

const tracer: WorkTracer = {
  around: (executor: Executor) => executor,
  measure: async (work, measured, more) => {
    try {
      const result = await measured();
      seen.push({ work, more: more?.(result) });
      return result;
    } catch (error) {
      seen.push({ work, error: String(error) });
      throw error;
    }
  },
  chore: { name: 'none', everySeconds: 1, work: async () => false },
};

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query('create table orders as select i as id from generate_series(1, 1000) i');
  const config = postgresConnector.config.parse(postgresConnector.parseUrl?.(database.url));
  connection = await postgresConnector.open(config, {
    name: 'SHOP',
    projectFolder: '/',
    temporaryFolder: '/tmp',
    memoryBudgetBytes: 1e8,
  });
  const traced = await tracedConnections(async () => connection, tracer)('SHOP');
  if (!traced.source) throw new Error('PostgreSQL is no source');
  source = traced.source;
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});
beforeEach(() => {
  seen.length = 0;
});

const request = { stream: { name: 'public.orders' }, columns: ['id'], options: {} };

it('the span of a COPY lasts until its last byte is taken, and knows how many there were', async () => {
  const payload = await source.read(request, 'pg-copy-binary', AbortSignal.timeout(10_000));
  expect(seen).toEqual([]);
  expect({ ...payload }).toMatchObject({ schema: { columns: [{ name: 'id' }] } });
  let bytes = 0;
  if (payload.format === 'pg-copy-binary') for await (const piece of payload.bytes) bytes += piece.byteLength;
  await expect.poll(() => seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    work: {
      name: 'read from SHOP',
      kind: 'client',
      attributes: {
        'db.system.name': 'postgresql',
        'db.collection.name': 'public.orders',
        'millrace.form': 'pg-copy-binary',
      },
    },
    more: { 'millrace.bytes': bytes },
  });
  expect(bytes).toBeGreaterThan(1000);
});

it('rows are counted where they travel as columns', async () => {
  const payload = await source.read(request, 'columns', AbortSignal.timeout(10_000));
  if (payload.format === 'columns') for await (const { release } of payload.batches) release?.();
  await expect.poll(() => seen).toHaveLength(1);
  expect(seen[0]?.more).toEqual({ 'millrace.rows': 1000, 'millrace.bytes': undefined });
});

it('a reading that is stopped, or cannot begin, is an error in the trace', async () => {
  const stop = new AbortController();
  await source.read(request, 'columns', stop.signal);
  stop.abort();
  await expect.poll(() => seen.map(({ error }) => error)).toEqual([expect.stringContaining('AbortError')]);
  const missing = { ...request, stream: { name: 'public.nothing' } };
  const reading = source.read(missing, 'columns', AbortSignal.timeout(10_000)).then(async (payload) => {
    if (payload.format === 'columns') for await (const { release } of payload.batches) release?.();
  });
  await expect(reading).rejects.toThrow('nothing');
  await expect.poll(() => seen.map(({ error }) => error)[1]).toContain('nothing');
});
