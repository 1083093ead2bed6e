import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';

let harness: LoadHarness;
let databases: readonly TestDatabase[];
beforeAll(async () => {
  harness = await LoadHarness.create();
  databases = [await createTestDatabase(), await createTestDatabase()];
  await harness.open('DUCK', duckdbConnector, { path: join(harness.folder, 'warehouse.duckdb') });
  const [shop, warehouse] = databases.map((database) => postgresConnector.parseUrl(database.url));
  await harness.open('PG', postgresConnector, postgresConnector.config.parse(shop));
  await harness.open('PG2', postgresConnector, postgresConnector.config.parse(warehouse));
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
});

describe.each(['DUCK', 'PG2'])('into %s', (target) => {
  const stream = (rest: string): string =>
    `source: PG\ntarget: ${target}\nstreams:\n  people:\n    object: raw.people\n    ${rest.split('\n').join('\n    ')}\n`;
  const held = (columns: string) => harness.rows(target, `select ${columns} from raw.people order by id`);

  beforeEach(async () => {
    await harness.run(
      'PG',
      'drop table if exists people',
      'create table people (id int, name text, code varchar(4), price numeric(6,2), seen boolean, info json)',
      `insert into people values (1, '  Zoë ', 'ab', 1.25, true, '{"a":1}'), (2, '', null, -3, false, null), (3, null, 'cd', null, null, null)`,
    );
    await harness.run(target, 'drop schema if exists raw cascade', 'drop schema if exists _millrace cascade');
  });

  test('transforms change text, by column and for all, and leave keys alone', async () => {
    await harness.loadOne(
      stream(
        'transforms:\n  - trim_space\n  - { name: [replace_accents, upper, empty_as_null], code: hash_md5 }',
      ),
    );
    expect(await held('id, name, code')).toEqual([
      [1, 'ZOE', '187ef4436122d1cc2f40dc2b92f0eba0'],
      [2, null, null],
      [3, null, '6865aeb3a9ed28f9a79ec454b259e5d0'],
    ]);
    const keyed = stream(
      'mode: incremental\nprimary_key: id\nselect: [id, name]\ntransforms: { name: hash_sha256 }',
    );
    await harness.run(target, 'drop table raw.people');
    await harness.loadOne(keyed);
    expect(await harness.loadOne(keyed)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
    expect((await held('length(name)')).flat()).toEqual([64, 64, null]);
  });

  test('what is no text is clean, and read by its text', async () => {
    await harness.loadOne(
      stream(
        `select: [id, price, seen]\nwhere: id < 3\ntransforms:\n  - { price: [trim_space, upper], seen: replace_non_printable }\n  - { sum: "hash_md5(record.price)", part: "split_part(record.price, '.', 1)", long: "length(record.id) + 1" }`,
      ),
    );
    const rows = await held('price, seen, sum, part, long');
    expect(rows).toEqual([
      ['1.25', true, createHash('md5').update('1.25').digest('hex'), '25', 2],
      ['-3.00', false, createHash('md5').update('-3.00').digest('hex'), '00', 2],
    ]);
  });

  test('transforms that fit nothing are refused', async () => {
    await harness.run('PG', 'alter table people add column raw bytea');
    const refused = (rest: string) => expect(harness.explain(stream(rest))).rejects;
    await refused('transforms: [uper]').toThrow(/'uper' is not built, did you mean 'upper'/);
    await refused('transforms: { nam: upper }').toThrow(/no column 'nam'/);
    await refused('transforms: { raw: upper }').toThrow(/'raw' is bytes/);
    await refused('primary_key: name\ntransforms: { name: upper }').toThrow(/'name' is a key/);
  });

  test('casts take the types of columns, with a size and without', async () => {
    await harness.run(
      'PG',
      `insert into people (id, name) values (7, '12.3456789012'), (8, '-1e3')`,
      'update people set price = id where id > 6',
    );
    await harness.loadOne(
      stream(
        `where: id > 6\nselect: [id, name, price]\ntransforms:\n  - wide: "cast(record.name, 'decimal')"\n    exact: "cast(record.name, 'decimal(12,2)') * 2"\n    kept: "cast(record.price, 'decimal')"\n    small: "cast(record.id, 'smallint')"\n    short: "cast(record.id, 'string(3)')"\n    clock: "cast('10:00:00+02', 'timez')"`,
      ),
    );
    expect(await held('cast(wide as varchar), cast(exact as varchar), kept, small, short, clock')).toEqual([
      ['12.345678901', '24.70', '7.00', 7, '7', '10:00:00+02'],
      ['-1000.000000000', '-2000.00', '8.00', 8, '8', '10:00:00+02'],
    ]);
    const table = await (await harness.get(target)).database?.describe({ schema: 'raw', name: 'people' });
    expect(Object.fromEntries(table?.columns.map(({ name, type }) => [name, type]) ?? [])).toMatchObject({
      wide: { type: 'decimal', precision: 38, scale: 9 },
      kept: { type: 'decimal', precision: 6, scale: 2 },
      small: { type: 'int16' },
      clock: { type: 'timetz' },
    });
    const bad = (word: string) =>
      expect(harness.explain(stream(`transforms: { name: "cast(value, '${word}')" }`))).rejects;
    await bad('binary').toThrow(/cast\(\) takes one of these types: bigint, .*decimal\(12,2\)/);
    await bad('date(3)').toThrow(/cast\(\) takes one of these/);
  });

  test('exact numbers that the target has none for are told', async () => {
    await harness.run('PG', 'alter table people add column wide numeric(50,10), add column any_size numeric');
    const [plan] = await harness.explain(stream('mode: full-refresh'));
    expect(plan?.remarks).toEqual(
      target === 'DUCK'
        ? [expect.stringMatching(/text, because .*: wide \(50 digits\), any_size \(no precision declared\)/)]
        : [],
    );
    const [declared] = await harness.explain(stream("columns: { wide: 'decimal(38,10)', any_size: string }"));
    expect(declared?.remarks).toEqual([]);
  });

  test('@columns selects those that are declared; other @ words are errors', async () => {
    await harness.loadOne(stream("select: ['@columns', seen]\ncolumns: { code: string, id: bigint }"));
    const [plan] = await harness.explain(stream('mode: full-refresh'));
    expect(plan?.columns.length).toBeGreaterThan(3);
    const table = await (await harness.get(target)).database?.describe({ schema: 'raw', name: 'people' });
    expect(table?.columns.map(({ name }) => name)).toEqual(['code', 'id', 'seen']);
    const refused = (rest: string) => expect(harness.explain(stream(rest))).rejects;
    await refused("select: ['@columns']").toThrow(/columns: names none/);
    await refused("select: ['@all']").toThrow(/@all, which is not known/);
  });

  test('columns that name one index share it', async () => {
    await harness.loadOne(stream("columns: { id: 'int index(pair)', code: 'string(9) index(pair)' }"));
    const catalogue = target === 'DUCK' ? 'duckdb_indexes()' : 'pg_indexes';
    const [name, sql] = target === 'DUCK' ? ['index_name', 'expressions'] : ['indexname', 'indexdef'];
    const rows = await harness.rows(target, `select ${sql} from ${catalogue} where ${name} = 'pair'`);
    expect(rows).toEqual([[expect.stringMatching(/id.*code/)]]);
  });

  test('times keep their zone, shapes are WKB or nothing', async () => {
    await harness.run(
      'PG',
      'alter table people add column at timetz, add column shape bytea',
      "update people set at = '04:05:06+02', shape = '\\x01' where id = 1",
    );
    await harness.loadOne(
      stream('columns: { at: timez, shape: geometry }\nwhere: id = 1\nselect: [id, at, shape]'),
    );
    const [row] = await held('"at", shape');
    expect([row?.[0], Buffer.from(row?.[1] as Uint8Array).toString('hex')]).toEqual(['04:05:06+02', '01']);
    await expect(harness.explain(stream('columns: { name: geometry }'))).rejects.toThrow(
      /'name' is text, and no geometry/,
    );
  });

  test('constraints stop the load, with the column and a count, and the old rows stay', async () => {
    await harness.loadOne(stream('where: id < 3'));
    const load = (columns: string) => expect(harness.loadOne(stream(`columns: { ${columns} }`))).rejects;
    await load('code: string not_null').toThrow(/1 row breaks the constraint of column 'code': not_null/);
    await load(`price: 'decimal(6,2) | value > 0 and value < 100'`).toMatchObject({
      code: 'constraint_violated',
    });
    expect(await held('id')).toHaveLength(2);
    await harness.loadOne(
      stream(`columns: { id: int not_null description('the key'), price: 'decimal(6,2) | value > -5' }`),
    );
    expect(await held('id')).toHaveLength(3);
    const { database } = await harness.get(target);
    const made = await database?.describe({ schema: 'raw', name: 'people' });
    expect(made?.columns.map(({ name, nullable }) => [name, nullable])).toContainEqual(['id', false]);
    expect(made?.columns.map(({ name, nullable }) => [name, nullable])).toContainEqual(['price', true]);
    const left = (await (await harness.get(target)).database?.list('raw')) ?? [];
    expect(left.map((relation) => relation.name)).toEqual(['people']);
  });

  test('primary_key, unique and index of a column', async () => {
    const unique = target === 'DUCK' ? '' : ', code: string unique';
    const yaml = stream(`mode: incremental\ncolumns: { id: bigint primary_key, name: text index${unique} }`);
    await harness.loadOne(yaml);
    await harness.run('PG', `update people set name = 'new' where id = 2`);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 1 });
    if (target === 'PG2') {
      const indexes = await harness.rows(
        'PG2',
        `select indexname from pg_indexes where tablename = 'people' order by 1`,
      );
      expect(indexes.flat()).toEqual(['people_code_unique', 'people_name_index', 'people_pkey']);
    }
  });

  test.each(['unix', 'timestamp'])('_sling_loaded_at (%s) tells when a row came or changed', async (form) => {
    const rest = stream('mode: incremental\nprimary_key: id\nselect: [id, name]');
    const yaml = `env: { SLING_LOADED_AT_COLUMN: ${form} }\n${rest}`;
    await harness.loadOne(yaml);
    const past = form === 'unix' ? '1' : `timestamptz '2000-01-01 00:00:00Z'`;
    await harness.run(target, `update raw.people set _sling_loaded_at = ${past}`);
    await harness.run(
      'PG',
      `update people set name = 'new' where id = 2`,
      `insert into people values (4, 'd')`,
    );
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 1, rowsUpdated: 1 });
    expect(await held(`id, _sling_loaded_at > ${past}`)).toEqual([
      [1, false],
      [2, true],
      [3, false],
      [4, true],
    ]);
    expect(await harness.loadOne(yaml)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
  });

  test('a metadata column of the source gives way to the own one, and goes along where there is none', async () => {
    await harness.run(
      'PG',
      'alter table people add _sling_loaded_at bigint',
      'update people set _sling_loaded_at = 1',
    );
    const yaml = stream('mode: full-refresh\nselect: [id, _sling_loaded_at]');
    await harness.loadOne(yaml);
    expect((await held('_sling_loaded_at')).flat()).toEqual([1, 1, 1]);
    await harness.loadOne(`env: { SLING_LOADED_AT_COLUMN: true }\n${yaml}`);
    expect((await held('_sling_loaded_at > 1700000000')).flat()).toEqual([true, true, true]);
  });

  test('a kept table that has _sling_loaded_at gets it filled unasked, in its own form', async () => {
    await harness.run(
      target,
      'create schema raw',
      'create table raw.people (id int, _sling_loaded_at timestamp)',
    );
    await harness.loadOne(stream('mode: incremental\nprimary_key: id\nselect: [id]'));
    expect((await held(`_sling_loaded_at > timestamp '2024-01-01'`)).flat()).toEqual([true, true, true]);
  });

  test('camel case, and a query in a file', async () => {
    await writeFile(
      join(harness.folder, 'q.sql'),
      'select id, name as "Full_NAME" from people where id < {start};',
    );
    const path = join(harness.folder, 'q.sql');
    await expect(
      harness.loadOne(stream(`sql: file://${path}\ntarget_options: { column_casing: camel }`)),
    ).rejects.toThrow();
    await writeFile(path, 'select id, name as "Full_NAME" from people where id < 3;\n');
    await harness.loadOne(stream(`sql: file://${path}\ntarget_options: { column_casing: camel }`));
    expect(await held('id, "fullName"')).toHaveLength(2);
    await expect(harness.loadOne(stream('sql: file://nowhere.sql'))).rejects.toThrow(
      /nowhere\.sql cannot be read/,
    );
  });

  test('column_typing makes types wider, never narrower', async () => {
    await harness.loadOne(
      stream(
        'target_options:\n  column_typing:\n    string: { length_factor: 3, max_length: 10 }\n    decimal: { min_precision: 9, min_scale: 3, max_scale: 1 }\n    json: { as_text: true }\n    boolean: { cast_as: integer }',
      ),
    );
    const table = await (await harness.get(target)).database?.describe({ schema: 'raw', name: 'people' });
    expect(table?.columns.map((column) => column.type)).toEqual([
      { type: 'int32' },
      { type: 'text' },
      target === 'DUCK' ? { type: 'text' } : { type: 'text', maxLength: 10 },
      { type: 'decimal', precision: 9, scale: 2 },
      { type: 'int32' },
      { type: 'text' },
    ]);
    expect((await held('seen')).flat()).toEqual([1, 0, null]);
  });
});
