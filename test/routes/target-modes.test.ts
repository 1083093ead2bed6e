import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { mysqlConnector } from '../../src/connectors/mysql/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { sqliteConnector } from '../../src/connectors/sqlite/index.ts';
import { LoadHarness } from '../support/load-harness.ts';
import { startMariaDb } from '../support/mariadb-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

/** Every target does the same with the same rows, wherever they come from. */
const maria = await startMariaDb();
const noMaria = 'skip' in maria;
if (noMaria) process.stdout.write(`routes from and to MariaDB are skipped: ${maria.reason}\n`);

let harness: LoadHarness;
let databases: readonly TestDatabase[];

beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  const [shop, lake] = databases.map((database) =>
    postgresConnector.config.parse(postgresConnector.parseUrl(database.url)),
  );
  await harness.open('PG', postgresConnector, shop!);
  await harness.open('PG_LAKE', postgresConnector, lake!);
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('LITE_LAKE', sqliteConnector, { path: join(harness.folder, 'lake.db') });
  await harness.open('DUCK_LAKE', duckdbConnector, { path: join(harness.folder, 'lake.duckdb') });
  if (noMaria) return;
  const config = mysqlConnector.config.parse(mysqlConnector.parseUrl(maria.url));
  await harness.open('MARIA', mysqlConnector, config);
  await harness.run('MARIA', 'create database lake');
  await harness.open('MARIA_LAKE', mysqlConnector, { ...config, database: 'lake' });
});

afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
  if (!noMaria) await maria.stop();
});

const sources = ['PG', 'LITE', 'MARIA'] as const;
const targets = ['PG_LAKE', 'DUCK_LAKE', 'MARIA_LAKE', 'LITE_LAKE'] as const;
type Source = (typeof sources)[number];
type Target = (typeof targets)[number];

const routes = sources.flatMap((source) =>
  targets
    .filter((target) => !noMaria || (source !== 'MARIA' && target !== 'MARIA_LAKE'))
    .map((target) => [source, target] as const),
);

/** SQLite has no schemas. */
const object: Readonly<Record<Target, string>> = {
  PG_LAKE: 'raw.orders',
  DUCK_LAKE: 'raw.orders',
  MARIA_LAKE: 'raw.orders',
  LITE_LAKE: 'orders',
};
const bytesType: Readonly<Record<Source, string>> = { PG: 'bytea', LITE: 'blob', MARIA: 'longblob' };
const textType: Readonly<Record<Source, string>> = { PG: 'text', LITE: 'text', MARIA: 'longtext' };
const timeType: Readonly<Record<Source, string>> = {
  PG: 'timestamp',
  LITE: 'timestamp',
  MARIA: 'datetime(6)',
};

/** A value in the one spelling that all systems can be compared in. */
function plain(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if (typeof value === 'object') return JSON.stringify(value);
  const text = typeof value === 'string' ? value : (value as number | bigint | boolean).toString();
  if (/^\d{4}-\d\d-\d\d[ T]\d\d:/.test(text))
    return text
      .replace('T', ' ')
      .replace(/Z$/, '')
      .replace(/(\.\d*?)0+$/, '$1')
      .replace(/\.$/, '');
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}

