import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection, ReadRequest } from '../connector/connection.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import { TransientError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import { formatStreamPlan } from './explain.ts';

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('DISK', filesConnector, {});
  const [shop, warehouse] = databases.map((database) => postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, postgresConnector.config.parse(shop));
  await harness.open('PG2', postgresConnector, postgresConnector.config.parse(warehouse));
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
});

function beforeEachRead(inner: Connection, work: (request: ReadRequest) => Promise<void>): Connection {
  const { source } = inner;
  if (!source) throw new Error('only for sources');
  return {
    ...inner,
    source: {
      ...source,
      read: async (request, format, signal) => {
        await work(request);
        return await source.read(request, format, signal);
      },
    },
  };
}

/** A source that fails at some of its readings. */
function failingSource(inner: Connection, failAt: readonly number[], error: () => Error): Connection {
  let reads = 0;
  return beforeEachRead(inner, async () => {
    reads += 1;
    if (failAt.includes(reads)) throw error();
  });
}

const lost = (): Error => new TransientError('the server closed the connection', { code: 'connection_lost' });
const cancelled = (): Error =>
  new TransientError('canceling statement due to conflict with recovery', { code: 'transaction_conflict' });

const replaced = new Map<string, Connection>();

/** Puts another connection in the place of this one until the test is over. */
async function disturb(name: string, change: (whole: Connection) => Connection): Promise<void> {
  const whole = await harness.get(name);
  if (!replaced.has(name)) replaced.set(name, whole);
  harness.replace(name, change(replaced.get(name) ?? whole));
}

function restore(): void {
  for (const [name, whole] of replaced) harness.replace(name, whole);
  replaced.clear();
}

afterEach(restore);

const routes = [
  ['LITE', 'DUCK'],
  ['PG', 'DUCK'],
  ['PG', 'PG2'],
] as const;

