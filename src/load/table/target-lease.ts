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
  const lease = await taken(database, name, table, context);
  try {
    return await work(lease);
  } finally {
    await lease.release();
  }
}

async function taken(
  database: SqlDatabase,
  name: string,
  table: TableName,
  context: StepContext,
): Promise<SqlLock> {
  const startMs = performance.now();
  for (let tries = 1; ; tries += 1) {
    const attempt: LockAttempt = database.lock
      ? await database.lock(name)
      : await takeLeaseRow(database, name);
    if ('lock' in attempt) return attempt.lock;
    if ((performance.now() - startMs) / 1000 > patienceSeconds) throw busy(table, attempt.holder);
    if (tries === 1)
      context.log(`${table.schema}.${table.name} is being loaded by ${attempt.holder}: waiting`, 'warn');
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

function busy(table: TableName, holder: string): TransientError {
  return new TransientError(`${table.schema}.${table.name} is being loaded by ${holder}`, {
    code: 'target_busy',
    state: 'Nothing was changed',
    next: 'Wait until that load is over, or stop it',
  });
}
