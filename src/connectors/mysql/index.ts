import { serverIdentity } from '../../connector/server-identity.ts';
import { type Connector, defineConnector } from '../../connector/connector.ts';
import { mysqlConfig, parseMysqlUrl, type MysqlConfig, tlsOptions } from './config.ts';
import { mysqlDatabase } from './database.ts';
import { openServer } from './server.ts';
import { mysqlSource } from './source.ts';
import { mysqlTarget } from './target.ts';

/** MySQL and MariaDB servers. A session is opened at first use. */
export const mysqlConnector: Connector<MysqlConfig> = defineConnector({
  type: 'mysql',
  aliases: ['mariadb'],
  config: mysqlConfig,
  secretKeys: ['password', 'sslkey'],
  parseUrl: parseMysqlUrl,
  open: async (config, { name, projectFolder, tunnel }) => {
    const identity = serverIdentity(name, config, tunnel);
    const server = openServer(config, tlsOptions(name, config, projectFolder), identity);
    const database = mysqlDatabase(server, config);
    return {
      name,
      type: 'mysql',
      ...(config.max_reads === undefined ? {} : { maxReads: config.max_reads }),
      database,
      source: mysqlSource(server, config),
      target: mysqlTarget(server),
      check: async (signal) => {
        const { rows } = await database.query(
          `select version(), coalesce(database(), '(none)'), current_user()`,
          [],
          signal,
        );
        const [version, databaseNow, userNow] = (rows[0] ?? []).map(String);
        const product = /mariadb/i.test(String(version)) ? 'MariaDB' : 'MySQL';
        return `${product} ${version}, database ${databaseNow} as ${userNow}`;
      },
      close: async () => server.close(),
    };
  },
});
