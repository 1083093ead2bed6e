import { type Connector, defineConnector } from '../../connector/connector.ts';
import {
  databasePath,
  parseSqliteUrl,
  requireDatabaseFile,
  type SqliteConfig,
  sqliteConfig,
} from './config.ts';
import { sqliteDatabase } from './database.ts';
import { sqliteSource } from './source.ts';
import { sqliteTarget } from './target.ts';

/** SQLite files, by Node's own driver. */
export const sqliteConnector: Connector<SqliteConfig> = defineConnector({
  type: 'sqlite',
  aliases: ['sqlite3'],
  config: sqliteConfig,
  secretKeys: [],
  parseUrl: parseSqliteUrl,
  open: async (config, { name, projectFolder }) => {
    const path = databasePath(name, config, projectFolder);
    const place = `Connection ${name} (${path})`;
    const requireFile = () => requireDatabaseFile(name, path);
    const database = sqliteDatabase(place, path, requireFile);
    return {
      name,
      type: 'sqlite',
      database,
      source: sqliteSource(place, path, requireFile),
      target: sqliteTarget(place, path),
      check: async (signal) => {
        const { rows } = await database.query(
          'select sqlite_version(), count(*) from sqlite_schema',
          [],
          signal,
        );
        return `SQLite ${String(rows[0]?.[0])}, ${String(rows[0]?.[1])} objects`;
      },
      close: async () => database.close(),
    };
  },
});
