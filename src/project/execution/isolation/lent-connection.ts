import type { Connection, RelationInfo, RelationSchema, SqlSession } from '../../../connector/connection.ts';
import type { ResultSet } from '../../../connector/result-set.ts';
import { duckdbDialect } from '../../../sql/dialects/index.ts';
import type { Asking } from './asking.ts';

/** A DuckDB connection that the engine has open, as far as another process can use it: its database. Rows pass through the engine. */
export function lentConnection(name: string, { ask }: Asking): Connection {
  const sessionOf = (session?: number): SqlSession => ({
    query: (sql, parameters, signal) =>
      ask({ kind: 'query', connection: name, session, sql, parameters }, signal) as Promise<ResultSet>,
    execute: (sql, parameters, signal) =>
      ask({ kind: 'execute', connection: name, session, sql, parameters }, signal) as Promise<number>,
  });
  return {
    name,
    type: 'duckdb',
    check: (signal) => ask({ kind: 'check', connection: name }, signal) as Promise<string>,
    close: async () => undefined,
    database: {
      dialect: duckdbDialect,
      ...sessionOf(),
      describe: (table) =>
        ask({ kind: 'describe', connection: name, table }) as Promise<RelationSchema | undefined>,
      list: (schema) => ask({ kind: 'list', connection: name, schema }) as Promise<readonly RelationInfo[]>,
      transaction: async (work, signal, isolation) => {
        const session = (await ask({ kind: 'begin', connection: name, isolation }, signal)) as number;
        try {
          const result = await work(sessionOf(session));
          signal?.throwIfAborted();
          await ask({ kind: 'commit', session });
          return result;
        } catch (error) {
          await ask({ kind: 'rollback', session }).catch(() => undefined);
          throw error;
        }
      },
    },
  };
}
