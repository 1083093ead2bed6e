import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LockAttempt } from '../connector/connection.ts';
import { MillraceError } from '../core/errors.ts';
import type { StepContext } from '../core/executor.ts';
import { waitForLock } from './table/target-lease.ts';

/**
 * Lets one load at a time into a file, whichever process runs it. The lock is the operating system's own, which SQLite
 * takes on an empty file: it ends with the process, however that ends.
 * @param path of the empty file, which is there as long as the lock is held; undefined where there is nothing to lock
 * @param name what is locked, for people
 * @throws TransientError code `target_busy` while another load goes on; where locks cannot be had the log says so
 */
export async function withFileLease<T>(
  path: string | undefined,
  name: string,
  context: StepContext,
  work: () => Promise<T>,
): Promise<T> {
  if (path === undefined) return await work();
  const lease = await waitForLock(() => takeFileLock(path), name, context).catch((error: unknown) => {
    if (error instanceof MillraceError || context.signal.aborted) throw error;
    context.log(
      `${name}: other loads are not kept away, as the file system has no locks: ${String(error)}`,
      'warn',
    );
    return undefined;
  });
  try {
    return await work();
  } finally {
    await lease?.release();
  }
}

/** `SQLITE_BUSY`. */
const busyCode = 5;

async function takeFileLock(path: string): Promise<LockAttempt> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    const before = await inodeOf(path);
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('begin exclusive');
    } catch (error) {
      database.close();
      if ((error as { readonly errcode?: number }).errcode === busyCode) return { holder: 'another load' };
      throw error;
    }
    // Who held the lock before has removed the file with it: then this is a lock on nothing.
    if ((await stat(path).catch(() => undefined))?.ino === before) return { lock: held(path, database) };
    database.close();
  }
}

async function inodeOf(path: string): Promise<number> {
  const file = await open(path, 'a');
  try {
    return (await file.stat()).ino;
  } finally {
    await file.close();
  }
}

function held(path: string, database: DatabaseSync): Extract<LockAttempt, { lock: unknown }>['lock'] {
  return {
    isHeld: () => database.isOpen,
    release: async () => {
      await rm(path, { force: true });
      database.close();
    },
  };
}
