import { afterAll, test } from 'vitest';
import { mysqlConnector } from '../../src/connectors/mysql/index.ts';
import { connectorSuite } from '../../src/testing/index.ts';
import { startMariaDb } from '../support/mariadb-server.ts';
import { suiteFolder, vitestRunner, withRoles } from './suite-runner.ts';

const server = await startMariaDb();
const secret = 'conformance-secret-4711';
const settings = (url: string) => mysqlConnector.config.parse(mysqlConnector.parseUrl(url));

if ('skip' in server) test.skip(`mysql (${server.reason})`);
else {
  afterAll(() => server.stop());
  connectorSuite('mysql', {
    runner: vitestRunner,
    connector: withRoles(mysqlConnector),
    folder: suiteFolder(),
    config: () => settings(server.url),
    gaps: [
      { skip: 'keeps float64 NaN and infinity', reason: 'MySQL has finite numbers only', refused: true },
      ...['date', 'timestamp', 'timestamptz'].flatMap((type) => [
        { skip: `keeps ${type} before Christ`, reason: 'MySQL has years 1 to 9999', refused: true as const },
        { skip: `keeps ${type} infinity`, reason: 'MySQL has no infinity', refused: true as const },
      ]),
      {
        skip: 'keeps timestamptz',
        reason:
          'instants are put as datetime(6) in UTC, because timestamp ends in 2038, and are read without a zone',
      },
      { skip: 'keeps interval', reason: 'MySQL has no intervals: they become text' },
    ],
    wrong: () => ({ config: settings(`mysql://mill:${secret}@127.0.0.1:${server.port}/shop`), secret }),
    sessions: async () => {
      const rows = await server.rows(
        "select count(*) from information_schema.processlist where user = 'mill'",
      );
      return Number(rows[0]?.[0]);
    },
  });
}
