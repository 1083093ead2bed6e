import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection } from '../connector/connection.ts';
import { type Files, readFiles } from './testing/temporary-project.fixture.ts';
import { type LogLine, openPostgres, type RunRequest, runNode } from './testing/transform-runner.fixture.ts';

let connection: Connection;
let server: TestDatabase;

beforeAll(async () => {
  server = await createTestDatabase();
  connection = await openPostgres(server.url);
  await server.query('drop role if exists transform_reader');
  await server.query('create role transform_reader');
});

afterAll(async () => {
  await connection.close();
  await server.query('drop owned by transform_reader');
  await server.query('drop role transform_reader');
  await server.drop();
});

async function build(key: string, files: Files, request: RunRequest = {}): Promise<unknown> {
  const project = await readFiles(files, { dialectName: 'postgres', schema: 'public' });
  return await runNode(project, connection, key, request);
}

const table = (columns: string): Files => ({
  'models/t.sql': `{{ config(materialized='table') }} select ${columns}`,
});

test('a rebuilt table keeps its grants and the views, indexes and grants that hang on it', async () => {
  await build('t', table("1 as a, cast('x' as text) as b"));
  await server.query('grant select, insert on t to transform_reader with grant option');
  await server.query('create view first with (security_barrier) as select a, b from t');
  await server.query('create materialized view stored as select b from first');
  await server.query('create unique index stored_b on stored (b)');
  await server.query('create view second as select f.a, s.b from first f join stored s on s.b = f.b');
  await server.query('grant select on second to transform_reader');

  await build('t', table("2 as a, cast('y' as text) as b, 3 as c"));

  expect(await server.query('select * from second')).toEqual([{ a: 2, b: 'y' }]);
  const allowed = await server.query(
    `select has_table_privilege('transform_reader', 't', 'select with grant option') as t,
            has_table_privilege('transform_reader', 't', 'delete') as more,
            has_table_privilege('transform_reader', 'second', 'select') as v`,
  );
  expect(allowed).toEqual([{ t: true, more: false, v: true }]);
  expect(await server.query(`select reloptions from pg_class where relname = 'first'`)).toEqual([
    { reloptions: ['security_barrier=true'] },
  ]);
  expect(await server.query(`select indexname from pg_indexes where tablename = 'stored'`)).toEqual([
    { indexname: 'stored_b' },
  ]);
});

test('a view of somebody else that would break stops the build, and nothing has changed', async () => {
  const broken = build('t', table("9 as a, cast('z' as text) as other"));
  await expect(broken).rejects.toMatchObject({ code: 'dependent_view_broken', kind: 'config' });
  await expect(broken).rejects.toThrow(/public\.first/);
  expect(await server.query('select a, b from t')).toEqual([{ a: 2, b: 'y' }]);
  expect(await server.query('select * from second')).toEqual([{ a: 2, b: 'y' }]);
});

test('a view of the project that no longer fits goes, and says so, until its own step builds it', async () => {
  const files = (column: string): Files => ({
    'models/base.sql': `{{ config(materialized='table') }} select 1 as ${column}`,
    'models/reader.sql': `select ${column} from {{ ref('base') }}`,
  });
  await build('base', files('a'));
  await build('reader', files('a'));
  const log: LogLine[] = [];
  await build('base', files('b'), { log });
  expect(log.filter((line) => line.level === 'warn').map((line) => line.message)).toEqual([
    expect.stringContaining('view public.reader no longer fits'),
  ]);
  await build('reader', files('b'));
  expect(await server.query('select * from reader')).toEqual([{ b: 1 }]);
});
