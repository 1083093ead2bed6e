import { serverIdentity } from '../../connector/server-identity.ts';
import { type Connector, defineConnector } from '../../connector/connector.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import { parsePostgresUrl, postgresConfig, type PostgresConfig } from './config.ts';
import { postgresDatabase } from './database.ts';
import { listenTo } from './listening.ts';
import { openServer } from './server.ts';
import { postgresSource } from './source.ts';
import { postgresTarget } from './target.ts';
import { tlsWays } from './tls.ts';

/** PostgreSQL servers. A session is opened at first use. */
export const postgresConnector: Connector<PostgresConfig> = defineConnector({
  type: 'postgres',
  aliases: ['postgresql'],
  config: postgresConfig,
  secretKeys: ['password', 'sslpassword', 'sslkey'],
  parseUrl: parsePostgresUrl,
  open: async (config, { name, projectFolder, tunnel }) => {
    const identity = serverIdentity(name, config, tunnel);
    const server = openServer(config, tlsWays(name, config, projectFolder), identity);
    const database = postgresDatabase(server);
    return {
      name,
      type: 'postgres',
      ...(config.max_reads === undefined ? {} : { maxReads: config.max_reads }),
      database,
      source: postgresSource(server, config.schema ?? postgresDialect.defaultSchema),
      target: postgresTarget(server),
      check: async (signal) => {
        const { rows } = await database.query(
          `select current_setting('server_version'), current_database(), current_user`,
          [],
          signal,
        );
        const [version, databaseNow, userNow] = rows[0] ?? [];
        return `PostgreSQL ${String(version)}, database ${String(databaseNow)} as ${String(userNow)}`;
      },
      listen: (channel, heard, onEnd) => listenTo(server, channel, heard, onEnd),
      close: async () => server.close(),
    };
  },
});
