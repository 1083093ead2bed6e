import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection, SqlDatabase, SqlSession } from '../connector/connection.ts';
import { FatalError } from '../core/errors.ts';
import { readFiles } from './testing/temporary-project.fixture.ts';
import { databaseOf, openDuckdb, openPostgres, runNode } from './testing/transform-runner.fixture.ts';

/** A connection that works for `calls` calls and is then gone, as with its process. */
function failingAfter(connection: Connection, calls: number): Connection {
  const database = databaseOf(connection);
  let left = calls;
  const count = (): void => {
    left -= 1;
    if (left < 0) throw new FatalError('gone', { code: 'gone' });
  };
  const session = (inner: SqlSession): SqlSession => ({
    query: async (...args) => {
      count();
      return await inner.query(...args);
    },
    execute: async (...args) => {
      count();
      return await inner.execute(...args);
    },
  });
  const failing: SqlDatabase = {
    ...session(database),
    dialect: database.dialect,
    describe: (table) => database.describe(table),
    list: (schema) => database.list(schema),
    transaction: async (work, signal) => {
      const result = await database.transaction((inner) => work(session(inner)), signal);
      count();
      return result;
    },
  };
  return { ...connection, database: failing };
}

const files = {
  'models/a_table.sql': "{{ config(materialized='table') }} select 2 as x",
  'models/a_view.sql': 'select 3 as x',
  'models/appended.sql': "{{ config(materialized='incremental') }} select 4 as x",
  'models/merged.sql': "{{ config(materialized='incremental', unique_key='x') }} select 5 as x",
  'seeds/a_seed.csv': 'x\n6\n7\n',
};
const keys = ['a_table', 'a_view', 'appended', 'merged', 'a_seed'];

describe.each(['duckdb', 'postgres'] as const)('on %s', (dialectName) => {
  let connection: Connection;
  let server: TestDatabase | undefined;

  beforeAll(async () => {
    server = dialectName === 'postgres' ? await createTestDatabase() : undefined;
    connection = server ? await openPostgres(server.url) : await openDuckdb();
  });

  afterAll(async () => {
    await connection.close();
    await server?.drop();
  });

  test.each(keys)(
    '%s: cut off at any statement and repeated, it ends as if it had run through',
    async (key) => {
      const project = await readFiles(files, { dialectName, schema: 'cut' });
      const content = async (): Promise<unknown> => {
        const relations = await databaseOf(connection).list('cut');
        const shown = relations.filter((relation) => relation.name !== '_millrace_publishes');
        const { rows } = await databaseOf(connection).query(`select x from cut.${key} order by x`);
        return { relations: shown, rows };
      };
      const start = async (): Promise<void> => {
        await databaseOf(connection).execute('drop schema if exists cut cascade');
        await runNode(project, connection, key, { runId: 'before' });
      };
      await start();
      await runNode(project, connection, key, { runId: 'now' });
      const expected = await content();

      let cuts = 0;
      for (let calls = 0; ; calls += 1) {
        await start();
        const before = await content();
        const cut = await runNode(project, failingAfter(connection, calls), key, { runId: 'now' }).then(
          () => false,
          () => true,
        );
        if (!cut) break;
        cuts += 1;
        expect([before, expected]).toContainEqual(await content());
        await runNode(project, connection, key, { runId: 'now' });
        expect(await content()).toEqual(expected);
      }
      expect(cuts).toBeGreaterThan(3);
    },
  );
});
