import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { millrace, startMillrace } from '../support/millrace-command.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

let shop: TestDatabase;
let warehouse: TestDatabase;
let folder: string;

beforeAll(async () => {
  [shop, warehouse] = [await createTestDatabase(), await createTestDatabase()];
  await shop.query('create table events (id int primary key, changed int not null, name text)');
  await shop.query('create index on events (changed)');
  await shop.query(`insert into events select g, g / 7, 'n' || g from generate_series(1, 1800) g`);
});
afterAll(async () => {
  await shop.drop();
  await warehouse.drop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-killed-'));
  await writeFile(
    join(folder, 'connections.yaml'),
    `connections:\n  SHOP: { url: '${shop.url}' }\n  PG: { url: '${warehouse.url}' }\n  DUCK: { type: duckdb, path: warehouse.duckdb }\n`,
  );
  await warehouse.query('drop schema if exists raw cascade');
  await warehouse.query('drop schema if exists _millrace cascade');
  return () => rm(folder, { recursive: true, force: true });
});

const ways = [
  ['each chunk', 'mode: incremental, primary_key: id, update_key: changed'],
  ['once at the end', 'mode: full-refresh'],
] as const;
const cases = (['DUCK', 'PG'] as const).flatMap((target) =>
  ways.flatMap(([way, options]) =>
    (['the same run', 'a new run'] as const).map((next) => [target, way, next, options] as const),
  ),
);

function write(target: string, options: string, where: string): Promise<void> {
  const source = `source_options: { chunk_size: 300 }`;
  const yaml = `source: SHOP\ntarget: ${target}\nstreams:\n  events: { object: raw.events, ${options}, where: '${where}', ${source}, meta: { millrace: { parallel_chunks: 2 } } }\n`;
  return writeFile(join(folder, 'load.yaml'), yaml);
}

/** Resolves when the command has said so. */
function says(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    const listen = (chunk: Buffer): void => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
  });
}

const whole = [[1800, 1800, 1, 1800]];

async function loaded(target: string): Promise<unknown> {
  const sql = 'select count(*), count(distinct id), min(id), max(id) from raw.events';
  const environment = {
    name: target,
    projectFolder: folder,
    temporaryFolder: folder,
    memoryBudgetBytes: 1e8,
  };
  const connection =
    target === 'PG'
      ? await postgresConnector.open(
          postgresConnector.config.parse(postgresConnector.parseUrl(warehouse.url)),
          environment,
        )
      : await duckdbConnector.open({ path: 'warehouse.duckdb' }, environment);
  const rows = (await connection.database?.query(sql))?.rows;
  const left = (await connection.database?.list('raw'))?.map(({ name }) => name);
  await connection.close();
  expect(left).toEqual(['events']);
  return rows;
}

describe.each(cases)('into %s, published %s, then %s', (target, way, next, options) => {
  test('kill -9 in the middle of a chunk: nothing is lost, nothing doubled, no chunk is read again', async () => {
    // Slow enough to be in the middle of a chunk.
    await write(target, options, 'pg_sleep(0.001)::text is not null');
    const { child, result } = startMillrace(['run', '-r', 'load.yaml', '--debug'], { cwd: folder });
    await says(child, /chunk 2 is/);
    child.kill('SIGKILL');
    expect((await result).code).toBe(null);
    if (next === 'a new run') await rm(join(folder, '.millrace'), { recursive: true });

    const again = await millrace(['run', '-r', 'load.yaml', '--debug'], { cwd: folder });
    const said = again.stdout + again.stderr;
    expect(again.code, said).toBe(0);
    expect(said.match(/chunk \d+ is/g)?.length ?? 0, said).toBeLessThanOrEqual(4);
    if (way === 'once at the end') expect(said).toMatch(/going on after chunk [2-5]/);
    else expect(said).toMatch(/watermark before: changed = /);
    expect(await loaded(target)).toEqual(whole);
  });
});

test('two processes that load one table at once do so one after the other', async () => {
  await write('PG', 'mode: incremental, update_key: changed', 'id % 3 = 0');
  const other = await mkdtemp(join(tmpdir(), 'millrace-other-'));
  for (const file of ['connections.yaml', 'load.yaml']) await copyFile(join(folder, file), join(other, file));
  const runs = await Promise.all(
    [folder, other].map((cwd) => millrace(['run', '-r', 'load.yaml', '--debug'], { cwd })),
  );
  await rm(other, { recursive: true });
  for (const { code, stdout, stderr } of runs) expect(code, stdout + stderr).toBe(0);
  // Without a key each of them would have added every row.
  expect(await loaded('PG')).toEqual([[600, 600, 3, 1800]]);
});
