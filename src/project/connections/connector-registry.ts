import type { ConnectionRole, Connector } from '../../connector/connector.ts';

/** A connector's type, its other spellings, and how to load it: drivers are imported when needed. */
export interface ConnectorEntry {
  readonly type: string;
  readonly aliases: readonly string[];
  readonly roles: readonly ConnectionRole[];
  /** Where tables without a schema live; only for types whose dialect does not say it. */
  readonly defaultSchema?: string;
  /** True when `url` is a key of the connector, not a DSN to take apart. */
  readonly hasAddress?: true;
  readonly load: () => Promise<Connector>;
}

export const connectorEntries: readonly ConnectorEntry[] = [
  {
    type: 'postgres',
    aliases: ['postgresql'],
    roles: ['source', 'target', 'database'],
    load: async () => (await import('../../connectors/postgres/index.ts')).postgresConnector,
  },
  {
    type: 'duckdb',
    aliases: [],
    roles: ['source', 'target', 'database'],
    load: async () => (await import('../../connectors/duckdb/index.ts')).duckdbConnector,
  },
  {
    type: 'sqlite',
    aliases: ['sqlite3'],
    roles: ['source', 'target', 'database'],
    load: async () => (await import('../../connectors/sqlite/index.ts')).sqliteConnector,
  },
  {
    type: 'mysql',
    aliases: ['mariadb'],
    roles: ['source', 'target', 'database'],
    load: async () => (await import('../../connectors/mysql/index.ts')).mysqlConnector,
  },
  {
    type: 'file',
    aliases: ['local'],
    roles: ['source', 'target'],
    load: async () => (await import('../../connectors/files/index.ts')).filesConnector,
  },
  {
    type: 'http',
    aliases: ['https'],
    roles: ['http'],
    hasAddress: true,
    load: async () => (await import('../../connectors/http/index.ts')).httpConnector,
  },
];

const throughFiles = 'Export it as CSV or Parquet and load those files: type: file';
const asRows = 'Write a connector for it: connectors/<type>.ts with rowsSource()';
const asPostgres = 'Speaks the protocol of PostgreSQL in part: try type: postgres';
const asMysql = 'Speaks the protocol of MySQL: try type: mysql';
const asDuckdb = 'Attach it in a DuckDB file of type: duckdb, or export it as Parquet and load that';
const mounted = 'Copy or mount its files here, and load them by type: file';

/** Types that Sling's `env.yaml` may name and that Millrace does not reach, and what to do instead. */
export const unsupportedTypes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    [asPostgres]: 'redshift',
    [asMysql]: 'starrocks scylladb',
    [asDuckdb]: 'ducklake motherduck iceberg d1',
    [mounted]: 's3 r2 minio azure abfs gs gdrive ftp sftp hdfs',
    [asRows]: 'mongodb elasticsearch prometheus azuretable bigtable api',
    [throughFiles]:
      'oracle bigquery snowflake databricks sqlserver azuresql azuredwh fabric trino clickhouse proton athena exasol ' +
      'adbc odbc db2',
  }).flatMap(([alternative, types]) => types.split(' ').map((type) => [type, alternative] as const)),
);

/** Connectors of projects, by the project's folder: a process reads one project, again and again. */
const ownEntries = new Map<string, readonly ConnectorEntry[]>();

/** Lets the connectors of a project be found, in the place of those that it had before. */
export function setOwnConnectors(projectFolder: string, entries: readonly ConnectorEntry[]): void {
  ownEntries.set(projectFolder, entries);
}

/** Types that a connection may name. */
export function knownTypes(): readonly string[] {
  return [...connectorEntries, ...[...ownEntries.values()].flat()].map((entry) => entry.type);
}

/** Finds a connector by its type, an alias, or a URL scheme; capitals do not matter. */
export function findConnector(type: string): ConnectorEntry | undefined {
  const wanted = type.toLowerCase();
  const isWanted = (entry: ConnectorEntry): boolean =>
    entry.type === wanted || entry.aliases.includes(wanted);
  return connectorEntries.find(isWanted) ?? [...ownEntries.values()].flat().find(isWanted);
}
