// Runs the SQL statements of the last run in a ledger once more, one after the other, in an empty DuckDB file and with nothing but the
// driver, and prints as JSON how many there were and how long the database took.
//
//   node --conditions=@millrace/source bench/transform/replay.ts <ledger.db> <empty folder>

import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { DuckDBInstance } from '@duckdb/node-api';

const [ledger = '', folder = '.'] = process.argv.slice(2);

const statements = loggedStatements(ledger);
// The names of the statements have the database in them, which is that of the file.
const instance = await DuckDBInstance.create(join(folder, 'warehouse.duckdb'));
const connection = await instance.connect();
const started = performance.now();
for (const sql of statements) await connection.runAndReadAll(sql);
const seconds = (performance.now() - started) / 1000;
connection.closeSync();
instance.closeSync();
process.stdout.write(JSON.stringify({ statements: statements.length, seconds }));

/** Steps log each statement that they run at debug level. */
function loggedStatements(file: string): readonly string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare(
        `select detail from events where type = 'step_log' and run_id = (select id from runs order by created_at_ms desc limit 1)
         order by sequence`,
      )
      .all()
      .map(({ detail }) => JSON.parse(String(detail)) as { level: string; message: string })
      .filter(({ level }) => level === 'debug')
      .map(({ message }) => message);
  } finally {
    database.close();
  }
}
