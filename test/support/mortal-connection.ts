import type { Connection, LockAttempt, SqlSession } from '../../src/connector/connection.ts';

/**
 * A connection whose process dies at its nth call, before or after the call took effect. From then on nothing goes
 * through any more, as for a killed process; what an open transaction did is rolled back by the system.
 */
export function mortalConnection(
  { database, target, ...rest }: Connection,
  deathAt: number,
  moment: 'before' | 'after',
): Connection {
  if (!database || !target) throw new Error('only for SQL targets');
  let calls = 0;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    const own = calls;
    if (own > deathAt || (own === deathAt && moment === 'before')) throw new Error('dead');
    const result = await work();
    if (own === deathAt) throw new Error('dead');
    return result;
  };
  const mortal = (session: SqlSession): SqlSession => ({
    query: (sql, parameters, signal) => call(() => session.query(sql, parameters, signal)),
    execute: (sql, parameters, signal) => call(() => session.execute(sql, parameters, signal)),
  });
  return {
    ...rest,
    database: {
      dialect: database.dialect,
      ...mortal(database),
      describe: (table) => call(() => database.describe(table)),
      list: (schema) => call(() => database.list(schema)),
      ...(database.lock
        ? {
            lock: (name: string) => {
              let taken: LockAttempt | undefined;
              return call(async () => (taken = await database.lock!(name))).catch(async (error: unknown) => {
                // The session that holds it dies as well.
                if (taken && 'lock' in taken) await taken.lock.release();
                throw error;
              });
            },
          }
        : {}),
      transaction: async (work, signal) => {
        const result = await database.transaction((session) => work(mortal(session)), signal);
        return await call(async () => result);
      },
    },
    target: {
      takes: target.takes,
      stage: (request, payload, signal) => call(() => target.stage(request, payload, signal)),
    },
  };
}
