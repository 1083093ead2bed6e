import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { duckdbConnector } from '../../connectors/duckdb/index.ts';
import { databaseName } from './database-name.ts';

const folder = await mkdtemp(join(tmpdir(), 'millrace-names-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const origin = { file: 'connections.yaml' };

test.each(['shop.duckdb', 'my.data.duckdb', '.hidden.duckdb', 'main.duckdb', 'temp.db', 'plain', ':memory:'])(
  'DuckDB calls the database of %s as we say',
  async (file) => {
    const path = file === ':memory:' ? file : join(folder, file);
    const config = duckdbConnector.config.parse({ path });
    const connection = await duckdbConnector.open(config, {
      name: 'W',
      projectFolder: folder,
      temporaryFolder: folder,
      memoryBudgetBytes: 100_000_000,
    });
    const result = await connection.database?.query('select current_database()');
    await connection.close();
    const declaration = { name: 'W', type: 'duckdb', config: { path }, url: undefined, origin };
    expect(databaseName(declaration)).toBe(result?.rows[0]?.[0]);
  },
);

test('PostgreSQL names it in the URL', () => {
  const url = 'postgres://u:p@h:5432/my%20shop?sslmode=disable';
  expect(databaseName({ name: 'P', type: 'postgres', config: {}, url, origin })).toBe('my shop');
});

test('a URL that cannot be read gives no piece of its password away', () => {
  const url = 'postgres://u:pass#word/x@h:5432/shop';
  expect(databaseName({ name: 'P', type: 'postgres', config: {}, url, origin })).toBe('');
  const bad = 'postgres://u:p@h:5432/sh%op';
  expect(databaseName({ name: 'P', type: 'postgres', config: {}, url: bad, origin })).toBe('');
});