describe.each(routes)('%s to %s', (source, target) => {
  const stream = (rest: string): string =>
    `source: ${source}\ntarget: ${target}\nstreams: { events: { object: raw.events, ${rest} } }\n`;
  const state = (connection: string, table: string) =>
    harness.rows(connection, `select region, id, changed, name from ${table} order by region, id`);

  beforeEach(async () => {
    await harness.run(
      source,
      'drop table if exists events',
      'create table events (region int not null, id int not null, changed int, name text, primary key (region, id))',
      'create index events_changed on events (changed)',
      ...Array.from({ length: 60 }, (_, index) => {
        const changed = index % 20 === 19 ? 'null' : Math.floor(index / 25);
        return `insert into events values (${index % 3}, ${100 - index}, ${changed}, 'n${index}')`;
      }),
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  const both = 'mode: incremental, update_key: changed, primary_key: [region, id]';

  test('chunks along the update key cut through ties, and take NULLs with the last one', async () => {
    const yaml = stream(`${both}, source_options: { chunk_size: 7 }`);
    const figures = await harness.loadOne(yaml);
    expect(figures).toMatchObject({ rowsRead: 60, rowsInserted: 60, chunks: 9, watermarkBefore: 'none' });
    expect(await state(target, 'raw.events')).toEqual(await state(source, 'events'));
    await harness.run(source, `update events set changed = 3, name = 'new' where id > 90`);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 10 });
    expect(await state(target, 'raw.events')).toEqual(await state(source, 'events'));
  });

  test('without a primary key a chunk takes all ties of its last row', async () => {
    const yaml = stream('mode: incremental, update_key: changed, source_options: { chunk_size: 7 }');
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsRead: 60, rowsInserted: 60, chunks: 3 });
    expect(await state(target, 'raw.events')).toEqual(await state(source, 'events'));
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsDeleted: 0 });
  });

  test('a filter that leaves nothing in some chunks does not stop the others', async () => {
    const options = `where: 'id <= 41', source_options: { chunk_size: 7 }`;
    for (const keys of [both, 'mode: full-refresh']) {
      await harness.run(target, 'drop table if exists raw.events');
      expect(await harness.loadOne(stream(`${keys}, ${options}`))).toMatchObject({ rowsRead: 1 });
      expect(await harness.rows(target, 'select id from raw.events')).toEqual([[41]]);
    }
  });

  test.each(['full-refresh', 'truncate', 'snapshot'])(
    '%s is cut by the primary key, published once',
    async (mode) => {
      await harness.run(
        target,
        'create schema raw',
        'create table raw.events (region bigint)',
        'insert into raw.events values (7)',
      );
      const seen = new Set<string>();
      await disturb(source, (whole) =>
        beforeEachRead(whole, async () => {
          seen.add(JSON.stringify(await harness.rows(target, 'select region from raw.events')));
        }),
      );
      const figures = await harness.loadOne(stream(`mode: ${mode}, source_options: { chunk_size: 7 }`));
      expect(figures).toMatchObject({ rowsRead: 60, rowsInserted: 60, chunks: 9 });
      expect([...seen]).toEqual(['[[7]]']);
      const kept = mode === 'snapshot' ? 'raw.events where id is not null' : 'raw.events';
      expect(await state(target, kept)).toEqual(await state(source, 'events'));
      const left = (await (await harness.get(target)).database?.list('raw')) ?? [];
      expect(left.map((relation) => relation.name)).toEqual(['events']);
    },
  );

  test('chunk_count and chunk_expr read every row once, rows without a number too', async () => {
    const counted = stream('mode: full-refresh, source_options: { chunk_count: 4 }');
    expect(await harness.loadOne(counted)).toMatchObject({ rowsRead: 60, chunks: 4 });
    const numbered = stream(
      `mode: full-refresh, source_options: { chunk_count: 2, chunk_expr: 'changed % {chunk_count}' }`,
    );
    expect(await harness.loadOne(numbered)).toMatchObject({ rowsRead: 60, chunks: 2 });
    expect(await state(target, 'raw.events')).toEqual(await state(source, 'events'));
  });

  test.each([
    ['each chunk', both],
    ['once at the end', 'mode: full-refresh'],
  ])('a lost connection: the next attempt goes on, published %s', async (_when, keys) => {
    const yaml = stream(`${keys}, source_options: { chunk_size: 10 }`);
    const saved: JsonValue[] = [];
    const options = {
      idempotencyKey: `lost ${_when}`,
      onCheckpoint: (value: JsonValue) => saved.push(value),
    };
    await disturb(source, (whole) => failingSource(whole, [4], lost));
    await expect(harness.loadOne(yaml, options)).rejects.toMatchObject({ kind: 'transient' });
    const counting = { rows: 0 };
    await disturb(source, (whole) => countRows(whole, counting));
    // The engine counts an interrupted step as getting on by what it saves.
    expect(saved.length).toBeGreaterThan(0);
    const checkpoint = saved.at(-1);
    const figures = await harness.loadOne(
      yaml,
      checkpoint === undefined ? options : { ...options, checkpoint },
    );
    expect(figures).toMatchObject({ rowsInserted: 60 });
    expect(counting.rows).toBeLessThan(60);
    expect(await state(target, 'raw.events')).toEqual(await state(source, 'events'));
    const left = (await (await harness.get(target)).database?.list('raw')) ?? [];
    expect(left.map((relation) => relation.name)).toEqual(['events']);
  });

  test('a full refresh of an incremental stream shows nothing before it is complete', async () => {
    const yaml = stream(`${both}, source_options: { chunk_size: 10 }`);
    await harness.loadOne(yaml);
    await harness.run(source, 'delete from events where id > 60');
    await disturb(source, (whole) => failingSource(whole, [2], lost));
    await expect(harness.loadOne(yaml, { fullRefresh: true })).rejects.toMatchObject({ kind: 'transient' });
    restore();
    expect(await harness.rows(target, 'select count(*) from raw.events')).toEqual([[60]]);
    expect(await harness.loadOne(yaml, { fullRefresh: true })).toMatchObject({ rowsRead: 20, chunks: 2 });
    expect(await state(target, 'raw.events')).toEqual(await state(source, 'events'));
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
  });

  test.each([both, 'mode: full-refresh'])('a cancelled read is halved and repeated (%s)', async (keys) => {
    await disturb(source, (whole) => failingSource(whole, [2, 3, 5], cancelled));
    const yaml = stream(`${keys}, source_options: { chunk_size: 30 }`);
    const figures = await harness.loadOne(yaml);
    expect(figures).toMatchObject({ rowsRead: 60, rowsInserted: 60 });
    expect(await state(target, 'raw.events')).toEqual(await state(source, 'events'));
    expect(harness.logged.filter((line) => line.includes('Read again in chunks'))).not.toEqual([]);
  });

  test('no index, no chunks: the table would be sorted for each', async () => {
    await harness.run(source, 'drop index events_changed');
    const figures = await harness.loadOne(stream(`${both}, source_options: { chunk_size: 7 }`));
    expect(figures).toMatchObject({ rowsRead: 60, chunks: 1 });
    expect(harness.logged.join('\n')).toMatch(/read in one go: there is no index .* update_key changed/);
  });
});

