import { filesConnector } from '../../src/connectors/files/index.ts';
import { connectorSuite, putByTarget, type SuiteGap } from '../../src/testing/index.ts';
import { suiteFolder, vitestRunner, withRoles } from './suite-runner.ts';

const marks: SuiteGap = {
  skip: 'keeps text that begins with a byte order mark',
  reason: "DuckDB's driver for Node leaves it out of a value",
};
/** What files of text say of types is what their values look like. */
const ofText: readonly SuiteGap[] = [
  marks,
  { skip: 'keeps bytes', reason: 'they are written as text with escapes, and read as that text' },
  { skip: 'keeps interval', reason: 'they are read as text' },
  ...['date', 'timestamp', 'timestamptz'].map((type) => ({
    skip: `keeps ${type} before Christ`,
    reason: 'written as 0044-03-15 (BC), and read as that text',
  })),
];

const gaps: Readonly<Record<string, readonly SuiteGap[]>> = {
  parquet: [
    marks,
    { skip: 'keeps interval', reason: "Parquet's intervals have no negative parts, and milliseconds only" },
  ],
  jsonl: [
    ...ofText,
    {
      skip: 'keeps decimal of 18 digits',
      reason: 'numbers with up to 15 digits before the point are read as float64, whatever comes after it',
    },
    { skip: 'keeps decimal of 38 digits', reason: 'written as a JSON number, which is read as float64' },
    {
      skip: 'describes an empty stream and reads no batch of it',
      reason: 'an empty file of JSON lines tells no columns',
    },
  ],
  csv: [...ofText, { skip: 'reads a text of 10 million letters', reason: 'a line may have 2 million bytes' }],
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
