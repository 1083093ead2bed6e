import { duckdbConnector } from '../../src/connectors/duckdb/index.ts';
import { connectorSuite } from '../../src/testing/index.ts';
import { suiteFolder, vitestRunner, withRoles } from './suite-runner.ts';

connectorSuite('duckdb', {
  runner: vitestRunner,
  connector: withRoles(duckdbConnector),
  folder: suiteFolder(),
  config: () => ({ path: 'suite.duckdb' }),
});
