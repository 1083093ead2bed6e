import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from './postgres-database.ts';

const database = await createTestDatabase();
afterAll(() => database.drop());

test('a real PostgreSQL answers', async () => {
  const [row] = await database.query('select version() as version');
  expect(row?.['version']).toMatch(/^PostgreSQL/);
});
