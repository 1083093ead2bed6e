import type pg from 'pg';
import type { IsolationLevel, SqlDatabase, SqlSession } from '../../connector/connection.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import { CancelledError } from '../../core/errors.ts';
import { takeAdvisoryLock } from './advisory-lock.ts';
import { describeTable, listRelations } from './catalogue.ts';
import { postgresError } from './postgres-error.ts';
import { changedRows, resultTypes, toResultSet } from './result-values.ts';
import type { Server } from './server.ts';

/** SQL on a server. Each call takes a session of its own; a transaction keeps one. */
export function postgresDatabase(server: Server): SqlDatabase {
  return {
    dialect: postgresDialect,
    query: (sql, parameters, signal) =>
      server.use(signal, async (client) => toResultSet(await queryRows(client, sql, parameters))),
    execute: (sql, parameters, signal) =>
      server.use(signal, async (client) => changedRows(await queryRows(client, sql, parameters))),
    transaction: (work, signal, isolation) =>
      server.use(signal, (client) => inTransaction(client, server, work, signal, isolation)),
    describe: (table) =>
      server.use(undefined, async (client) => {
        const found = await describeTable(client, table);
        if (!found) return undefined;
        const { columns, primaryKey } = found.schema;
        return { columns, primaryKey, ...(found.relation ? { type: found.relation } : {}) };
      }),
    list: (schema) => server.use(undefined, (client) => listRelations(client, schema)),
    lock: (name) => takeAdvisoryLock(server, name),
  };
}

async function queryRows(
  client: pg.ClientBase,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<pg.QueryArrayResult> {
  const values = parameters.map((value) => (value instanceof Date ? value.toISOString() : value));
  return await client.query({
    text,
    rowMode: 'array',
    types: resultTypes,
    ...(values.length > 0 ? { values } : {}),
  });
}

async function inTransaction<T>(
  client: pg.ClientBase,
  server: Server,
  work: (session: SqlSession) => Promise<T>,
  signal: AbortSignal | undefined,
  isolation: IsolationLevel | undefined,
): Promise<T> {
  await client.query(isolation === undefined ? 'begin' : `begin isolation level ${isolation}`);
  try {
    const result = await work(transactionSession(client, server, signal));
    if (signal?.aborted)
      throw new CancelledError(`Connection ${server.identity.connection}: cancelled.`, { code: 'cancelled' });
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** A signal of a single statement cancels the whole transaction's session, like the transaction's own. */
function transactionSession(
  client: pg.ClientBase,
  server: Server,
  transactionSignal: AbortSignal | undefined,
): SqlSession {
  const run = async (
    sql: string,
    parameters: readonly unknown[] | undefined,
    signal: AbortSignal | undefined,
  ) => {
    const stop = signal && (() => void server.cancel(client).catch(() => undefined));
    if (stop) signal.addEventListener('abort', stop, { once: true });
    try {
      transactionSignal?.throwIfAborted();
      signal?.throwIfAborted();
      return await queryRows(client, sql, parameters);
    } catch (error) {
      throw postgresError(error, server.identity, signal?.aborted ? signal : transactionSignal);
    } finally {
      if (stop) signal.removeEventListener('abort', stop);
    }
  };
  return {
    query: async (sql, parameters, signal) => toResultSet(await run(sql, parameters, signal)),
    execute: async (sql, parameters, signal) => changedRows(await run(sql, parameters, signal)),
  };
}
