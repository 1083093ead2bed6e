import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { mysqlConnector } from '../../src/connectors/mysql/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { startFragileProxy, type FragileProxy } from '../support/fragile-proxy.ts';
import { LoadHarness } from '../support/load-harness.ts';
import { startMariaDb } from '../support/mariadb-server.ts';
import { createTestDatabase } from '../support/postgres-database.ts';

const rows = 200_000;
/** In the middle of the rows. */
const someBytes = 5_000_000;

const mariaDb = await startMariaDb();
const database = await createTestDatabase();
const harness = await LoadHarness.create();
const proxies = new Map<string, FragileProxy>();

beforeAll(async () => {
  const url = new URL(database.url);
  const proxy = await startFragileProxy({ host: '127.0.0.1', port: Number(url.port) });
  url.port = String(proxy.port);
  proxies.set('PG', proxy);
  await database.query(
    `create table numbers as select g as id, md5(g::text) || repeat('x', 100) as note from generate_series(1, ${rows}) g`,
  );
  await harness.open(
    'PG',
    postgresConnector,
    postgresConnector.config.parse(postgresConnector.parseUrl(url.href)),
  );
  const whole = postgresConnector.parseUrl(database.url);
  await harness.open('LAKE', postgresConnector, postgresConnector.config.parse(whole));
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  if ('skip' in mariaDb) return;
  await mariaDb.run(
    `create table numbers as select seq as id, concat(md5(seq), repeat('x', 100)) as note from seq_1_to_${rows}`,
  );
  const maria = new URL(mariaDb.url);
  const mariaProxy = await startFragileProxy({ host: '127.0.0.1', port: Number(maria.port) });
  maria.port = String(mariaProxy.port);
  proxies.set('MARIA', mariaProxy);
  await harness.open(
    'MARIA',
    mysqlConnector,
    mysqlConnector.config.parse(mysqlConnector.parseUrl(maria.href)),
  );
});
afterEach(() => {
  for (const proxy of proxies.values()) proxy.heal();
});
afterAll(async () => {
  for (const proxy of proxies.values()) await proxy.close();
  await harness.close();
  await database.drop();
  if (!('skip' in mariaDb)) await mariaDb.stop();
});

const routes = [
  ['PG', 'DUCK'],
  ['PG', 'LAKE'],
  ['MARIA', 'DUCK'],
] as const;

describe.each(routes.filter(([source]) => source === 'PG' || !('skip' in mariaDb)))(
  '%s to %s',
  (source, target) => {
    const proxy = (): FragileProxy => proxies.get(source)!;
    const yaml = (stallSeconds: number): string =>
      `source: ${source}\ntarget: ${target}\nstreams: { numbers: { object: raw.numbers, mode: full-refresh, meta: { millrace: { stall_seconds: ${stallSeconds} } } } }\n`;
    const loaded = () => harness.rows(target, 'select count(*) from raw.numbers');
    /** Once, when rows are coming. */
    const atFirstRows = (disturb: () => void): (() => void) => {
      let done = false;
      return () => {
        if (!done) disturb();
        done = true;
      };
    };

    test('rows that stop coming end the load, which goes through the next time', async () => {
      const onProgress = atFirstRows(() => proxy().stallAfter(someBytes));
      await expect(harness.loadOne(yaml(1), { onProgress })).rejects.toMatchObject({
        kind: 'transient',
        code: 'read_stalled',
      });
      proxy().heal();
      await harness.loadOne(yaml(1));
      expect(await loaded()).toEqual([[rows]]);
    });

    test('a server that takes connections and says nothing is noticed as well', async () => {
      proxy().stallAfter(0);
      await expect(harness.loadOne(yaml(1))).rejects.toMatchObject({ kind: 'transient' });
      proxy().heal();
      await harness.loadOne(yaml(1));
      expect(await loaded()).toEqual([[rows]]);
    });

    test('a connection that is reset ends the load at once', async () => {
      const onProgress = atFirstRows(() => proxy().dropAfter(someBytes));
      await expect(harness.loadOne(yaml(0), { onProgress })).rejects.toMatchObject({
        kind: 'transient',
        code: 'connection_lost',
      });
    });

    test('slow is not stalled', async () => {
      proxy().delay(5);
      await harness.loadOne(yaml(2));
      expect(await loaded()).toEqual([[rows]]);
    });
  },
);

test('a stalled reading leaves no query on the server, and no connection', async () => {
  const proxy = proxies.get('PG')!;
  const yaml = `source: PG\ntarget: DUCK\nstreams: { slow: { object: raw.slow, sql: 'select pg_sleep(600)::text as a', meta: { millrace: { stall_seconds: 1 } } } }\n`;
  await expect(harness.loadOne(yaml)).rejects.toMatchObject({ code: 'read_stalled' });
  const running = async () =>
    Number(
      (
        await harness.rows(
          'LAKE',
          `select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and state = 'active' and pid <> pg_backend_pid()`,
        )
      )[0]?.[0],
    );
  await expect.poll(running, { timeout: 20_000 }).toBe(0);

  let stalled = false;
  const onProgress = (): void => {
    if (!stalled) proxy.stallAfter(someBytes);
    stalled = true;
  };
  const numbers = `source: PG\ntarget: DUCK\nstreams: { numbers: { object: raw.numbers, meta: { millrace: { stall_seconds: 1 } } } }\n`;
  const before = proxy.open();
  await expect(harness.loadOne(numbers, { onProgress })).rejects.toMatchObject({ code: 'read_stalled' });
  await expect.poll(() => proxy.open(), { timeout: 20_000 }).toBeLessThanOrEqual(before);
});
