import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { LoadHarness } from '../support/load-harness.ts';
import { startPostgres, type OwnPostgres } from '../support/own-postgres.ts';

let harness: LoadHarness;
let server: OwnPostgres;
beforeAll(async () => {
  harness = await LoadHarness.create();
  server = await startPostgres('restart');
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(server.url));
  await harness.open('PG', postgresConnector, config);
  await harness.open('COPY', postgresConnector, config);
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.run(
    'PG',
    'create table events (id int primary key, changed int not null, name text)',
    'create index on events (changed)',
    `insert into events select g, g / 7, repeat('n' || g, 50) from generate_series(1, 6000) g`,
  );
});
afterAll(async () => {
  await harness.close();
  await server.remove();
});

const targets = ['DUCK', 'COPY'] as const;
const ways = [
  ['each chunk', 'mode: incremental, primary_key: id, update_key: changed'],
  ['once at the end', 'mode: full-refresh'],
] as const;

describe.each(targets)('into %s', (target) => {
  const state = (connection: string, table: string) =>
    harness.rows(connection, `select count(*), count(distinct id), sum(length(name)) from ${table}`);
  const left = async () =>
    ((await (await harness.get(target)).database?.list('raw')) ?? []).map(({ name }) => name);
  const yaml = (options: string, target_options = '{}'): string =>
    `source: PG\ntarget: ${target}\nstreams: { events: { object: raw.events, ${options}, source_options: { chunk_size: 1000 }, target_options: ${target_options} } }\n`;

  beforeEach(() =>
    harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade'),
  );

  test.each(ways)('a restart while rows are read, published %s', async (_way, options) => {
    let restarting: Promise<void> | undefined;
    const onLog = (line: string): void => {
      if (/chunk 2 is/.test(line)) restarting ??= server.restart();
    };
    await expect(harness.loadOne(yaml(options), { onLog })).rejects.toMatchObject({ kind: 'transient' });
    await restarting;
    const reads: string[] = [];
    const figures = await harness.loadOne(yaml(options), { onLog: (line) => reads.push(line) });
    const chunksHere = reads.filter((line) => /chunk \d+ is/.test(line)).length;
    expect(chunksHere).toBeLessThanOrEqual(4);
    if (options.includes('full')) expect(figures).toMatchObject({ rowsRead: 6000, chunks: 6 });
    else expect(figures['chunks']).toBeLessThanOrEqual(5);
    expect(await state(target, 'raw.events')).toEqual(await state('PG', 'events'));
    expect(await left()).not.toContainEqual(expect.stringContaining('stage'));
  });
});

test('a restart while a stage is published: the table is as it was, and no chunk is read again', async () => {
  await harness.run('COPY', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  await harness.run('COPY', 'create schema raw', 'create table raw.events as select 7 as id');
  const yaml = (postSql: string): string =>
    `source: PG\ntarget: COPY\nstreams: { events: { object: raw.events, mode: full-refresh, source_options: { chunk_size: 1000 }, target_options: { post_sql: '${postSql}' } } }\n`;
  let restarting: Promise<void> | undefined;
  const publishing = harness.loadOne(yaml('select pg_sleep(20)'), {
    onLog: (line) => {
      if (/chunk 6 is/.test(line)) restarting ??= restartOnceAsleep();
    },
  });
  await expect(publishing).rejects.toMatchObject({ kind: 'transient' });
  await restarting;
  expect(await harness.rows('COPY', 'select * from raw.events')).toEqual([[7]]);
  const lines: string[] = [];
  const figures = await harness.loadOne(yaml('select 1'), { onLog: (line) => lines.push(line) });
  expect(figures).toMatchObject({ rowsRead: 6000, chunks: 6 });
  expect(lines.filter((line) => /chunk \d+ is/.test(line))).toEqual([]);
  expect(lines.join('\n')).toMatch(/going on after chunk 6 of a run that stopped/);
  expect(await harness.rows('COPY', 'select count(*) from raw.events')).toEqual([[6000]]);

  async function restartOnceAsleep(): Promise<void> {
    const asleep = `select 1 from pg_stat_activity where query = 'select pg_sleep(20)' and state = 'active'`;
    while ((await harness.rows('PG', asleep)).length === 0);
    await server.restart();
  }
});
