import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson } from '../support/millrace-command.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-written-partitions-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const days = "every: day, start: '2024-01-01', end: '2024-01-08'";
const byVariable = `materialized='incremental', incremental_strategy='delete+insert', unique_key='day'`;
const written = `{'every': 'day', 'start': '2024-01-01', 'end': '2024-01-08', 'vars': {'start': 'first_day', 'end': 'day_after'}}`;

async function project(stream: string, model: string = byVariable, partitions = written): Promise<void> {
  const files = {
    'millrace.config.ts': `export default { name: 'shop', warehouse: 'WAREHOUSE' };\n`,
    'connections.yaml':
      'connections: { WAREHOUSE: { type: duckdb, path: warehouse.duckdb }, SHOP: { type: sqlite, path: shop.db } }\n',
    'replications/shop.yaml': `source: SHOP\ntarget: WAREHOUSE\nstreams: { orders: { object: raw.orders, ${stream} } }\n`,
    'transform/dbt_project.yml':
      "name: shop\nversion: '1'\nprofile: shop\nvars: { first_day: '2000-01-01', day_after: '2100-01-01' }\n",
    'transform/models/sources.yml': 'sources: [{ name: raw, tables: [{ name: orders }] }]\n',
    'transform/models/per_day.sql': `{{ config(${model}, meta={'millrace': {'partitions': ${partitions}}}) }}
      select '{{ var("first_day") }}'::date as day, count(*) as orders, sum(price) as price
      from {{ source('raw', 'orders') }}
      where happened >= '{{ var("first_day") }}' and happened < '{{ var("day_after") }}'\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

function inShop(...statements: readonly string[]): void {
  const shop = new DatabaseSync(join(folder, 'shop.db'));
  for (const statement of statements) shop.exec(statement);
  shop.close();
}

const orders = `create table orders (id integer primary key, price int, happened timestamp);
  with recursive hours(i) as (select 0 union all select i + 1 from hours where i < 191)
  insert into orders select i, 1, datetime('2023-12-31', '+' || i || ' hours') from hours`;

const command = (...args: readonly string[]) => millrace(args, { cwd: folder });

async function rows(sql: string): Promise<unknown> {
  const { rows: found } = await millraceJson<{ readonly rows: unknown }>(['sql', sql], { cwd: folder });
  return found;
}

interface Group {
  readonly text: string;
}
const status = (key: string): Promise<Readonly<Record<'succeeded' | 'stale' | 'missing', Group>>> =>
  millraceJson(['partitions', key], { cwd: folder });

test('a stream and a model that say partitions are filled, and filled again, window by window', async () => {
  await project(`update_key: happened, primary_key: id, meta: { millrace: { partitions: { ${days} } } }`);
  inShop(orders);
  const filled = await command('backfill', 'orders+', '--partition', '2024-01-02..2024-01-04');
  expect(filled.code, filled.stdout + filled.stderr).toBe(0);
  expect((await status('raw/orders')).succeeded.text).toBe('2024-01-02..2024-01-04');
  expect(await rows('select orders from per_day order by day')).toEqual([[24], [24], [24]]);
  expect(await rows('select count(*) from raw.orders')).toEqual([[72]]);

  const { stdout } = await command('plan', 'orders', '--sql', '--partition', '2024-01-03');
  expect(stdout).toMatch(/happened from 2024-01-03T00:00:00.000Z up to, without, 2024-01-04T00/);

  inShop('update orders set price = 2', "delete from orders where happened = '2024-01-03 00:00:00'");
  const again = await command('run', 'raw/orders', '--partition', '2024-01-03');
  expect(again.code, again.stdout + again.stderr).toBe(0);
  expect(await rows('select price, count(*) from raw.orders group by 1 order by 1')).toEqual([
    [1, 48],
    [2, 23],
  ]);
  expect((await status('per_day')).stale.text).toBe('2024-01-03');
  const rest = await command('backfill', 'orders+', '--partition', 'all', '--stale', '--missing');
  expect(rest.code, rest.stdout + rest.stderr).toBe(0);
  expect(rest.stderr).not.toContain('orders@2024-01-02');
  expect(await rows('select price::int from per_day order by day')).toEqual(
    [48, 24, 46, 24, 48, 48, 48].map((price) => [price]),
  );
}, 120_000);

test.each([
  [
    'mode: full-refresh',
    `update_key: happened, mode: full-refresh, meta: { millrace: { partitions: { ${days} } } }`,
  ],
  ['no update_key', `primary_key: id, meta: { millrace: { partitions: { ${days} } } }`],
  [
    "'strat'",
    "update_key: happened, meta: { millrace: { partitions: { every: day, strat: '2024-01-01' } } }",
  ],
  [
    'fortnight',
    "update_key: happened, meta: { millrace: { partitions: { every: fortnight, start: '2024-01-01' } } }",
  ],
  [
    "'vars' of partitions",
    `update_key: happened, meta: { millrace: { partitions: { ${days}, vars: { start: a } } } }`,
  ],
])('a stream that cannot have them is told by its place: %s', async (what, stream) => {
  await project(stream);
  const { code, stdout, stderr } = await command('check');
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain(what);
  expect(stdout + stderr).toMatch(/replications\/shop\.yaml:3:/);
});

test.each([
  ['materialized as table', "materialized='table'", written],
  ['appends its rows', "materialized='incremental'", written],
  ['has to be told', byVariable, `{'every': 'day', 'start': '2024-01-01'}`],
])('a model that cannot have them is told: %s', async (what, model, partitions) => {
  await project('update_key: happened', model, partitions);
  const { code, stdout, stderr } = await command('check');
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain(what);
  expect(stdout + stderr).toMatch(/models\/per_day\.sql/);
});
