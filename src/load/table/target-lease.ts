import { setTimeout as sleep } from 'node:timers/promises';
import type { LockAttempt, SqlDatabase, SqlLock } from '../../connector/connection.ts';
import { TransientError } from '../../core/errors.ts';
import type { StepContext } from '../../core/executor.ts';
import type { TableName } from '../../sql/dialect.ts';
import { takeLeaseRow } from '../stream/lease-row.ts';

/** How long a load waits for another one of the same table; a killed one is noticed within this. */
const patienceSeconds = 10;
const pollSeconds = 0.5;

/**
 * Lets one load at a time into a table, whichever process or machine runs it.
 * @throws TransientError code `target_busy` while another load of the table goes on
 */
export async function withTargetLease<T>(
  database: SqlDatabase,
  table: TableName,
  context: StepContext,
  work: (lease: SqlLock) => Promise<T>,
): Promise<T> {
  const name = `millrace load ${table.schema}.${table.name}`;
  const lease = await waitForLock(
    async () => (database.lock ? await database.lock(name) : await takeLeaseRow(database, name)),
    `${table.schema}.${table.name}`,
    context,
  );
  try {
    return await work(lease);
  } finally {
    await lease.release();
  }
}

/**
 * Tries to take a lock until its holder lets go, or patience ends.
 * @param target what it keeps other loads away from, for people
 * @throws TransientError code `target_busy`
 */
export async function waitForLock(
  attempt: () => Promise<LockAttempt>,
  target: string,
  context: StepContext,
): Promise<SqlLock> {
  const startMs = performance.now();
  for (let tries = 1; ; tries += 1) {
    const found = await attempt();
    if ('lock' in found) return found.lock;
    if ((performance.now() - startMs) / 1000 > patienceSeconds) throw busy(target, found.holder);
    if (tries === 1) context.log(`${target} is being loaded by ${found.holder}: waiting`, 'warn');
    await sleep(pollSeconds * 1000, undefined, { signal: context.signal });
  }
}

/**
 * Refuses to publish without the lease.
 * @throws TransientError code `target_lease_lost`
 */
export function requireLease(lease: SqlLock, table: TableName): void {
  if (lease.isHeld()) return;
  throw new TransientError(
    `the connection that kept other loads away from ${table.schema}.${table.name} was lost`,
    { code: 'target_lease_lost', state: 'Nothing was published' },
  );
}

function busy(target: string, holder: string): TransientError {
  return new TransientError(`${target} is being loaded by ${holder}`, {
    code: 'target_busy',
    state: 'Nothing was changed',
    next: 'Wait until that load is over, or stop it',
  });
}
