import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';

/** Keys of a `sqlite` connection: exactly one of the three names the file. */
export interface SqliteConfig {
  readonly database?: string | undefined;
  readonly path?: string | undefined;
  readonly url?: string | undefined;
}

export const sqliteConfig: z.ZodType<SqliteConfig> = z
  .strictObject({
    database: z.string().min(1).optional(),
    path: z.string().min(1).optional(),
    url: z.string().min(1).optional(),
  })
  .refine((config) => new Set(Object.values(config).filter((value) => value !== undefined)).size === 1, {
    error: 'name the database file once, as database, path or url',
  });

/** `sqlite://shop.db` is relative to the project, `sqlite:///data/shop.db` is not. */
export function parseSqliteUrl(url: string): Readonly<Record<string, unknown>> {
  return { database: decodeURI(url.replace(/^(sqlite3?|file):(\/\/)?/i, '')) };
}

/** Absolute path of the database file. */
export function databasePath(connection: string, config: SqliteConfig, projectFolder: string): string {
  const fromUrl = config.url === undefined ? undefined : parseSqliteUrl(config.url)['database'];
  const path = config.database ?? config.path ?? String(fromUrl);
  if (path === '' || path.includes(':memory:')) {
    throw new ConfigError(
      `Connection ${connection} names no file: a SQLite database in memory is not supported.`,
      {
        code: 'sqlite_memory',
        next: 'Name a file in database:.',
      },
    );
  }
  return resolve(projectFolder, path);
}

/** SQLite would create a missing file and then say that the table is missing. */
export function requireDatabaseFile(connection: string, path: string): void {
  if (existsSync(path)) return;
  throw new ConfigError(`Connection ${connection}: there is no database file ${path}.`, {
    code: 'database_missing',
    next: `Correct the path of ${connection} in connections.yaml, or create the database first.`,
  });
}
