import { filesConnector } from '../../src/connectors/files/index.ts';
import { connectorSuite, putByTarget, type SuiteGap } from '../../src/testing/index.ts';
import { suiteFolder, vitestRunner, withRoles } from './suite-runner.ts';

/** Files of text do not tell what is no text. */
const ofText: readonly SuiteGap[] = [
  {
    skip: 'keeps bytes',
    reason: 'they are written as text with escapes, and read as that text unless columns: declares binary',
  },
  { skip: 'keeps interval', reason: 'they are written as people read them, and read as text' },
];

const gaps: Readonly<Record<string, readonly SuiteGap[]>> = {
  parquet: [
    { skip: 'keeps interval', reason: "Parquet's intervals have no negative parts, and milliseconds only" },
  ],
  jsonl: [
    ...ofText,
    {
      skip: 'describes an empty stream and reads no batch of it',
      reason: 'an empty file of JSON lines tells no columns',
    },
  ],
  csv: ofText,
};

for (const [extension, known] of Object.entries(gaps)) {
  connectorSuite(`files (${extension})`, {
    runner: vitestRunner,
    connector: withRoles(filesConnector),
    folder: suiteFolder(),
    config: () => ({}),
    put: (table, connection) => putByTarget(table, connection, `${table.name}.${extension}`),
    gaps: known,
  });
}