describe.each(routes)('%s to %s', (source, target) => {
  const table = object[target];
  const isMaria = target === 'MARIA_LAKE';
  const quote = (name: string): string => (isMaria ? `\`${name}\`` : `"${name}"`);
  const named = (name: string): string => table.split('.').toSpliced(-1, 1, name).join('.');

  const stream = (rest: string, name = 'orders'): string =>
    `source: ${source}\ntarget: ${target}\nstreams: { ${name}: { object: ${table}, ${rest} } }\n`;
  const load = (rest: string, name?: string) => harness.loadOne(stream(rest, name));
  const rowsOf = async (sql: string): Promise<readonly (readonly (string | null)[])[]> =>
    (await harness.rows(target, sql)).map((row) => row.map((value) => plain(value)));
  const held = (columns = 'id, name', order = 'id') =>
    rowsOf(`select ${columns} from ${table} order by ${order}`);
  const change = (...statements: readonly string[]) => harness.run(source, ...statements);
  const keys = 'update_key: at, primary_key: id';

  beforeEach(async () => {
    await change(
      'drop table if exists orders',
      `create table orders (id int primary key, name varchar(40), amount decimal(8,2), at ${timeType[source]})`,
      ...(source === 'LITE' ? ['create index if not exists orders_at on orders (at)'] : []),
      ...[1, 2, 3, 4, 5].map(
        (id) => `insert into orders values (${id}, 'n${id}', ${id}.50, '2024-01-0${id} 10:00:00')`,
      ),
    );
    if (target === 'LITE_LAKE') {
      await harness.run(target, 'select 1');
      for (const [name] of await harness.rows(target, "select name from sqlite_schema where type = 'view'"))
        await harness.run(target, `drop view "${String(name)}"`);
      for (const [name] of await harness.rows(
        target,
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite%'",
      ))
        await harness.run(target, `drop table "${String(name)}"`);
      return;
    }
    const cascade = isMaria ? '' : ' cascade';
    await harness.run(
      target,
      `drop schema if exists raw${cascade}`,
      `drop schema if exists _millrace${cascade}`,
    );
  });

  const five = [1, 2, 3, 4, 5].map((id) => [String(id), `n${id}`]);

  test('full-refresh replaces whatever was there', async () => {
    expect(await load('mode: full-refresh')).toMatchObject({ rowsRead: 5, rowsInserted: 5 });
    expect(await held(`id, name, amount, ${quote('at')}`)).toEqual(
      [1, 2, 3, 4, 5].map((id) => [String(id), `n${id}`, `${id}.5`, `2024-01-0${id} 10:00:00`]),
    );
    await change('delete from orders where id > 2', 'alter table orders add column more int');
    expect(await load('mode: full-refresh')).toMatchObject({ rowsRead: 2 });
    expect(await held('id, more')).toEqual([
      ['1', null],
      ['2', null],
    ]);
  });

  test('truncate keeps the table, and what hangs on it', async () => {
    await load('mode: full-refresh, target_options: { table_keys: { index: [name] } }');
    await harness.run(target, `create view ${named('names')} as select name from ${table}`);
    await change('delete from orders where id > 2');
    expect(await load('mode: truncate')).toMatchObject({ rowsInserted: 2 });
    expect(await rowsOf(`select name from ${named('names')} order by 1`)).toEqual([['n1'], ['n2']]);
    await change("insert into orders values (9, 'n9', 1, null)");
    expect((await load('mode: full-refresh'))['publication']).toMatch(/^refill/);
    expect(await held('id')).toEqual([['1'], ['2'], ['9']]);
  });

  test('a full refresh keeps views', async () => {
    await load('mode: full-refresh');
    await harness.run(target, `create view ${named('names')} as select name from ${table}`);
    await change("update orders set name = 'new' where id = 1");
    await load('mode: full-refresh');
    expect(await rowsOf(`select name from ${named('names')} order by 1 limit 1`)).toEqual([['n2']]);
  });

  test('snapshot appends, with the time', async () => {
    await load('mode: snapshot');
    expect(await load('mode: snapshot')).toMatchObject({ rowsInserted: 5 });
    const [row] = await rowsOf(
      `select count(*), count(_sling_loaded_at), min(_sling_loaded_at) > 1700000000 from ${table}`,
    );
    expect(row?.slice(0, 2)).toEqual(['10', '10']);
    expect(row?.[2]).toMatch(/^(true|1)$/);
  });

  test('incremental by both keys: what is new and what has changed, and nothing the second time', async () => {
    expect(await load(keys)).toMatchObject({ rowsInserted: 5, rowsUpdated: 0 });
    expect(await load(keys)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
    await change(
      "update orders set name = 'changed', at = '2024-02-01 00:00:00' where id = 2",
      "insert into orders values (6, 'n6', null, '2024-02-01 00:00:00')",
      "insert into orders values (7, 'late', 1, null)",
    );
    expect(await load(keys)).toMatchObject({ rowsInserted: 2, rowsUpdated: 1, rowsDeleted: 0 });
    expect(await load(keys)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
    expect(await held()).toEqual([
      ['1', 'n1'],
      ['2', 'changed'],
      ...five.slice(2),
      ['6', 'n6'],
      ['7', 'late'],
    ]);
    const watermarks = target === 'LITE_LAKE' ? '_millrace_watermarks' : '_millrace.watermarks';
    expect(await rowsOf(`select source, stream, update_key, value from ${watermarks}`)).toEqual([
      [source, 'orders', 'at', expect.stringMatching(/^2024-02-01/)],
    ]);
  });

  test('incremental by primary key alone', async () => {
    await load('mode: incremental, primary_key: id');
    await change("update orders set name = '' where id = 1", 'update orders set name = null where id = 2');
    expect(await load('mode: incremental, primary_key: id')).toMatchObject({
      rowsInserted: 0,
      rowsUpdated: 2,
    });
    expect(await held()).toEqual([['1', ''], ['2', null], ...five.slice(2)]);
    expect(await load('mode: incremental, primary_key: id')).toMatchObject({ rowsUpdated: 0 });
  });

  test('incremental by update key alone appends', async () => {
    await load('mode: incremental, update_key: at');
    await change("insert into orders values (6, 'tie', 1, '2024-01-05 10:00:00')");
    expect(await load('mode: incremental, update_key: at')).toMatchObject({ rowsInserted: 1 });
    expect(await load('mode: incremental, update_key: at')).toMatchObject({
      rowsInserted: 0,
      rowsDeleted: 0,
    });
    expect(await held()).toEqual([...five, ['6', 'tie']]);
  });

  test('backfill merges a range', async () => {
    await load(keys);
    await change("update orders set name = 'B' where id in (2, 3, 4)");
    await load(
      `mode: backfill, ${keys}, source_options: { range: '2024-01-02 00:00:00,2024-01-03 12:00:00' }`,
    );
    expect(await held()).toEqual([['1', 'n1'], ['2', 'B'], ['3', 'B'], ...five.slice(3)]);
  });

  test('definition-only makes the table without rows', async () => {
    await load('mode: definition-only');
    expect(await held(`id, name, amount, ${quote('at')}`)).toEqual([]);
  });

  test.each([
    ['insert', ['n1', 'n2', 'n6'], { rowsInserted: 1, rowsUpdated: 0 }],
    ['update', ['n1', 'changed'], { rowsInserted: 0, rowsUpdated: 1 }],
    ['update_insert', ['n1', 'changed', 'n6'], { rowsInserted: 1, rowsUpdated: 1 }],
    ['delete_insert', ['n1', 'changed', 'n6'], { rowsInserted: 1, rowsUpdated: 1 }],
  ] as const)('merge strategy %s', async (strategy, names, figures) => {
    const options = `mode: incremental, primary_key: id, target_options: { merge_strategy: ${strategy} }`;
    await change('delete from orders where id > 2');
    await load('mode: incremental, primary_key: id');
    await harness.run(target, `alter table ${table} add column own int`, `update ${table} set own = id * 10`);
    await change(
      "update orders set name = 'changed' where id = 2",
      "insert into orders values (6, 'n6', 1, null)",
    );
    expect(await load(options)).toMatchObject(figures);
    expect((await held('name')).flat()).toEqual(names);
    expect((await held('own')).flat().slice(0, 2)).toEqual(['10', '20']);
    expect(await load(options)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
  });

  test('new columns are added, types grow when they may', async () => {
    await load(keys);
    await change('alter table orders add column extra varchar(10)');
    await change("insert into orders values (6, 'n6', 1, '2024-03-01 00:00:00', 'x')");
    expect(await load(keys)).toMatchObject({ rowsInserted: 1 });
    expect(await held('id, extra')).toEqual([...[1, 2, 3, 4, 5].map((id) => [String(id), null]), ['6', 'x']]);
    await change(
      'drop table orders',
      `create table orders (id int primary key, name varchar(40), amount decimal(14,4), at ${timeType[source]})`,
      "insert into orders values (7, 'n7', 1234567890.1234, '2024-04-01 00:00:00')",
    );
    await expect(load(keys)).rejects.toMatchObject({ code: 'column_type_changed' });
    expect(await load(`${keys}, target_options: { adjust_column_type: true }`)).toMatchObject({
      rowsInserted: 1,
    });
    expect(await held('id, amount')).toEqual([
      ...[1, 2, 3, 4, 5].map((id) => [String(id), `${id}.5`]),
      ['6', '1'],
      ['7', '1234567890.1234'],
    ]);
    expect(await load(keys)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
  });

  test('delete_missing: hard deletes, soft marks and takes the mark back', async () => {
    const soft = 'mode: incremental, primary_key: id, target_options: { delete_missing: soft }';
    const hard = 'mode: incremental, primary_key: id, target_options: { delete_missing: hard }';
    await load(soft);
    await change('delete from orders where id in (2, 3)');
    expect(await load(soft)).toMatchObject({ rowsDeleted: 2 });
    const marks = (): Promise<unknown> =>
      rowsOf(`select id from ${table} where _sling_deleted_at is not null order by id`);
    expect(await marks()).toEqual([['2'], ['3']]);
    await change("insert into orders values (2, 'n2', 2.5, '2024-01-02 10:00:00')");
    await load(soft);
    expect(await marks()).toEqual([['3']]);
    expect(await load(hard)).toMatchObject({ rowsDeleted: 1 });
    expect(await held('id')).toEqual([['1'], ['2'], ['4'], ['5']]);
  });

  test('an empty table, and one that has become empty', async () => {
    await change('delete from orders');
    for (const rest of [keys, keys, 'mode: full-refresh', 'mode: truncate', 'mode: snapshot'])
      expect(await load(rest)).toMatchObject({ rowsRead: 0, rowsInserted: 0 });
    expect(await held()).toEqual([]);
  });

  const oddTexts = [
    '', ' ', 'a', 'A', 'a ', 'ünïcode ✓ 😀', `it's "quoted" and \`ticked\``, 'back\\slash\\n \\N \\', 'tab\tnew\nline\rreturn\r\n',
    'NULL', 'null', '%_', ';--', '\u001a\u0008\u000b\u000c\u007f', '𝒳 ﷽ e\u0301', '0', '007', '1e5', '2024-01-01', '{"a": 1}',
  ]; // prettier-ignore

  test('texts come as they are, also as keys, and NULL is not the empty text', async () => {
    const texts = source === 'PG' ? oddTexts : [...oddTexts, 'nul\0byte'];
    // PostgreSQL's text has no NUL.
    const fitting = target === 'PG_LAKE' ? oddTexts : texts;
    const exact = source === 'MARIA' ? ' character set utf8mb4 collate utf8mb4_nopad_bin' : '';
    await change(
      'drop table if exists texts',
      `create table texts (k varchar(60)${exact} primary key, t ${textType[source]}${exact}, empty_one varchar(5), id int)`,
    );
    const insert =
      source === 'PG' ? 'insert into texts values ($1, $2, $3, $4)' : 'insert into texts values (?, ?, ?, ?)';
    const connection = await harness.get(source);
    for (const [id, text] of fitting.entries())
      await connection.database!.execute(insert, [text, text, id % 2 === 0 ? '' : null, id]);
    for (const rest of [
      'mode: full-refresh',
      'mode: incremental, primary_key: k',
      'mode: incremental, primary_key: k',
    ])
      await load(rest, 'texts');
    const rows = await harness.rows(target, `select id, k, t, empty_one from ${table} order by id`);
    expect(rows.map((row) => [Number(row[0]), ...row.slice(1)])).toEqual(
      fitting.map((text, id) => [id, text, text, id % 2 === 0 ? '' : null]),
    );
    await change(`update texts set t = 'A' where id = 2`);
    expect(await load('mode: incremental, primary_key: k', 'texts')).toMatchObject({
      rowsInserted: 0,
      rowsUpdated: 1,
    });
  });

  test('bytes of every value, and none', async () => {
    await change(
      'drop table if exists pictures',
      `create table pictures (id int primary key, b ${bytesType[source]})`,
    );
    const every = Uint8Array.from({ length: 256 }, (_, index) => index);
    const large = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256);
    const insert =
      source === 'PG' ? 'insert into pictures values ($1, $2)' : 'insert into pictures values (?, ?)';
    const connection = await harness.get(source);
    const values = [every, large, null, new Uint8Array(), new Uint8Array([0]), new Uint8Array([0x5c, 0x4e])];
    for (const [id, value] of values.entries())
      await connection.database!.execute(insert, [id, value === null ? null : Buffer.from(value)]);
    await load('mode: incremental, primary_key: id', 'pictures');
    expect(await load('mode: incremental, primary_key: id', 'pictures')).toMatchObject({ rowsUpdated: 0 });
    expect(await held('b')).toEqual(values.map((value) => [plain(value)]));
  });

  test('two hundred columns', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `c${index}`);
    const odd = (index: number): boolean => index % 2 === 1;
    const definitions = names.map(
      (name, index) => `${name} ${odd(index) ? 'int' : source === 'MARIA' ? 'text' : 'varchar(250)'}`,
    );
    await change(
      'drop table if exists wide',
      `create table wide (id int primary key, ${definitions.join(', ')})`,
    );
    const values = names.map((_, index) => (odd(index) ? String(index) : `'v${index}'`));
    await change(`insert into wide values (1, ${values.join(', ')})`, 'insert into wide (id) values (2)');
    await load('mode: incremental, primary_key: id', 'wide');
    expect(await load('mode: incremental, primary_key: id', 'wide')).toMatchObject({
      rowsInserted: 0,
      rowsUpdated: 0,
    });
    expect(await held(names.join(', '))).toEqual([
      names.map((_, index) => (odd(index) ? String(index) : `v${index}`)),
      names.map(() => null),
    ]);
  });

  test('declared types, constraints and transforms', async () => {
    await change(
      'drop table if exists codes',
      'create table codes (id int primary key, n varchar(20), t varchar(20))',
    );
    await change(`insert into codes values (1, '12', ' Ab ')`, `insert into codes values (2, '-3', null)`);
    await load(
      `mode: full-refresh, columns: { n: 'bigint | value > -5' }, transforms: { t: [trim_space, upper, hash_md5] }`,
      'codes',
    );
    expect(await rowsOf(`select n + 1, t from ${table} order by id`)).toEqual([
      ['13', createHash('md5').update('AB').digest('hex')],
      ['-2', null],
    ]);
    await expect(
      load(`mode: full-refresh, columns: { n: 'bigint | value > 0' }`, 'codes'),
    ).rejects.toMatchObject({
      code: 'constraint_violated',
    });
    await expect(load(`mode: full-refresh, columns: { t: not_null }`, 'codes')).rejects.toMatchObject({
      code: 'constraint_violated',
    });
    await expect(load(`mode: full-refresh, columns: { t: bigint }`, 'codes')).rejects.toMatchObject({
      kind: 'data',
    });
    expect(await rowsOf(`select count(*) from ${table}`)).toEqual([['2']]);
  });

  test('pre_sql, post_sql and hooks', async () => {
    const audit = named('audit');
    const schema = table.includes('.') ? ['create schema if not exists raw'] : [];
    await harness.run(target, ...schema, `create table ${audit} (note varchar(60))`);
    const note = (text: string): string => `insert into ${audit} values ('${text}')`;
    const hooks = `hooks: { pre_merge: [{ type: query, query: "${note('pre_merge')}" }], post_merge: [{ type: query, query: "${note('post_merge')}" }] }`;
    for (const mode of ['full-refresh', 'truncate', 'incremental, primary_key: id'])
      await load(
        `mode: ${mode}, target_options: { pre_sql: "${note('pre')}", post_sql: "${note('post')}" }, ${hooks}`,
      );
    expect(await rowsOf(`select note, count(*) from ${audit} group by note order by note`)).toEqual([
      ['post', '3'],
      ['post_merge', '3'],
      ['pre', '3'],
      ['pre_merge', '3'],
    ]);
    await change("update orders set name = 'other'");
    await expect(
      load(
        `mode: full-refresh, hooks: { post_merge: [{ type: query, query: 'select * from no_such_table' }] }`,
      ),
    ).rejects.toMatchObject({ kind: 'config' });
    expect(await held()).toEqual(five);
  });

  test('reads in chunks', async () => {
    const chunks = 'source_options: { chunk_size: 2 }';
    expect(await load(`mode: full-refresh, primary_key: id, ${chunks}`)).toMatchObject({ rowsRead: 5 });
    expect(await load(`mode: full-refresh, primary_key: id, ${chunks}`)).toMatchObject({ rowsRead: 5 });
    expect(await held()).toEqual(five);
    await change(`update orders set at = '2024-06-01 00:00:00' where id > 1`);
    await load(`${keys}, ${chunks}`);
    expect(await held()).toEqual(five);
  });

  test('keys that were asked for', async () => {
    const asked = `mode: full-refresh, columns: { name: string(40) }, target_options: { table_keys: { unique: [name], index: [amount] } }`;
    if (target === 'DUCK_LAKE') {
      await expect(load(asked)).rejects.toMatchObject({ code: 'not_yet_supported' });
      return;
    }
    await load(asked);
    const again = `insert into ${table} (${quote('id')}, ${quote('name')}) values (77, 'n1')`;
    await expect(harness.run(target, again)).rejects.toMatchObject({ code: 'constraint_violated' });
    await change("update orders set name = 'n1' where id = 2");
    await expect(load(asked)).rejects.toMatchObject({ kind: 'data' });
    expect(await held()).toEqual(five);
  });
});
