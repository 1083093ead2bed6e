import { sqliteConnector } from '../../src/connectors/sqlite/index.ts';
import { connectorSuite } from '../../src/testing/index.ts';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { suiteFolder, vitestRunner, withRoles } from './suite-runner.ts';

const folder = suiteFolder();
new DatabaseSync(join(folder, 'suite.db')).exec('pragma user_version = 1');

connectorSuite('sqlite', {
  runner: vitestRunner,
  connector: withRoles(sqliteConnector),
  folder,
  gaps: [
    { skip: 'keeps float64 NaN and infinity', reason: 'SQLite makes NaN NULL' },
    {
      skip: 'keeps decimal NaN',
      reason: 'a value that is no number is refused when it is read, not when it is put',
    },
    ...['date', 'timestamp', 'timestamptz'].flatMap((type) => [
      {
        skip: `keeps ${type} before Christ`,
        reason: 'ISO 8601 text has years 1 to 9999',
        refused: true as const,
      },
      { skip: `keeps ${type} infinity`, reason: 'ISO 8601 text has no infinity', refused: true as const },
    ]),
    { skip: 'keeps interval', reason: 'SQLite has no intervals: they become text' },
  ],
  config: () => ({ path: 'suite.db' }),
});
