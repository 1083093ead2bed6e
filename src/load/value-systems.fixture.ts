import { join } from 'node:path';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { type MariaDbMissing, type MariaDbServer, startMariaDb } from '../../test/support/mariadb-server.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import { duckdbConnector } from '../connectors/duckdb/index.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { mysqlConnector } from '../connectors/mysql/index.ts';
import { postgresConnector } from '../connectors/postgres/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';
import { meaning, spelling } from './value-meaning.fixture.ts';
import { type SystemName, type ValueColumn, valueTables } from './value-table.fixture.ts';

const mysql: MariaDbServer | MariaDbMissing = await startMariaDb();
if ('skip' in mysql) process.stdout.write(`values of MySQL are not tested: ${mysql.reason}\n`);

/** Those that are on this machine. */
export const systemNames: readonly SystemName[] =
  'skip' in mysql ? ['PG', 'DUCK', 'LITE'] : ['PG', 'DUCK', 'LITE', 'MARIA'];

/** Of each system a source, with a table `extremes`, and a target whose name ends in `_TO`; and `DISK`. */
export class ValueSystems {
  readonly harness: LoadHarness;
  readonly #databases: readonly TestDatabase[];

  private constructor(harness: LoadHarness, databases: readonly TestDatabase[]) {
    this.harness = harness;
    this.#databases = databases;
  }

  static async open(): Promise<ValueSystems> {
    const harness = await LoadHarness.create();
    const databases: TestDatabase[] = [];
    await harness.open('DISK', filesConnector, {});
    for (const end of ['', '_TO']) {
      const database = await createTestDatabase();
      databases.push(database);
      const config = postgresConnector.config.parse(postgresConnector.parseUrl(database.url));
      await harness.open(`PG${end}`, postgresConnector, config);
      await harness.open(`DUCK${end}`, duckdbConnector, { path: join(harness.folder, `duck${end}.duckdb`) });
      await harness.open(`LITE${end}`, sqliteConnector, { path: join(harness.folder, `lite${end}.db`) });
      if ('skip' in mysql) continue;
      const keys = { ...mysqlConnector.parseUrl(mysql.url), sslmode: 'disable' };
      await harness.open(`MARIA${end}`, mysqlConnector, mysqlConnector.config.parse(keys));
    }
    const systems = new ValueSystems(harness, databases);
    for (const name of systemNames) await systems.#fill(name);
    return systems;
  }

  /** What a system itself says that the columns of a table hold, by `id`. */
  async held(
    connection: string,
    system: SystemName,
    table: string,
    columns: readonly ValueColumn[],
  ): Promise<readonly unknown[]> {
    const spelt = columns.map(({ name, kind }) => spelling(system, name, kind)).join(', ');
    const rows = await this.harness.rows(connection, `select id, ${spelt} from ${table} order by id`);
    return rows.map(([id, ...values]) => rowOf(id, columns, values));
  }

  async close(): Promise<void> {
    await this.harness.close();
    for (const database of this.#databases) await database.drop();
    if (!('skip' in mysql)) await mysql.stop();
  }

  async #fill(system: SystemName): Promise<void> {
    const columns = valueTables[system];
    const definitions = columns.map(({ name, type }) => `${name} ${type} null`);
    await this.harness.run(system, `create table extremes (id int primary key, ${definitions.join(', ')})`);
    const count = Math.max(...columns.map(({ values }) => values.length)) + 1;
    for (let row = 0; row < count; row += 1) {
      const values = columns.map(({ values }) => values[row] ?? 'null');
      await this.harness.run(system, `insert into extremes values (${row}, ${values.join(', ')})`);
    }
  }
}

/** A row of meanings. */
export function rowOf(id: unknown, columns: readonly ValueColumn[], values: readonly unknown[]): unknown {
  return {
    id: Number(id),
    ...Object.fromEntries(columns.map(({ name, kind }, index) => [name, meaning(values[index], kind)])),
  };
}
