import { afterAll } from 'vitest';
import { postgresConnector } from '../../src/connectors/postgres/index.ts';
import { connectorSuite } from '../../src/testing/index.ts';
import { createTestDatabase } from '../support/postgres-database.ts';
import { suiteFolder, vitestRunner, withRoles } from './suite-runner.ts';

const database = await createTestDatabase();
afterAll(() => database.drop());

const secret = 'conformance-secret-4711';
const settings = (url: string) => postgresConnector.config.parse(postgresConnector.parseUrl(url));

connectorSuite('postgres', {
  runner: vitestRunner,
  connector: withRoles(postgresConnector),
  folder: suiteFolder(),
  config: () => settings(database.url),
  wrong: () => {
    const url = new URL(database.url);
    url.username = 'nobody_there';
    url.password = secret;
    return { config: settings(url.href), secret };
  },
  gaps: [{ skip: 'keeps text with NUL', reason: 'PostgreSQL has no NUL in text', refused: true }],
  sessions: async () => {
    const rows = await database.query(
      'select count(*) as count from pg_stat_activity where datname = current_database()',
    );
    return Number(rows[0]?.['count']);
  },
});
