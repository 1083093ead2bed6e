import type { Connector } from '../connector/connector.ts';

/** A connector's type, its other spellings, and how to load it: drivers are imported when needed. */
export interface ConnectorEntry {
  readonly type: string;
  readonly aliases: readonly string[];
  readonly load: () => Promise<Connector>;
}

export const connectorEntries: readonly ConnectorEntry[] = [
  {
    type: 'postgres',
    aliases: ['postgresql'],
    load: async () => (await import('../connectors/postgres/index.ts')).postgresConnector,
  },
  {
    type: 'duckdb',
    aliases: [],
    load: async () => (await import('../connectors/duckdb/index.ts')).duckdbConnector,
  },
  {
    type: 'sqlite',
    aliases: ['sqlite3'],
    load: async () => (await import('../connectors/sqlite/index.ts')).sqliteConnector,
  },
  {
    type: 'mysql',
    aliases: ['mariadb'],
    load: async () => (await import('../connectors/mysql/index.ts')).mysqlConnector,
  },
  {
    type: 'file',
    aliases: ['local'],
    load: async () => (await import('../connectors/files/index.ts')).filesConnector,
  },
  {
    type: 'http',
    aliases: ['https'],
    load: async () => (await import('../connectors/http/index.ts')).httpConnector,
  },
];

/** Types that Sling's `env.yaml` may name and that Millrace does not reach yet. */
export const unsupportedTypes: ReadonlySet<string> = new Set(
  (
    'redshift starrocks oracle bigtable bigquery snowflake databricks d1 ducklake motherduck sqlserver ' +
    'azuresql azuredwh fabric trino clickhouse mongodb elasticsearch prometheus proton athena iceberg azuretable ' +
    'exasol adbc odbc scylladb db2 hdfs s3 r2 azure abfs gs gdrive ftp sftp api minio'
  ).split(' '),
);

/** Finds a connector by its type, an alias, or a URL scheme; capitals do not matter. */
export function findConnector(type: string): ConnectorEntry | undefined {
  const wanted = type.toLowerCase();
  return connectorEntries.find((entry) => entry.type === wanted || entry.aliases.includes(wanted));
}
