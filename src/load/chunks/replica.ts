import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlDatabase } from '../../connector/connection.ts';
import { isCancelledByServer } from './server-cancel.ts';

/** A PostgreSQL server that replays another's changes, and cancels queries that are in the way of it. */
export interface Replica {
  /** How long replay waits for a query; undefined when it waits for ever. */
  readonly graceSeconds?: number;
  /** True when the primary keeps rows that queries here may need. */
  readonly hasFeedback: boolean;
}

/** Undefined when the server is a primary, or no PostgreSQL. */
export async function findReplica(database: SqlDatabase): Promise<Replica | undefined> {
  if (database.dialect.name !== 'postgres') return undefined;
  const { rows } = await database.query(`select pg_is_in_recovery(),
  (select setting::float8 / 1000 from pg_settings where name = 'max_standby_streaming_delay'),
  (select setting = 'on' from pg_settings where name = 'hot_standby_feedback')`);
  const [inRecovery, grace, feedback] = rows[0] ?? [];
  if (inRecovery !== true) return undefined;
  const graceSeconds = Number(grace);
  return { hasFeedback: feedback === true, ...(graceSeconds < 0 ? {} : { graceSeconds }) };
}

const pollSeconds = 0.2;

/**
 * Waits until a replica has replayed all that it had received when it cancelled a query, so that the next
 * one does not meet the same conflict.
 * @param patienceSeconds after this long the reading goes on all the same
 * @returns seconds waited; undefined when the server does not replay
 */
export async function waitForReplay(
  database: SqlDatabase,
  patienceSeconds: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (database.dialect.name !== 'postgres') return undefined;
  const startMs = performance.now();
  const waited = (): number => (performance.now() - startMs) / 1000;
  let received: string | undefined;
  while (waited() < patienceSeconds) {
    if (received === undefined) {
      const position = await answer('pg_last_wal_receive_lsn()::text');
      if (position === null) return undefined;
      received = typeof position === 'string' ? position : undefined;
    }
    if (received !== undefined && (await answer(hasReplayed(received))) === true) break;
    await sleep(pollSeconds * 1000, undefined, { signal });
  }
  return waited();

  function hasReplayed(position: string): string {
    return `pg_last_wal_replay_lsn() >= ${database.dialect.literal(position)}::pg_lsn`;
  }

  /** These questions can be cancelled too; that is no answer yet. */
  async function answer(expression: string): Promise<unknown> {
    try {
      return (await database.query(`select ${expression}`, [], signal)).rows[0]?.[0];
    } catch (error) {
      if (isCancelledByServer(error)) return undefined;
      throw error;
    }
  }
}
