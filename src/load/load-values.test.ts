import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { startMariaDb } from '../../test/support/mariadb-server.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { mysqlConnector } from '../connectors/mysql/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import { meaning, spelling } from './value-meaning.fixture.ts';
import { type SystemName, type ValueColumn, valueTables } from './value-table.fixture.ts';

const server = await startMariaDb();
const systems: readonly SystemName[] =
  'skip' in server ? ['PG', 'DUCK', 'LITE'] : ['PG', 'DUCK', 'LITE', 'MARIA'];
if ('skip' in server) process.stdout.write(`values of MySQL are not tested: ${server.reason}\n`);

let harness: LoadHarness;
const databases: TestDatabase[] = [];
beforeAll(async () => {
  harness = await LoadHarness.create();
  for (const name of ['PG', 'PG_TO']) {
    const database = await createTestDatabase();
    databases.push(database);
    const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
    await harness.open(name, postgresConnector, config);
  }
  for (const name of ['DUCK', 'DUCK_TO'])
    await harness.open(name, duckdbConnector, { path: join(harness.folder, `${name.toLowerCase()}.duckdb`) });
  for (const name of ['LITE', 'LITE_TO'])
    await harness.open(name, sqliteConnector, { path: join(harness.folder, `${name.toLowerCase()}.db`) });
  if (!('skip' in server)) {
    const keys = { ...mysqlConnector.parseUrl(server.url), sslmode: 'disable' };
    for (const name of ['MARIA', 'MARIA_TO'])
      await harness.open(name, mysqlConnector, mysqlConnector.config.parse(keys));
  }
  for (const system of systems) await fillSource(system);
});
afterAll(async () => {
  await harness.close();
  for (const database of databases) await database.drop();
  if (!('skip' in server)) await server.stop();
});

const quote = (system: SystemName, name: string): string =>
  system === 'MARIA' ? `\`${name}\`` : `"${name}"`;

async function fillSource(system: SystemName): Promise<void> {
  const columns = valueTables[system];
  const definitions = columns.map(({ name, type }) => `${quote(system, name)} ${type} null`);
  await harness.run(system, `create table extremes (id int primary key, ${definitions.join(', ')})`);
  const count = Math.max(...columns.map(({ values }) => values.length)) + 1;
  for (let row = 0; row < count; row += 1) {
    const values = columns.map(({ values }) => values[row] ?? 'null');
    await harness.run(system, `insert into extremes values (${row}, ${values.join(', ')})`);
  }
}

async function held(
  connection: string,
  system: SystemName,
  table: string,
  columns: readonly ValueColumn[],
): Promise<readonly unknown[]> {
  const spelt = columns.map(({ name, kind }) => spelling(system, name, kind)).join(', ');
  const rows = await harness.rows(connection, `select id, ${spelt} from ${table} order by id`);
  return rows.map(([id, ...values]) => ({
    id: Number(id),
    ...Object.fromEntries(columns.map(({ name, kind }, index) => [name, meaning(values[index], kind)])),
  }));
}

const modes = {
  'full-refresh': 'mode: full-refresh',
  truncate: 'mode: truncate',
  incremental: 'mode: incremental, primary_key: id',
  backfill: "mode: backfill, primary_key: id, update_key: id, source_options: { range: '0,100' }",
  snapshot: 'mode: snapshot',
};

describe.each(systems)('from %s', (source) => {
  describe.each(systems)('into %s', (target) => {
    const columns = valueTables[source].filter(({ beyond = [] }) => !beyond.includes(target));
    const name = `from_${source.toLowerCase()}`;
    const table = target === 'LITE' ? name : `extremes.${name}`;
    const load = async (rest: string) =>
      await harness.loadOne(
        `source: ${source}\ntarget: ${target}_TO\nstreams:\n  extremes: { object: '${table}', select: [id, ${columns.map(({ name }) => name).join(', ')}], ${rest} }\n`,
      );

    test.each(Object.keys(modes) as (keyof typeof modes)[])('%s keeps every value', async (mode) => {
      const expected = await held(source, source, 'extremes', columns);
      if (mode === 'snapshot') await harness.run(`${target}_TO`, `delete from ${table}`);
      await load(modes[mode]);
      expect(await held(`${target}_TO`, target, table, columns)).toEqual(expected);
    });

    test('the same values are nothing new', async () => {
      await load('mode: full-refresh');
      expect(await load(modes.incremental)).toMatchObject({ rowsInserted: 0, rowsUpdated: 0 });
    });
  });
});
