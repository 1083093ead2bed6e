import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mysqlConnector } from '../../src/connectors/mysql/index.ts';
import { sqliteConnector } from '../../src/connectors/sqlite/index.ts';
import { LoadHarness } from '../support/load-harness.ts';
import { startMariaDb } from '../support/mariadb-server.ts';
import { mortalConnection } from '../support/mortal-connection.ts';

/** Where definitions cannot be rolled back (MariaDB), and where a file is all there is (SQLite). */
const maria = await startMariaDb();
const noMaria = 'skip' in maria;
if (noMaria) process.stdout.write(`killed loads into MariaDB are skipped: ${maria.reason}\n`);

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('SHOP', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'lake.db') });
  await harness.run('LITE', 'select 1');
  if (noMaria) return;
  const config = mysqlConnector.config.parse(mysqlConnector.parseUrl(maria.url));
  await harness.open('MARIA', mysqlConnector, config);
});
afterAll(async () => {
  await harness.close();
  if (!noMaria) await maria.stop();
});

const keys = 'mode: incremental, primary_key: id, update_key: changed';
const transformed = 'transforms: { name: [trim_space] }';
const cases = [
  ['MARIA', 'swap', 'mode: full-refresh', 'kept', ['before']],
  ['MARIA', 'rebuild', `mode: full-refresh, ${transformed}`, 'kept', ['after']],
  ['MARIA', 'a new table', 'mode: full-refresh', 'absent', ['after']],
  [
    'MARIA',
    'swap with post_sql',
    'mode: full-refresh, target_options: { post_sql: "set @done = 1" }',
    'kept',
    ['after'],
  ],
  ['MARIA', 'truncate', 'mode: truncate', 'kept', ['after']],
  ['MARIA', 'snapshot', 'mode: snapshot', 'kept', ['before']],
  ['MARIA', 'merge', keys, 'kept', ['after']],
  ['MARIA', 'first merge', keys, 'absent', ['before']],
  ['MARIA', 'append', 'mode: incremental, update_key: changed', 'kept', ['before']],
  [
    'MARIA',
    'parts',
    'mode: full-refresh, primary_key: id, source_options: { chunk_size: 2 }',
    'kept',
    ['after'],
  ],
  ['LITE', 'swap', 'mode: full-refresh', 'kept', ['after']],
  ['LITE', 'merge', keys, 'kept', ['after']],
  [
    'LITE',
    'parts',
    'mode: full-refresh, primary_key: id, source_options: { chunk_size: 2 }',
    'kept',
    ['before'],
  ],
] as const;

describe.each(cases.filter(([target]) => !noMaria || target !== 'MARIA'))(
  'into %s, %s',
  (target, _name, options, start, moments) => {
    const yaml = `source: SHOP\ntarget: ${target}\nstreams:\n  orders: { object: orders, ${options} }\n`;
    const watermarks = target === 'LITE' ? '_millrace_watermarks' : '_millrace.watermarks';
    const schema = target === 'LITE' ? 'main' : 'shop';

    const tables = async (): Promise<readonly string[]> =>
      ((await (await harness.get(target)).database?.list(schema)) ?? []).map(({ name }) => name);
    const state = async (): Promise<unknown> =>
      (await tables()).includes('orders')
        ? await harness.rows(target, 'select id, name, changed from orders order by id, name, changed')
        : 'absent';
    const publishedBy = async (): Promise<string> => {
      const rows = await harness.rows(target, `select idempotency_key from ${watermarks}`).catch(() => []);
      const [key] = rows[0] ?? [];
      return typeof key === 'string' ? key : 'nobody';
    };

    async function before(): Promise<void> {
      await harness.run(
        'SHOP',
        'drop table if exists orders',
        'create table orders (id integer primary key, name text, changed integer not null)',
        'create index orders_changed on orders (changed)',
        `insert into orders values (1, 'a', 1), (2, 'b', 2)`,
      );
      for (const name of await tables()) await harness.run(target, `drop table ${name}`);
      if (target === 'MARIA') await harness.run(target, 'drop schema if exists _millrace');
      if (start === 'kept') await harness.loadOne(yaml, { idempotencyKey: 'first' });
      await harness.run(
        'SHOP',
        `update orders set name = 'B', changed = 3 where id = 2`,
        `insert into orders values (3, 'c', 3), (4, 'd', 4)`,
      );
    }

    test.each(moments)(
      'killed %s any call: the watermark is true, and the next run completes',
      { timeout: 240_000 },
      async (moment) => {
        await before();
        const old = await state();
        await harness.loadOne(yaml, { idempotencyKey: 'second' });
        const complete = await state();
        expect(complete).not.toEqual(old);
        const whole = await harness.get(target);
        for (let deathAt = 1, died = true; died; deathAt += 1) {
          await before();
          harness.replace(target, mortalConnection(whole, deathAt, moment));
          died = await harness.loadOne(yaml, { idempotencyKey: 'second' }).then(
            () => false,
            () => true,
          );
          harness.replace(target, whole);
          // A lease of a process that is gone counts for nothing, and this one is not.
          if ((await tables()).includes('_millrace_leases'))
            await harness.run(target, 'delete from _millrace_leases');
          const place = `killed ${moment} call ${deathAt}`;
          const left = await state();
          expect([old, complete], place).toContainEqual(left);
          if ((await publishedBy()) === 'second') expect(left, place).toEqual(complete);

          await harness.loadOne(yaml, { idempotencyKey: 'second' });
          expect(await state(), `after a repeat; ${place}`).toEqual(complete);
          expect(await publishedBy()).toBe('second');
          if (deathAt % 5 !== 0 && died) continue;
          await harness.loadOne(yaml, { idempotencyKey: 'third' });
          const staged = (await tables()).filter((name) => name.startsWith('_millrace_stage'));
          expect(staged, place).toEqual([]);
          if (target === 'MARIA')
            expect(await harness.rows(target, 'select * from _millrace.swaps')).toEqual([]);
          if (!died) expect(deathAt).toBeGreaterThan(8);
        }
      },
    );
  },
);

