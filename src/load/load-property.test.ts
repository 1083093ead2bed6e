import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

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

/** What may happen to the source between two loads. Its clock only moves forward. */
type Change =
  | { readonly kind: 'tick' }
  | { readonly kind: 'insert'; readonly region: number; readonly timed: boolean }
  | { readonly kind: 'update'; readonly pick: number; readonly timed: boolean }
  | { readonly kind: 'load'; readonly limit: number | undefined };

const limit = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
const region = fc.integer({ min: 0, max: 3 });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({ kind: fc.constant('insert' as const), region, timed: fc.boolean() }),
  fc.record({ kind: fc.constant('insert' as const), region, timed: fc.constant(true) }),
  fc.record({ kind: fc.constant('update' as const), pick: fc.nat(), timed: fc.boolean() }),
  fc.record({ kind: fc.constant('load' as const), limit }),
);

/** Plays changes against a source, whose key is (region, id) and whose update key is `changed`. */
class Play {
  readonly #source: string;
  readonly #keyed: boolean;
  readonly #keys: (readonly [number, number])[] = [];
  #clock = 0;
  #version = 0;

  constructor(source: string, keyed: boolean) {
    this.#source = source;
    this.#keyed = keyed;
  }

  async apply(step: Change, load: (limit: number | undefined) => Promise<unknown>): Promise<void> {
    if (step.kind === 'tick') this.#clock += 1;
    if (step.kind === 'load') await load(step.limit);
    if (step.kind === 'insert') await this.#insert(step.region, step.timed || !this.#keyed);
    if (step.kind === 'update' && this.#keyed) await this.#update(step.pick, step.timed);
  }

  /** Ids go down, so that late rows come before earlier ones in the order of the key. */
  async #insert(region: number, timed: boolean): Promise<void> {
    const id = 1000 - this.#keys.length;
    this.#keys.push([region, id]);
    await harness.run(
      this.#source,
      `insert into events values (${region}, ${id}, ${this.#time(timed)}, 'v${(this.#version += 1)}')`,
    );
  }

  async #update(pick: number, timed: boolean): Promise<void> {
    const key = this.#keys[pick % Math.max(1, this.#keys.length)];
    if (!key) return;
    await harness.run(
      this.#source,
      `update events set changed = ${this.#time(timed)}, value = 'v${(this.#version += 1)}' where region = ${key[0]} and id = ${key[1]}`,
    );
  }

  #time(timed: boolean): string {
    return timed ? `'2024-01-01 00:00:${String(this.#clock % 60).padStart(2, '0')}'` : 'null';
  }
}

const routes = [
  ['LITE', 'DUCK', 10],
  ['PG', 'DUCK', 12],
  ['PG', 'PG', 8],
] as const;

test.each(routes)(
  '%s to %s: after any changes and loads, the target equals the source',
  { timeout: 240_000 },
  async (source, target, runs) => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(change, { minLength: 1, maxLength: 25 }),
        limit,
        limit,
        async (keyed, changes, lastLimit, chunkSize) => {
          const chunks = chunkSize === undefined ? '' : `, source_options: { chunk_size: ${chunkSize} }`;
          const options = `mode: incremental, update_key: changed${keyed ? ', primary_key: [region, id]' : ''}${chunks}`;
          const yaml = `source: ${source}\ntarget: ${target}\nstreams: { events: { object: raw.events, ${options} } }\n`;
          await harness.run(
            source,
            'drop table if exists events',
            'create table events (region integer not null, id integer not null, changed timestamp, value text)',
            'create index events_changed on events (changed)',
          );
          await harness.run(
            target,
            'drop schema if exists raw cascade',
            'drop schema if exists _millrace cascade',
          );

          const play = new Play(source, keyed);
          const load = (rowLimit: number | undefined) =>
            harness.loadOne(yaml, rowLimit === undefined ? {} : { rowLimit });
          for (const step of changes) await play.apply(step, load);
          for (let round = 0; round <= changes.length; round += 1) await load(lastLimit);

          const all = (connection: string, table: string) =>
            harness.rows(connection, `select region, id, value from ${table} order by region, id, value`);
          expect(await all(target, 'raw.events')).toEqual(await all(source, 'events'));
          expect(await load(undefined)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0, rowsDeleted: 0 });
        },
      ),
      { numRuns: runs },
    );
  },
);
