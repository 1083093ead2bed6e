import type { Connection } from 'mysql2';
import {
  CancelledError,
  type IsolationLevel,
  type SqlDatabase,
  type SqlSession,
} from '../../connector/index.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { mysqlDialect } from '../../sql/dialects/index.ts';
import { describeTable, listRelations } from './catalogue.ts';
import type { TypeChoices } from './column-type.ts';
import { mysqlError } from './mysql-error.ts';
import { takeNamedLock } from './named-lock.ts';
import { toResultSet } from './result-values.ts';
import type { Server } from './server.ts';
import { type Answer, run } from './statement.ts';

/**
 * SQL on a server. Each call takes a session of its own; a transaction keeps one. Statements that define
 * something (`create`, `alter`, `drop`, `rename`, `truncate`) commit what was done before them and cannot
 * be rolled back: that is MySQL, and a transaction here changes nothing about it.
 */
export function mysqlDatabase(server: Server, choices: TypeChoices): SqlDatabase {
  return {
    dialect: dialectOf(server, choices),
    query: (sql, parameters, signal) =>
      server.use(signal, async (connection) => toResultSet(await run(connection, sql, parameters), choices)),
    execute: (sql, parameters, signal) =>
      server.use(signal, async (connection) => (await run(connection, sql, parameters)).changedRows),
    transaction: (work, signal, isolation) =>
      server.use(signal, (connection) => inTransaction(connection, server, choices, work, signal, isolation)),
    describe: (table) =>
      server.use(undefined, async (connection) => {
        const found = await describeTable(connection, table, choices);
        return found && { columns: found.schema.columns, primaryKey: found.schema.primaryKey };
      }),
    list: (schema) => server.use(undefined, (connection) => listRelations(connection, schema)),
    lock: (name) => takeNamedLock(server, name),
  };
}

/** What comes back of a column depends on how the connection reads some types. */
function dialectOf({ identity }: Server, choices: TypeChoices): Dialect {
  return {
    ...mysqlDialect,
    defaultSchema: identity.database ?? mysqlDialect.defaultSchema,
    storedType: (type) => {
      if (type.type === 'boolean' && choices.tinyint1 === 'boolean') return type;
      if (type.type === 'time' && choices.times === 'interval') return { type: 'interval' };
      return mysqlDialect.storedType?.(type) ?? type;
    },
  };
}

async function inTransaction<T>(
  connection: Connection,
  server: Server,
  choices: TypeChoices,
  work: (session: SqlSession) => Promise<T>,
  signal: AbortSignal | undefined,
  // Without locks on the gaps between rows, writers of different rows do not wait for each other.
  isolation: IsolationLevel = 'read committed',
): Promise<T> {
  await run(connection, `set transaction isolation level ${isolation}`);
  await run(connection, 'start transaction');
  try {
    const result = await work(transactionSession(connection, server, choices, signal));
    if (signal?.aborted)
      throw new CancelledError(`Connection ${server.identity.connection}: cancelled.`, { code: 'cancelled' });
    await run(connection, 'commit');
    return result;
  } catch (error) {
    await run(connection, 'rollback').catch(() => undefined);
    throw error;
  }
}

/** A signal of a single statement stops the whole transaction's session, like the transaction's own. */
function transactionSession(
  connection: Connection,
  server: Server,
  choices: TypeChoices,
  transactionSignal: AbortSignal | undefined,
): SqlSession {
  const runHere = async (
    sql: string,
    parameters: readonly unknown[] | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => {
    const stop = signal && (() => void server.cancel(connection).catch(() => undefined));
    if (stop) signal.addEventListener('abort', stop, { once: true });
    try {
      transactionSignal?.throwIfAborted();
      signal?.throwIfAborted();
      return await run(connection, sql, parameters);
    } catch (error) {
      throw mysqlError(error, server.identity, signal?.aborted ? signal : transactionSignal);
    } finally {
      if (stop) signal.removeEventListener('abort', stop);
    }
  };
  return {
    query: async (sql, parameters, signal) => toResultSet(await runHere(sql, parameters, signal), choices),
    execute: async (sql, parameters, signal) => (await runHere(sql, parameters, signal)).changedRows,
  };
}