describe.skipIf(noMaria)('a table of MariaDB that was replaced but not sealed', () => {
  test('is put back by another load, which then starts from the true watermark', async () => {
    const yaml = (options: string): string =>
      `source: SHOP\ntarget: MARIA\nstreams:\n  orders: { object: orders, ${options} }\n`;
    await harness.run('SHOP', 'delete from orders', `insert into orders values (1, 'a', 1), (2, 'b', 2)`);
    await harness.run('MARIA', 'drop table if exists orders', 'drop schema if exists _millrace');
    const appended = 'mode: incremental, update_key: changed';
    await harness.loadOne(yaml(appended));
    await harness.run(
      'SHOP',
      `update orders set name = 'old key, new name' where id = 1`,
      `insert into orders values (3, 'c', 3)`,
    );
    const whole = await harness.get('MARIA');
    const { database } = whole;
    let renamed = false;
    harness.replace('MARIA', {
      ...whole,
      database: {
        ...database!,
        execute: async (sql, parameters, signal) => {
          if (renamed) throw new Error('dead');
          const result = await database!.execute(sql, parameters, signal);
          renamed ||= sql.startsWith('rename table');
          return result;
        },
        transaction: async (work, signal) => {
          if (renamed) throw new Error('dead');
          return await database!.transaction(work, signal);
        },
        describe: async (table) => {
          if (renamed) throw new Error('dead');
          return await database!.describe(table);
        },
      },
    });
    await expect(harness.loadOne(yaml('mode: full-refresh'))).rejects.toThrow('dead');
    harness.replace('MARIA', whole);
    const names = (): Promise<unknown> => harness.rows('MARIA', 'select name from orders order by id');
    expect(await names()).toEqual([['old key, new name'], ['b'], ['c']]);
    expect(await harness.loadOne(yaml(appended))).toMatchObject({ rowsInserted: 1 });
    expect(await names()).toEqual([['a'], ['b'], ['c']]);
    expect(harness.logged.join('\n')).toContain('put back the orders');
  });

  test('is put back at once when post_sql fails', async () => {
    await harness.run('MARIA', 'drop table if exists orders', 'create table orders (id int)');
    const load = (postSql: string) =>
      harness.loadOne(
        `source: SHOP\ntarget: MARIA\nstreams:\n  orders: { object: orders, mode: full-refresh, target_options: { post_sql: "${postSql}" } }\n`,
      );
    await expect(load('alter table orders add no_such_thing')).rejects.toMatchObject({ code: 'sql_failed' });
    expect(await harness.rows('MARIA', 'select * from orders')).toEqual([]);
    expect(await load('alter table orders add column later int')).toMatchObject({ rowsInserted: 3 });
    expect(await harness.rows('MARIA', 'select count(*), count(later) from orders')).toEqual([[3, 0]]);
  });

  test('a merge hook that would commit half of it is refused', async () => {
    const yaml = `source: SHOP\ntarget: MARIA\nstreams:\n  orders: { object: orders, mode: full-refresh, hooks: { post_merge: [{ type: query, query: 'create table half (id int)' }] } }\n`;
    await expect(harness.loadOne(yaml)).rejects.toMatchObject({ code: 'definition_in_transaction' });
  });
});
