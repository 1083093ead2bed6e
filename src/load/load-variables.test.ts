import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  await harness.open('DISK', filesConnector, { path: harness.folder });
  await harness.run(
    'LITE',
    'create table orders (id integer primary key, day text)',
    "insert into orders values (1, '2026-02-02'), (2, '2026-02-03'), (3, '2026-02-04')",
    'create table users (id integer)',
    'insert into users values (7)',
  );
});
afterAll(() => harness.close());

const names = async (schema: string): Promise<readonly string[]> =>
  ((await (await harness.get('DUCK')).database?.list(schema)) ?? []).map(({ name }) => name).sort();

test('names of tables and files carry the moment at which the run began', async () => {
  await harness.load(`
source: LITE
target: DUCK
streams:
  orders: { object: 'times.{stream_table}_{YYYY}{MM}{DD}_{DDD}_{HH}{mm}{ss}' }
  users: { object: 'times.u_{MMM}_{hh}_{YY}_{timestamp.unix}_{run_timestamp}' }
`);
  expect(await names('times')).toEqual([
    'orders_20260203_034_140506',
    'u_Feb_02_26_1770127506_2026_02_03_140506',
  ]);
  await harness.load(
    "source: LITE\ntarget: DISK\nstreams: { users: { object: 'out/{timestamp.date}/{execution.id}.csv' } }\n",
  );
  expect(await harness.rows('DUCK', `from '${harness.folder}/out/2026-02-03/run *.csv'`)).toEqual([[7]]);
});

test('every attempt at a run makes the same name', async () => {
  const yaml = "source: LITE\ntarget: DUCK\nstreams: { users: { object: 'again.u_{ss}' } }\n";
  await harness.load(yaml, { idempotencyKey: 'k', runStartedAtMs: 5000 });
  await harness.load(yaml, { idempotencyKey: 'k', runStartedAtMs: 5000 });
  expect(await names('again')).toEqual(['u_05']);
});

test('queries and conditions know the run, the stream, the object and the environment', async () => {
  await harness.load(`
source: LITE
target: DUCK
env: { LEAST: 2 }
streams:
  orders: { object: vars.orders, where: "day <= '{timestamp.date}' and id >= {LEAST}" }
  asked:
    object: vars.asked
    sql: select id, '{object_full_name} {stream_name} {YYYY}' as text, '{other}' as other from orders where {where_cond}
    where: day < '{ISO8601}'
    target_options: { post_sql: "create table vars.copy_{YYYY} as from {object_full_name}" }
`);
  expect(await harness.rows('DUCK', 'select id from vars.orders')).toEqual([[2]]);
  const text = 'vars.asked asked 2026';
  expect(await harness.rows('DUCK', 'from vars.copy_2026 order by id')).toEqual([
    [1, text, '{other}'],
    [2, text, '{other}'],
  ]);
});

test('the tables of a pattern are dated too', async () => {
  await harness.load(
    "source: LITE\ntarget: DUCK\nstreams: { 'main.*': { object: 'all_{YYYY}.{stream.table}_{DD}' } }\n",
  );
  expect(await names('all_2026')).toEqual(['orders_03', 'users_03']);
});

test('the stream itself may be dated', async () => {
  await harness.run('DUCK', `copy (select 5 as id) to '${harness.folder}/in_2026-02-03.csv'`);
  await harness.load(
    "source: DISK\ntarget: DUCK\nstreams: { 'file://in_{timestamp.date}.csv': { object: raw.today } }\n",
  );
  expect(await harness.rows('DUCK', 'from raw.today')).toEqual([[5]]);
});

test('a pattern leaves out what is disabled, by name or by pattern', async () => {
  await harness.run('LITE', 'create table tmp_a (id integer)', 'create table tmp_b (id integer)');
  await harness.load(`
source: LITE
target: DUCK
streams:
  main.*: { object: 'some.{stream_table}' }
  main.tmp_*: { disabled: true }
  main.users: { disabled: true }
  main.ord*: { object: 'some.narrow_{stream_table}' }
`);
  expect(await names('some')).toEqual(['narrow_orders']);
});

test('a query with the name of the stream is asked of every table of a wildcard', async () => {
  await harness.load(`
source: LITE
target: DUCK
streams:
  'main.*': { object: 'each.{stream_table}', sql: "select id, '{stream_table}' as of from {stream_name} where id > 1" }
`);
  const found = await harness.rows(
    'DUCK',
    'select id, of from each.orders union all from each.users order by id',
  );
  expect(found).toEqual([
    [2, 'orders'],
    [3, 'orders'],
    [7, 'users'],
  ]);
});

test('queries and names of streams say what hooks at the start left, and what env: says', async () => {
  await harness.load(`
source: LITE
target: DUCK
env: { TABLE: orders }
hooks:
  start:
    - { type: store, key: least, value: '2' }
    - { type: query, id: ask, connection: LITE, query: 'select max(id) as most from orders', into: found }
streams:
  '{TABLE}': { object: kept.by_name, where: 'id >= {store.least}' }
  asked: { object: kept.by_query, sql: "select {store.found[0].most} as most, '{state.ask.status}' as how" }
`);
  expect(await harness.rows('DUCK', 'select id from kept.by_name order by id')).toEqual([[2], [3]]);
  expect(await harness.rows('DUCK', 'from kept.by_query')).toEqual([[3, 'success']]);
});

test('the fields of a query may be computed', async () => {
  const select = `[id, "'N/A' as text", null as nothing, "case when id > 1 then 'big' else 'small' end as size", 'coalesce(day, id) as day']`;
  const yaml = (sql: string): string =>
    `source: LITE\ntarget: DUCK\nstreams: { orders: { object: computed.orders, select: ${select}, ${sql} } }\n`;
  await harness.load(yaml('sql: "select {fields} from orders where id < 3"'));
  expect(await harness.rows('DUCK', 'from computed.orders order by id')).toEqual([
    [1, 'N/A', null, 'small', '2026-02-02'],
    [2, 'N/A', null, 'big', '2026-02-03'],
  ]);
  await expect(harness.load(yaml('where: id < 3'))).rejects.toMatchObject({
    issues: [{ code: 'stream_contradictory' }],
  });
});
