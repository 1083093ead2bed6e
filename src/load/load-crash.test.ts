import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection, SqlSession } from '../connector/connection.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import type { JsonValue } from '../core/json.ts';

let harness: LoadHarness;
let database: TestDatabase;
beforeAll(async () => {
  harness = await LoadHarness.create();
  database = await createTestDatabase();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, config);
});
afterAll(async () => {
  await harness.close();
  await database.drop();
});

type Moment = 'before' | 'after';

/**
 * A connection whose process dies at its nth call into the target, before or after the call took effect.
 * From then on nothing goes through any more, as for a killed process.
 */
class MortalConnection {
  calls = 0;
  readonly #inner: Connection;
  readonly #deathAt: number;
  readonly #moment: Moment;

  constructor(inner: Connection, deathAt: number, moment: Moment) {
    this.#inner = inner;
    this.#deathAt = deathAt;
    this.#moment = moment;
  }

  get connection(): Connection {
    const { database, target, ...rest } = this.#inner;
    if (!database || !target) throw new Error('only for SQL targets');
    return {
      ...rest,
      database: {
        dialect: database.dialect,
        ...this.#session(database),
        describe: (table) => this.#call(() => database.describe(table)),
        list: (schema) => this.#call(() => database.list(schema)),
        // A lock ends with its process, and this one has not really died.
        ...(database.lock ? { lock: (name: string) => database.lock!(name) } : {}),
        transaction: async (work, signal) => {
          const result = await database.transaction((session) => work(this.#session(session)), signal);
          return await this.#call(async () => result);
        },
      },
      target: {
        takes: target.takes,
        stage: (request, payload, signal) => this.#call(() => target.stage(request, payload, signal)),
      },
    };
  }

  #session(session: SqlSession): SqlSession {
    return {
      query: (sql, parameters, signal) => this.#call(() => session.query(sql, parameters, signal)),
      execute: (sql, parameters, signal) => this.#call(() => session.execute(sql, parameters, signal)),
    };
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    this.calls += 1;
    const call = this.calls;
    if (call > this.#deathAt || (call === this.#deathAt && this.#moment === 'before'))
      throw new Error('dead');
    const result = await work();
    if (call === this.#deathAt) throw new Error('dead');
    return result;
  }
}

const modes = [
  ['full-refresh', 'mode: full-refresh'],
  ['truncate', 'mode: truncate'],
  ['snapshot', 'mode: snapshot'],
  ['update key', 'mode: incremental, update_key: changed'],
  ['primary key', 'mode: incremental, primary_key: id'],
  ['both keys', 'mode: incremental, primary_key: id, update_key: changed'],
  [
    'both keys, limited',
    'mode: incremental, primary_key: id, update_key: changed, source_options: { limit: 2 }',
  ],
  ['full-refresh in parts', 'mode: full-refresh, source_options: { chunk_size: 2 }'],
  [
    'both keys in chunks',
    'mode: incremental, primary_key: id, update_key: changed, source_options: { chunk_size: 2 }',
  ],
] as const;

/** Each moment of death on each kind of publication, not both on all of them: every case is long. */
const cases = [
  ['DUCK', ...modeAt(0), ['before', 'after']],
  ['DUCK', ...modeAt(1), ['after']],
  ['DUCK', ...modeAt(2), ['before']],
  ['DUCK', ...modeAt(3), ['after']],
  ['DUCK', ...modeAt(5), ['before', 'after']],
  ['DUCK', ...modeAt(6), ['before']],
  ['DUCK', ...modeAt(7), ['after']],
  ['DUCK', ...modeAt(8), ['after']],
  ['PG', ...modeAt(0), ['after']],
  ['PG', ...modeAt(8), ['before']],
] as const;

function modeAt(index: number): (typeof modes)[number] {
  return modes[index] ?? modes[0];
}

describe.each(cases)('into %s, %s', (target, name, options, moments) => {
  const showsChunks = name === 'both keys in chunks';
  const yaml = `source: LITE\ntarget: ${target}\nstreams:\n  orders: { object: raw.orders, ${options} }\n`;
  const state = () =>
    harness.rows(target, 'select id, name, changed from raw.orders order by id, name, changed');

  async function before(): Promise<void> {
    await harness.run(
      'LITE',
      'drop table if exists orders',
      'create table orders (id integer primary key, name text, changed integer not null)',
      'create index orders_changed on orders (changed)',
      `insert into orders values (1, 'a', 1), (2, 'b', 2)`,
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
    await harness.loadOne(yaml, { idempotencyKey: 'first' });
    await harness.run(
      'LITE',
      `update orders set name = 'B', changed = 3 where id = 2`,
      `insert into orders values (3, 'c', 3), (4, 'd', 4)`,
    );
  }

  test.each(moments)('killed %s any call: old or new, never between; then complete', async (moment) => {
    await before();
    const old = await state();
    await harness.loadOne(yaml, { idempotencyKey: 'second' });
    const complete = await state();
    const whole = await harness.get(target);

    for (let deathAt = 1; ; deathAt += 1) {
      await before();
      const mortal = new MortalConnection(whole, deathAt, moment);
      harness.replace(target, mortal.connection);
      const saved: JsonValue[] = [];
      const onCheckpoint = (value: JsonValue) => saved.push(value);
      const died = await harness.loadOne(yaml, { idempotencyKey: 'second', onCheckpoint }).then(
        () => false,
        () => true,
      );
      harness.replace(target, whole);
      if (!showsChunks)
        expect([old, complete], `killed ${moment} call ${deathAt}`).toContainEqual(await state());

      const checkpoint = saved.at(-1);
      await harness.loadOne(yaml, {
        idempotencyKey: 'second',
        ...(checkpoint === undefined ? {} : { checkpoint }),
      });
      expect(await state(), `after a repeat; killed ${moment} call ${deathAt}`).toEqual(complete);
      const left = (await whole.database?.list('raw')) ?? [];
      expect(left.map((relation) => relation.name)).toEqual(['orders']);
      if (!died) {
        expect(deathAt).toBeGreaterThan(8);
        break;
      }
    }
  });
});

test.each(['DUCK', 'PG'])('a cancel while rows are moving leaves %s as it was', async (target) => {
  await harness.run(
    'LITE',
    'drop table if exists many',
    'create table many (id integer primary key, name text)',
    `insert into many with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000) select i, 'name ' || i from n`,
  );
  await harness.run(
    target,
    'drop schema if exists big cascade',
    'create schema big',
    'create table big.many as select 7 as id',
  );
  const stop = new AbortController();
  const yaml = `source: LITE\ntarget: ${target}\nstreams: { many: { object: big.many } }\n`;
  const load = harness.loadOne(yaml, { signal: stop.signal, onProgress: () => stop.abort() });
  await expect(load).rejects.toMatchObject({ kind: 'cancelled' });
  expect(await harness.rows(target, 'select * from big.many')).toEqual([[7]]);
  const left = (await (await harness.get(target)).database?.list('big')) ?? [];
  expect(left.map((relation) => relation.name)).toEqual(['many']);
  expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 50_000 });
});
