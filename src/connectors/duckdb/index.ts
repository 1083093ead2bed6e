import { type Connector, type ConnectorEnvironment, defineConnector } from '../../connector/connector.ts';
import { duckdbDialectOf } from '../../sql/dialects/duckdb.ts';
import { databasePath, duckdbConfig, type DuckdbConfig, parseDuckdbUrl } from './config.ts';
import { duckdbDatabase } from './database.ts';
import { duckdbSource } from './source.ts';
import { duckdbTarget } from './target.ts';
import { openWarehouse } from './warehouse.ts';

/** DuckDB files and `:memory:`, in this process. */
export const duckdbConnector: Connector<DuckdbConfig> = defineConnector({
  type: 'duckdb',
  aliases: [],
  config: duckdbConfig,
  secretKeys: [],
  parseUrl: parseDuckdbUrl,
  open: async (config, environment) => {
    const { name, memoryBudgetBytes, temporaryFolder } = environment;
    const path = databasePath(name, config, environment.projectFolder);
    const place = `Connection ${name} (${path})`;
    const warehouse = await openWarehouse(place, path, instanceSettings(config, environment));
    const dialect = duckdbDialectOf(warehouse.catalogue);
    const database = duckdbDatabase(place, warehouse, dialect);
    const defaultSchema = config.schema ?? dialect.defaultSchema;
    return {
      name,
      type: 'duckdb',
      database,
      source: duckdbSource({ place, warehouse, database, dialect, defaultSchema, temporaryFolder }),
      target: duckdbTarget(place, warehouse, dialect, memoryBudgetBytes),
      check: async (signal) => {
        const { rows } = await database.query('select version(), count(*) from duckdb_tables()', [], signal);
        return `DuckDB ${String(rows[0]?.[0])}, ${String(rows[0]?.[1])} tables`;
      },
      close: async () => warehouse.close(),
    };
  },
});

function instanceSettings(
  config: DuckdbConfig,
  { engineMemoryBytes }: ConnectorEnvironment,
): Readonly<Record<string, string>> {
  const engineLimit =
    engineMemoryBytes === undefined ? undefined : `${Math.floor(engineMemoryBytes / 1e6)}MB`;
  const limit = config.memory_limit ?? engineLimit;
  return {
    ...(limit === undefined ? {} : { memory_limit: limit }),
    ...(config.threads === undefined ? {} : { threads: String(config.threads) }),
    ...(config.read_only === true ? { access_mode: 'READ_ONLY' } : {}),
  };
}
