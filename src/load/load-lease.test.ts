import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import { takeLeaseRow } from './stream/lease-row.ts';

let harness: LoadHarness;
let database: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  database = await createTestDatabase();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('SAME', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, config);
  await harness.open('PG2', postgresConnector, config);
  await harness.run(
    'LITE',
    'create table orders (id integer primary key)',
    'insert into orders values (1), (2)',
  );
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

const yaml = (target: string, options = ''): string =>
  `source: LITE\ntarget: ${target}\nstreams: { orders: { object: raw.orders, mode: snapshot ${options} } }\n`;

test.each([
  ['DUCK', 'SAME'],
  ['PG', 'PG2'],
])('two loads of one table by %s and %s come one after another', async (one, other) => {
  await harness.run(one, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  await Promise.all([one, other, one, other].map((target) => harness.loadOne(yaml(target))));
  expect(await harness.rows(one, 'select count(*) from raw.orders')).toEqual([[8]]);
});

test('a lost lease is noticed before anything is published', async () => {
  await harness.run('PG', 'drop schema if exists raw cascade');
  await harness.loadOne(yaml('PG'));
  const cut = async (): Promise<void> => {
    await database.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
    );
    await sleep(200);
  };
  const whole = await harness.get('LITE');
  harness.replace('LITE', {
    ...whole,
    source: {
      ...whole.source!,
      read: async (...request) => {
        await cut();
        return await whole.source!.read(...request);
      },
    },
  });
  await expect(harness.loadOne(yaml('PG'))).rejects.toMatchObject({
    kind: 'transient',
    code: 'target_lease_lost',
  });
  harness.replace('LITE', whole);
  expect(await harness.rows('PG', 'select count(*) from raw.orders')).toEqual([[2]]);
});

test('a lease that a row keeps: one holder, until it lets go or has died', async () => {
  const { database: target } = await harness.get('DUCK');
  const first = await takeLeaseRow(target!, 'orders');
  expect(await takeLeaseRow(target!, 'orders')).toMatchObject({
    holder: expect.stringContaining(`${process.pid}`),
  });
  expect(await takeLeaseRow(target!, 'others')).toHaveProperty('lock');
  if ('lock' in first) await first.lock.release();
  const second = await takeLeaseRow(target!, 'orders');
  expect(second).toHaveProperty('lock');
  const rename = (owner: string, seenAt: Date) =>
    target!.execute(`update _millrace.leases set owner = $1, seen_at = $2 where name = 'orders'`, [
      owner,
      seenAt.toISOString(),
    ]);
  await rename('elsewhere 7 a b', new Date());
  expect(await takeLeaseRow(target!, 'orders')).toEqual({ holder: 'process 7 at elsewhere' });
  await rename('elsewhere 7 a b', new Date(0));
  expect(await takeLeaseRow(target!, 'orders')).toHaveProperty('lock');
});
