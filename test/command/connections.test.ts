import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { millrace, millraceJson } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

let project: NewProject;
let database: TestDatabase;
let here: { cwd: string; env: Record<string, string> };

beforeAll(async () => {
  project = await newProject();
  database = await createTestDatabase();
  await database.query('create schema sales');
  await database.query(
    'create table sales.orders (id int primary key, price numeric(8,2) not null, note text)',
  );
  await database.query('create view sales.cheap as select id from sales.orders');
  here = { cwd: project.folder, env: { SHOP: database.url, HOME: join(project.folder, 'home') } };
});
afterAll(async () => {
  await project.remove();
  await database.drop();
});

test('list says where each connection is from, and reaches none', async () => {
  const { connections } = await millraceJson<{ connections: object[] }>(['connections', 'list'], {
    ...here,
    env: { ...here.env, LOST: 'postgres://me@127.0.0.1:1/d' },
  });
  expect(connections).toEqual(
    expect.arrayContaining([
      { name: 'LOCAL', type: 'file', declaredIn: 'built in' },
      { name: 'SHOP', type: 'postgres', declaredIn: 'environment variable SHOP' },
      { name: 'WAREHOUSE', type: 'duckdb', declaredIn: expect.stringMatching(/^connections\.yaml:\d+/) },
    ]),
  );
});

test('test reaches one or all, and its exit code tells', async () => {
  expect(await millrace(['conns', 'test', 'shop'], here)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/✓ +SHOP +postgres +PostgreSQL \d+/),
  });
  const lost = { ...here, env: { ...here.env, LOST: 'postgres://me@127.0.0.1:1/d' } };
  expect(await millrace(['connections', 'test', 'LOST'], lost)).toMatchObject({ code: 3 });
  expect(await millrace(['connections', 'test'], lost)).toMatchObject({
    code: 3,
    stdout: expect.stringMatching(/✓ +SHOP[^]*✗ +LOST|✗ +LOST[^]*✓ +SHOP/),
  });
  expect(await millrace(['connections', 'test', 'SHPO'], here)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("did you mean 'SHOP'"),
  });
});

describe('discover', () => {
  test('lists tables and views of all schemas with keys, columns and types', async () => {
    const { streams } = await millraceJson<{ streams: { name: string }[] }>(
      ['connections', 'discover', 'SHOP'],
      here,
    );
    expect(streams.map(({ name }) => name)).toEqual(['sales.cheap', 'sales.orders']);
    expect(streams[1]).toMatchObject({
      primaryKey: ['id'],
      columns: [
        { name: 'id', type: 'integer', nullable: false },
        { name: 'price', type: 'decimal(8,2)', nullable: false },
        { name: 'note', type: 'string', nullable: true },
      ],
    });
    const table = await millrace(['connections', 'discover', 'SHOP', '-p', 'sales.o*', '--columns'], here);
    expect(table.stdout).toMatch(/sales\.orders +price +decimal\(8,2\) +not null/);
    expect(table.stdout).not.toContain('cheap');
  });

  test('finds files, in folders below when asked', async () => {
    await project.write('files/a.csv', 'id\n1\n');
    await project.write('files/deep/b.csv', 'id\n1\n');
    await project.write('files/c.txt', 'nothing');
    const env = { ...here.env, FILES: '{type: file, path: files}' };
    const found = async (...flags: string[]): Promise<string[]> =>
      (
        await millraceJson<{ streams: { name: string }[] }>(['connections', 'discover', 'FILES', ...flags], { ...here, env })
      ).streams.map(({ name }) => name); // prettier-ignore
    expect(await found()).toEqual(['file://a.csv']);
    expect(await found('--recursive')).toEqual(['file://a.csv', 'file://deep/b.csv']);
    expect(await found('-p', '*.csv', '--recursive')).toEqual(['file://a.csv', 'file://deep/b.csv']);
  });
});

test('exec runs statements in turn, and prints text, CSV or JSON', async () => {
  const exec = (...args: string[]) => millrace(['connections', 'exec', 'SHOP', ...args], here);
  const text = await exec("insert into sales.orders values (1, 2.5, 'a \"b\", c'), (2, 3, null), (3, 4, '')", 'select count(*) from sales.orders'); // prettier-ignore
  expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/3 rows changed[^]*count[^]*3/) });
  const csv = await exec('select * from sales.orders order by id', '-o', 'csv');
  expect(csv.stdout).toBe('id,price,note\r\n1,2.50,"a ""b"", c"\r\n2,3.00,\r\n3,4.00,""\n');
  const json = JSON.parse((await exec('select id from sales.orders order by id', '-o', 'json', '-l', '2')).stdout) as unknown; // prettier-ignore
  expect(json).toMatchObject({ results: [{ rows: [[1], [2]], cut: true }] });
  const failed = await exec('select 1', 'select nothing', 'delete from sales.orders');
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing') });
  expect(await database.query('select count(*)::int as n from sales.orders')).toEqual([{ n: 3 }]);
});

test('set and unset change the file and keep the rest of it', async () => {
  const file = join(project.folder, 'connections.yaml');
  await writeFile(file, `# ours\n${await readFile(file, 'utf8')}`);
  const set = await millrace(['connections', 'set', 'NEW', 'type=postgres', 'host=db', 'user=me', 'password=sesame1'], here); // prettier-ignore
  expect(set).toMatchObject({ code: 0, stdout: expect.stringMatching(/in clear text/) });
  expect(set.stdout).not.toContain('sesame1');
  const text = await readFile(file, 'utf8');
  expect(text).toMatch(/^# ours\n[^]*WAREHOUSE[^]*NEW:\n {4}type: postgres\n {4}host: db/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await millrace(['connections', 'set', 'BAD', 'type=postgres', 'hots=db'], here)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("did you mean 'host'"),
  });
  expect(await millrace(['connections', 'unset', 'new'], here)).toMatchObject({ code: 0 });
  expect(await readFile(file, 'utf8')).not.toContain('NEW');
  expect(await millrace(['connections', 'unset', 'NEW'], here)).toMatchObject({ code: 2 });
});

test('outside of a project a connection goes into env.yaml of the user', async () => {
  const env = { SLING_HOME_DIR: join(project.folder, 'sling') };
  const cwd = join(project.folder, '..');
  expect(await millrace(['connections', 'set', 'A', 'url=sqlite://a.db'], { cwd, env })).toMatchObject({
    code: 0,
  });
  const { connections } = await millraceJson<{ connections: { name: string }[] }>(['connections'], {
    cwd,
    env,
  });
  expect(connections.map(({ name }) => name)).toContain('A');
});
