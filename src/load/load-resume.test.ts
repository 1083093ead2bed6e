import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { TransientError } from '../core/errors.ts';

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  const [shop, warehouse] = databases.map((database) => postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, postgresConnector.config.parse(shop));
  await harness.open('PG2', postgresConnector, postgresConnector.config.parse(warehouse));
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
});

/** Runs `work` while the source counts its readings, waits for so many of them at once, and fails in the nth. */
async function withSource(
  failAt: number,
  work: () => Promise<unknown>,
  together = 1,
): Promise<{ reads: number; most: number }> {
  const whole = await harness.get('PG');
  const source = whole.source!;
  const seen = { reads: 0, open: 0, most: 0 };
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  harness.replace('PG', {
    ...whole,
    source: {
      ...source,
      read: async (request, format, signal) => {
        seen.reads += 1;
        if (seen.reads === failAt) throw new TransientError('cut', { code: 'connection_lost' });
        seen.open += 1;
        seen.most = Math.max(seen.most, seen.open);
        if (seen.open >= together) arrive();
        await arrived;
        seen.open -= 1;
        return await source.read(request, format, signal);
      },
    },
  });
  try {
    await work();
  } finally {
    harness.replace('PG', whole);
  }
  return seen;
}

describe.each(['DUCK', 'PG2'])('into %s', (target) => {
  const yaml = (options = '', millrace = ''): string =>
    `source: PG\ntarget: ${target}\nstreams: { events: { object: raw.events, mode: full-refresh, ${options} source_options: { chunk_size: 10 }, meta: { millrace: { parallel_chunks: 1, ${millrace} } } } }\n`;
  const rows = (connection: string, table: string) =>
    harness.rows(connection, `select * from ${table} order by id`);
  const left = async () =>
    ((await (await harness.get(target)).database?.list('raw')) ?? []).map(({ name }) => name);
  const stopped = () => expect(withSource(4, () => harness.loadOne(yaml()))).rejects.toThrow('cut');

  beforeEach(async () => {
    await harness.run(
      'PG',
      'drop table if exists events',
      'create table events (id int primary key, name text)',
      `insert into events select g, 'n' || g from generate_series(1, 60) g`,
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  test('a new run goes on where a run stopped', async () => {
    await stopped();
    await harness.run('PG', `update events set name = 'newer' where id = 60`);
    let figures = {};
    const { reads } = await withSource(0, async () => {
      figures = await harness.loadOne(yaml());
    });
    expect(reads).toBe(3);
    expect(figures).toMatchObject({ rowsRead: 60, rowsInserted: 60, chunks: 6 });
    expect(await rows(target, 'raw.events')).toEqual(await rows('PG', 'events'));
    expect(await left()).toEqual(['events']);
    expect(await harness.rows(target, 'select count(*) from _millrace.unfinished')).toEqual([[0]]);
  });

  test.each([
    ['other columns', 'select: [id],', ''],
    ['other rows', `where: 'id > 5',`, ''],
    ['another type', 'columns: { id: bigint },', ''],
    ['no patience', '', 'resume_hours: 0'],
  ])('a new run with %s starts over, and nothing is left', async (_what, options, millrace) => {
    await stopped();
    const { reads } = await withSource(0, () => harness.loadOne(yaml(options, millrace)));
    expect(reads).toBe(6);
    expect(await left()).toEqual(['events']);
  });

  test('so does one after the columns of the source have changed', async () => {
    await stopped();
    await harness.run('PG', 'alter table events alter column name type varchar(9)');
    expect((await withSource(0, () => harness.loadOne(yaml()))).reads).toBe(6);
    expect(await left()).toEqual(['events']);
  });

  test('what is too old is read anew', async () => {
    await stopped();
    const earlier = new Date(Date.now() - 7 * 3_600_000).toISOString();
    await harness.run(target, `update _millrace.unfinished set saved_at = '${earlier}'`);
    await harness.run('PG', `update events set name = 'newer' where id = 1`);
    expect((await withSource(0, () => harness.loadOne(yaml()))).reads).toBe(6);
    expect(await rows(target, 'raw.events')).toEqual(await rows('PG', 'events'));
  });

  test('a stage that somebody dropped is not counted on', async () => {
    await stopped();
    for (const name of await left()) await harness.run(target, `drop table raw."${name}"`);
    expect((await withSource(0, () => harness.loadOne(yaml()))).reads).toBe(6);
    expect(await rows(target, 'raw.events')).toEqual(await rows('PG', 'events'));
  });

  test('a backfill that stopped goes on in the next run', async () => {
    const backfill = `source: PG\ntarget: ${target}\nstreams: { events: { object: raw.events, mode: backfill, primary_key: id, update_key: id, source_options: { chunk_size: 10, range: '1,50' } } }\n`;
    await expect(withSource(4, () => harness.loadOne(backfill))).rejects.toThrow('cut');
    let figures = {};
    await withSource(0, async () => {
      figures = await harness.loadOne(backfill);
    });
    expect(figures).toMatchObject({ rowsInserted: 20, chunks: 2, watermarkBefore: 'id = 30, key 30' });
    expect(await harness.rows(target, 'select count(*), max(id) from raw.events')).toEqual([[50, 50]]);
    expect(await harness.loadOne(backfill)).toMatchObject({ rowsRead: 50, rowsInserted: 0 });
  });

  test.each([2, 3, 9])('%i chunks side by side give the same rows', async (parallel) => {
    const together = yaml().replace('parallel_chunks: 1', `parallel_chunks: ${parallel}`);
    const { most } = await withSource(0, () => harness.loadOne(together), Math.min(parallel, 6));
    expect(most).toBe(Math.min(parallel, 6));
    expect(await rows(target, 'raw.events')).toEqual(await rows('PG', 'events'));
    await expect(withSource(4, () => harness.loadOne(together))).rejects.toThrow('cut');
    const { reads } = await withSource(0, () => harness.loadOne(together));
    expect(reads).toBe(3);
    expect(await left()).toEqual(['events']);
  });

  test('a connection is not read more often at a time than it bears', async () => {
    harness.replace('PG', { ...(await harness.get('PG')), maxReads: 2 });
    const together = yaml().replace('parallel_chunks: 1', 'parallel_chunks: 5');
    expect((await withSource(0, () => harness.loadOne(together), 2)).most).toBe(2);
    const { maxReads: _two, ...whole } = await harness.get('PG');
    harness.replace('PG', whole);
  });
});