function countRows(inner: Connection, count: { rows: number }): Connection {
  return beforeEachRead(inner, async ({ stream, where = '1 = 1' }) => {
    const found = await inner.database?.query(`select count(*) from ${stream.name} where ${where}`);
    count.rows += Number(found?.rows[0]?.[0]);
  });
}

describe('time', () => {
  const yaml = (options: string): string =>
    `source: PG\ntarget: DUCK\nstreams: { visits: { object: raw.visits, mode: incremental, update_key: at, ${options} } }\n`;

  beforeEach(async () => {
    await harness.run(
      'PG',
      'drop table if exists visits',
      'create table visits (id int primary key, at timestamptz)',
      'create index on visits (at)',
      `insert into visits select i, timestamptz '2024-01-01' + i * interval '5 hours' from generate_series(0, 49) i`,
      `insert into visits values (90, '2024-06-01'), (91, '2024-06-01')`,
    );
    await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  test.each(['', 'primary_key: id,'])(
    'cuts chunks along the update key, without those of a gap %s',
    async (key) => {
      const figures = await harness.loadOne(yaml(`${key} source_options: { chunk_size: 1w }`));
      expect(figures).toMatchObject({ rowsRead: 52, rowsInserted: 52, chunks: 3 });
      expect(await harness.rows('DUCK', 'select count(distinct id) from raw.visits')).toEqual([[52]]);
    },
  );
});

test('bad chunk options name their line', async () => {
  const load = (options: string) =>
    harness.explain(
      `source: PG\ntarget: DUCK\nstreams:\n  x:\n    object: raw.x\n    source_options: { ${options} }\n`,
    );
  await expect(load('chunk_size: 7q')).rejects.toMatchObject({ code: 'invalid_value', message: /7q/ });
  await expect(load('chunk_expr: a')).rejects.toThrow(/needs chunk_count/);
  await expect(load('chunk_size: 5, chunk_count: 2')).rejects.toThrow(/twice/);
});

test('a plan tells how it cuts, and files are not cut', async () => {
  await harness.run('PG', 'drop table if exists plain', 'create table plain (id int primary key)');
  const yaml = (target: string, object: string): string =>
    `source: PG\ntarget: ${target}\nstreams: { plain: { object: ${object}, meta: { millrace: { parallel_chunks: 3 } }, source_options: { chunk_size: 5 } } }\n`;
  const [plan] = await harness.explain(yaml('DUCK', 'raw.plain'));
  expect(plan && formatStreamPlan(plan)).toContain(
    'chunks     of 5 rows along id, 3 side by side, published once at the end: source_options ask for it',
  );
  const [whole] = await harness.explain(yaml('DISK', 'plain.csv'));
  expect(whole?.chunks).toBeUndefined();
  expect(whole?.remarks).toEqual([expect.stringMatching(/read in one go/)]);
});

test.each([
  ['each chunk', 'mode: incremental, primary_key: id, update_key: id', [1, 2], /chunks before are published/],
  ['all of them', 'mode: full-refresh', [], /Nothing of this load is published/],
])('a column that goes between chunks is told, with %s published', async (_, mode, kept, state) => {
  await harness.run(
    'PG',
    'drop table if exists lost',
    'create table lost (id int primary key, a text, b text)',
    "insert into lost select n, 'a', 'b' from generate_series(1, 6) n",
    'analyze lost',
  );
  await harness.run('PG2', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  const yaml = `source: PG\ntarget: PG2\nstreams: { lost: { object: raw.lost, ${mode}, source_options: { chunk_size: 2 }, meta: { millrace: { parallel_chunks: 1 } } } }\n`;
  let reads = 0;
  await disturb('PG', (whole) =>
    beforeEachRead(whole, async () => {
      reads += 1;
      if (reads === 2) await whole.database?.execute('alter table lost drop column b');
    }),
  );
  await expect(harness.loadOne(yaml)).rejects.toMatchObject({
    kind: 'data',
    code: 'column_gone',
    message: "stream lost: the column 'b' is gone from the source since this load was planned",
    state: expect.stringMatching(state),
    next: expect.stringContaining('millrace run -r test.yaml --streams lost'),
  });
  restore();
  const held = async () => (await harness.rows('PG2', 'select id from raw.lost order by id')).flat();
  if (kept.length > 0) expect(await held()).toEqual(kept);
  await harness.loadOne(yaml);
  expect(await held()).toEqual([1, 2, 3, 4, 5, 6]);
});
