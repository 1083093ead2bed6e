import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledError,
  ConfigError,
  DataError,
  FatalError,
  MillraceError,
  TransientError,
} from '../../core/errors.ts';

/** Primary result codes: https://www.sqlite.org/rescode.html */
const resultCode = {
  error: 1,
  permission: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  schemaChanged: 17,
  constraint: 19,
  mismatch: 20,
  notADatabase: 26,
} as const;

/** How long a lock of another process is waited for. */
const lockWaitSeconds = 10;

/** What a `node:sqlite` error means for `place`, such as `Connection SHOP (/data/shop.db)`. */
export function sqliteError(error: unknown, place: string): unknown {
  if (error instanceof MillraceError) return error;
  const code = primaryCode(error);
  if (!(error instanceof Error) || code === undefined) return error;
  const message = `${place}: ${error.message}`;
  switch (code) {
    case resultCode.busy:
    case resultCode.locked:
      return new TransientError(`${place}: another process holds a lock on the database.`, {
        code: 'sqlite_busy',
        state: 'The statement was not run.',
        next: 'Let the other writer finish, then run again.',
      });
    case resultCode.constraint:
    case resultCode.mismatch:
      return new DataError(message, { code: 'constraint_violated', state: 'The statement changed nothing.' });
    case resultCode.full:
      return new FatalError(`${place}: the disk is full.`, {
        code: 'disk_full',
        state: 'The statement was rolled back.',
        next: 'Free some space, then run again.',
      });
    case resultCode.cannotOpen:
    case resultCode.permission:
    case resultCode.readOnly:
    case resultCode.notADatabase:
      return new ConfigError(message, {
        code: 'database_unusable',
        next: 'Correct the path or the permissions of the database file.',
      });
    case resultCode.error:
    case resultCode.schemaChanged:
      return new ConfigError(message, { code: 'sql_failed' });
    case resultCode.io:
    case resultCode.corrupt:
      return new FatalError(message, { code: 'sqlite_failed' });
    default:
      return new FatalError(message, { code: 'sqlite_failed' });
  }
}

function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

function isLocked(error: unknown): boolean {
  const code = primaryCode(error);
  return code === resultCode.busy || code === resultCode.locked;
}

/** Runs `work` again while another writer holds the lock, without blocking the event loop. */
export async function waitForLock<T>(
  place: string,
  signal: AbortSignal | undefined,
  work: () => T,
): Promise<T> {
  const deadline = performance.now() + lockWaitSeconds * 1000;
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 200)) {
    if (signal?.aborted) throw new CancelledError(`${place}: cancelled.`, { code: 'cancelled' });
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || performance.now() > deadline) throw sqliteError(error, place);
    }
    await sleep(waitMs);
  }
}
