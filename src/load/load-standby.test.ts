import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { startPostgresPair, type PostgresPair } from '../../test/support/postgres-standby.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';

const rowCount = 500;
/** A row takes a millisecond, so that reading all of them takes several times the grace. */
const slowly = `pg_sleep(0.001)::text = ''`;
const graceSeconds = 0.25;

let harness: LoadHarness;
let pair: PostgresPair;
let primary: pg.Client;
beforeAll(async () => {
  pair = await startPostgresPair(graceSeconds);
  primary = new pg.Client({ connectionString: pair.primaryUrl });
  await primary.connect();
  await primary.query(`create table events (id int primary key, changed timestamptz not null);
    create index on events (changed);
    insert into events select i, timestamptz '2024-01-01' + i * interval '1 second' from generate_series(1, ${rowCount}) i;
    create table churn (id int primary key, value int);
    insert into churn select i, 0 from generate_series(1, 1000) i`);
  harness = await LoadHarness.create();
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(pair.standbyUrl));
  await harness.open('STANDBY', postgresConnector, config);
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await replayed();
}, 60_000);
afterAll(async () => {
  await harness.close();
  await primary.end();
  await pair.stop();
});
beforeEach(async () => {
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
});

async function replayed(): Promise<void> {
  for (;;) {
    const [row] = await harness.rows('STANDBY', `select to_regclass('churn')`);
    if (row?.[0] !== null) return;
    await sleep(50);
  }
}

/** Vacuums on the primary, which the standby cannot replay under a query that still sees the old rows. */
async function whileVacuuming<T>(work: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const churn = (async () => {
    while (!stop.signal.aborted) {
      await primary.query('update churn set value = value + 1');
      await primary.query('vacuum churn');
      await sleep(60);
    }
  })();
  try {
    return await work();
  } finally {
    stop.abort();
    await churn;
  }
}

const yaml = (keys: string, options: string): string =>
  `source: STANDBY\ntarget: DUCK\nstreams: { events: { object: raw.events, where: "${slowly}", ${keys}, ${options} } }\n`;

test('in one go, a standby cancels the reading', async () => {
  const load = whileVacuuming(() => harness.loadOne(yaml('mode: full-refresh', 'tags: [slow]')));
  await expect(load).rejects.toMatchObject({ kind: 'transient', code: 'transaction_conflict' });
});

test.each([
  ['published by chunk', 'mode: incremental, update_key: changed, primary_key: id'],
  ['published at the end', 'mode: full-refresh'],
])('in chunks it goes through, %s', { timeout: 60_000 }, async (_when, keys) => {
  const figures = await whileVacuuming(() =>
    harness.loadOne(yaml(keys, `source_options: { chunk_size: ${rowCount} }`)),
  );
  expect(figures).toMatchObject({ rowsRead: rowCount, rowsInserted: rowCount });
  expect(figures['chunks']).toBeGreaterThan(1);
  expect(await harness.rows('DUCK', 'select count(distinct id), sum(id) from raw.events')).toEqual([
    [rowCount, (rowCount * (rowCount + 1)) / 2],
  ]);
  expect(harness.logged.join('\n')).toMatch(/conflict with recovery.*Read again in chunks of/);
});

test('a plan tells that the source is a standby', async () => {
  const [plan] = await harness.explain(yaml('mode: full-refresh', 'source_options: { chunk_size: 100 }'));
  expect(plan?.chunks?.replica).toEqual({ graceSeconds, hasFeedback: false });
});
