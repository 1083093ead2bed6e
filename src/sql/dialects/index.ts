import type { Dialect } from '../dialect.ts';
import { duckdbDialect } from './duckdb.ts';
import { mysqlDialect } from './mysql.ts';
import { postgresDialect } from './postgres.ts';
import { sqliteDialect } from './sqlite.ts';

export { duckdbDialect, mysqlDialect, postgresDialect, sqliteDialect };

const dialects: ReadonlyMap<string, Dialect> = new Map(
  [duckdbDialect, mysqlDialect, postgresDialect, sqliteDialect].map((dialect) => [dialect.name, dialect]),
);

/** The dialect of that name, or undefined. */
export function dialectFor(name: string): Dialect | undefined {
  return dialects.get(name);
}
