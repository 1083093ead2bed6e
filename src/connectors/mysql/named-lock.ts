import { createHash } from 'node:crypto';
import type { LockAttempt } from '../../connector/index.ts';
import { mysqlError } from './mysql-error.ts';
import type { Server } from './server.ts';
import { run } from './statement.ts';

/** The longest that MySQL lets a silent session live. */
const longestWaitSeconds = 31_536_000;

/** Takes a lock by GET_LOCK on a session of its own, which lives as long as the lock. */
export async function takeNamedLock(server: Server, name: string): Promise<LockAttempt> {
  // Such locks are of the whole server, and their names have at most 64 letters.
  const scoped = `${server.identity.database ?? ''}.${name}`;
  const key = `millrace:${createHash('sha256').update(scoped).digest('hex').slice(0, 40)}`;
  const lease = await server.leaseReader(new AbortController().signal);
  let held = false;
  for (const event of ['error', 'end']) lease.connection.on(event, () => (held = false));
  const end = async (): Promise<void> => {
    held = false;
    lease.release(true);
  };
  try {
    await run(lease.connection, `set session wait_timeout = ${longestWaitSeconds}`);
    const taken = await run(lease.connection, 'select get_lock(?, 0)', [key]);
    held = Number(taken.rows[0]?.[0]) === 1;
    if (held) return { lock: { isHeld: () => held, release: end } };
    const holder = await run(lease.connection, 'select is_used_lock(?)', [key]);
    await end();
    return { holder: `session ${String(holder.rows[0]?.[0] ?? 'unknown')} of the server` };
  } catch (error) {
    await end();
    throw mysqlError(error, server.identity);
  }
}
