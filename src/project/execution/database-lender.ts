import type { ConnectionProvider, SqlDatabase, SqlSession } from '../../connector/connection.ts';
import { ConfigError, FatalError } from '../../core/errors.ts';
import type { DatabaseAsk } from './ask.ts';

/** Does for another process what only the owner of a file can do. */
export interface DatabaseLender {
  answer(ask: DatabaseAsk, signal: AbortSignal): Promise<unknown>;
  /** Rolls back what is open: the other process has ended. */
  close(): Promise<void>;
}

interface OpenTransaction {
  readonly session: SqlSession;
  /** Ends it. */
  readonly end: PromiseWithResolvers<void>;
  /** Settled when it is over. */
  readonly done: Promise<void>;
}

export function createDatabaseLender(connections: ConnectionProvider): DatabaseLender {
  const transactions = new Map<number, OpenTransaction>();
  let last = 0;
  const databaseOf = async (name: string): Promise<SqlDatabase> => {
    const { database } = await connections(name);
    if (database) return database;
    throw new ConfigError(`the connection ${name} has no database`, { code: 'connection_not_database' });
  };
  const begin = async (ask: DatabaseAsk & { kind: 'begin' }, signal: AbortSignal): Promise<number> => {
    const database = await databaseOf(ask.connection);
    const opened = Promise.withResolvers<SqlSession>();
    const end = Promise.withResolvers<void>();
    const done = database.transaction(
      (session) => {
        opened.resolve(session);
        return end.promise;
      },
      signal,
      ask.isolation,
    );
    done.catch((error: unknown) => opened.reject(error));
    const session = await opened.promise;
    last += 1;
    transactions.set(last, { session, end, done });
    return last;
  };
  const found = (session: number): OpenTransaction => {
    const transaction = transactions.get(session);
    if (transaction) return transaction;
    throw new FatalError('this transaction is over', { code: 'transaction_over' });
  };
  const finish = async (session: number, isKept: boolean): Promise<void> => {
    const { end, done } = found(session);
    transactions.delete(session);
    if (isKept) end.resolve();
    else end.reject(rolledBack);
    await done.catch((error: unknown) => {
      if (error !== rolledBack) throw error;
    });
  };
  return {
    answer: async (ask, signal) => {
      switch (ask.kind) {
        case 'begin':
          return begin(ask, signal);
        case 'commit':
        case 'rollback':
          return finish(ask.session, ask.kind === 'commit');
        case 'describe':
          return (await databaseOf(ask.connection)).describe(ask.table);
        case 'list':
          return (await databaseOf(ask.connection)).list(ask.schema);
        case 'check':
          return (await connections(ask.connection)).check(signal);
        default: {
          const { kind, session, connection, sql, parameters } = ask;
          const place = session === undefined ? await databaseOf(connection) : found(session).session;
          return place[kind](sql, parameters, signal);
        }
      }
    },
    close: async () => {
      await Promise.allSettled([...transactions.keys()].map((session) => finish(session, false)));
    },
  };
}

const rolledBack = new Error('rolled back');
