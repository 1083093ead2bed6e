import { defineConnector, rowsSource, z } from '../../src/connector/index.ts';
import { connectorSuite, type SuiteTable } from '../../src/testing/index.ts';
import { suiteFolder, vitestRunner } from './suite-runner.ts';

const tables = new Map<string, SuiteTable>();

/** Rows in memory, given as objects: what every connector without SQL is made of. */
const memory = defineConnector({
  type: 'memory',
  roles: ['source'],
  config: z.strictObject({}),
  open: async (_config, { name }) => ({
    name,
    type: 'memory',
    check: async () => `${tables.size} tables`,
    close: async () => {},
    source: rowsSource(name, {
      discover: async () => [...tables.keys()],
      describe: async (stream) => tables.get(stream)?.schema,
      read: async function* ({ stream }) {
        for (const page of tables.get(stream)?.pages ?? []) {
          yield page;
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    }),
  }),
});

connectorSuite('rowsSource', {
  runner: vitestRunner,
  connector: memory,
  folder: suiteFolder(),
  config: () => ({}),
  put: async (table) => {
    tables.set(table.name, table);
    return table.name;
  },
});
