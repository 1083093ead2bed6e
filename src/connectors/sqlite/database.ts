import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { SqlDatabase, SqlSession } from '../../connector/connection.ts';
import { sqliteDialect } from '../../sql/dialects/index.ts';
import { describeTable, listRelations } from './schema.ts';
import { openWritable, sessionOf } from './session.ts';
import { waitForLock } from './sqlite-error.ts';

export interface SqliteDatabase extends SqlDatabase {
  close(): void;
}

/** SQL on one file. Writing creates the file, in WAL mode; reading a missing file is an error. */
export function sqliteDatabase(place: string, path: string, requireFile: () => void): SqliteDatabase {
  let shared: DatabaseSync | undefined;

  const open = (): DatabaseSync => openWritable(place, path);
  const session = (): SqlSession => sessionOf(place, (shared ??= open()));
  const reader = (): SqlSession => {
    requireFile();
    return session();
  };

  return {
    dialect: sqliteDialect,
    query: async (sql, parameters, signal) => await reader().query(sql, parameters, signal),
    execute: async (sql, parameters, signal) => await session().execute(sql, parameters, signal),
    describe: async (table) => {
      if (!existsSync(path)) return undefined;
      const found = await describeTable(session(), table);
      return found && { columns: found.columns, primaryKey: found.primaryKey };
    },
    list: async (schema) => (existsSync(path) ? await listRelations(session(), schema) : []),
    transaction: async (work, signal) => {
      const database = open();
      try {
        await waitForLock(place, signal, () => database.exec('begin immediate'));
        const result = await work(sessionOf(place, database));
        await waitForLock(place, signal, () => database.exec('commit'));
        return result;
      } finally {
        database.close();
      }
    },
    close: () => {
      shared?.close();
      shared = undefined;
    },
  };
}
