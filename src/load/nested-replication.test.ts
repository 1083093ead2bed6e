import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import type { JsonValue } from '../core/json.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.run('LITE', 'create table orders (id integer primary key)', 'insert into orders values (1)');
});
afterAll(() => harness.close());
beforeEach(async () => {
  harness.logged.length = 0;
  await harness.run('DUCK', 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  await harness.run('LITE', 'drop table if exists late');
});

const outer = `source: LITE
target: DUCK
hooks:
  start:
    - { type: replication, id: inner, path: inner.yaml }
streams:
  orders: { object: raw.outer }
`;
const inner = (loud: string): string => `source: LITE
target: DUCK
streams:
  orders:
    object: raw.orders
    hooks: { pre: [{ type: log, message: ${loud} }] }
  late: { object: raw.late }
`;

test('another attempt goes on with the streams that did not load', async () => {
  await writeFile(join(harness.folder, 'inner.yaml'), inner('first'));
  let checkpoint: JsonValue | undefined;
  const onCheckpoint = (value: JsonValue): void => {
    checkpoint = value;
  };
  await expect(harness.load(outer, { onCheckpoint, idempotencyKey: 'a' })).rejects.toThrow(/late/);
  expect(harness.logged).toContain('first');

  await harness.run('LITE', 'create table late (id integer)', 'insert into late values (7), (8)');
  harness.logged.length = 0;
  const outcomes = await harness.load(outer, { ...(checkpoint ? { checkpoint } : {}), onCheckpoint });
  expect(harness.logged).toContain('raw/orders: done by an earlier attempt');
  expect(harness.logged).not.toContain('first');
  expect(await harness.rows('DUCK', 'select count(*) from raw.late')).toEqual([[2]]);
  expect([...outcomes.values()][0]?.metadata).toMatchObject({ statuses: { inner: 'success' } });
});

test('so does one that a hook of a stream runs', async () => {
  await writeFile(join(harness.folder, 'inner.yaml'), inner('first'));
  const hooked = `source: LITE
target: DUCK
streams:
  orders: { object: raw.outer, hooks: { pre: [{ type: replication, path: inner.yaml }] } }
`;
  let checkpoint: JsonValue | undefined;
  const onCheckpoint = (value: JsonValue): void => {
    checkpoint = value;
  };
  await expect(harness.load(hooked, { onCheckpoint, idempotencyKey: 'b' })).rejects.toThrow(/late/);
  await harness.run('LITE', 'create table late (id integer)', 'insert into late values (7), (8)');
  harness.logged.length = 0;
  await harness.load(hooked, { ...(checkpoint ? { checkpoint } : {}), onCheckpoint, idempotencyKey: 'b' });
  expect(harness.logged).toContain('raw/orders: done by an earlier attempt');
  expect(harness.logged).not.toContain('first');
  expect(await harness.rows('DUCK', 'select count(*) from raw.outer')).toEqual([[1]]);
});

test('a stream that says something else by then is loaded again', async () => {
  await writeFile(join(harness.folder, 'inner.yaml'), inner('first'));
  let checkpoint: JsonValue | undefined;
  const onCheckpoint = (value: JsonValue): void => {
    checkpoint = value;
  };
  await expect(harness.load(outer, { onCheckpoint })).rejects.toThrow(/late/);
  await harness.run('LITE', 'create table late (id integer)');
  await writeFile(join(harness.folder, 'inner.yaml'), inner('changed'));
  await harness.load(outer, { ...(checkpoint ? { checkpoint } : {}), onCheckpoint });
  expect(harness.logged).toContain('changed');
});

test('a hook may hold the replication itself, and fills in what it knows', async () => {
  const outcomes = await harness.load(`source: LITE
target: DUCK
env: { WHERE: raw }
hooks:
  start:
    - { type: store, key: least, value: '1' }
    - id: inner
      replication:
        source: LITE
        target: DUCK
        streams:
          orders: { object: '{env.WHERE}.{stream_table}_copy', where: 'id >= {store.least}' }
streams:
  orders: { object: raw.outer }
`);
  expect(await harness.rows('DUCK', 'select count(*) from raw.orders_copy')).toEqual([[1]]);
  expect([...outcomes.values()][0]?.metadata).toMatchObject({ statuses: { inner: 'success' } });
});
