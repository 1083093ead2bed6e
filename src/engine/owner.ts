import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Owners of this process that were not retired. */
const ownersHere = new Set<string>();

/** A new name for an engine of this process: `host:pid:random`. */
export function createOwner(): string {
  const owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`;
  ownersHere.add(owner);
  return owner;
}

/** From here on `owner` counts as dead. */
export function retireOwner(owner: string): void {
  ownersHere.delete(owner);
}

/**
 * False when `owner` is known to be gone: it was on this machine and its process has ended. Of another
 * machine's owner nothing is known but the lease. A process id that was given out again counts as alive.
 */
export function mayBeAlive(owner: string): boolean {
  return pidHere(owner) === undefined || isAliveHere(owner);
}

/** True when `owner` is on this machine and its process runs. */
export function isAliveHere(owner: string): boolean {
  const pid = pidHere(owner);
  if (pid === undefined) return false;
  return pid === process.pid ? ownersHere.has(owner) : isProcessAlive(pid);
}

function pidHere(owner: string): number | undefined {
  const [, host, pid] = /^(.*):(\d+):[^:]*$/.exec(owner) ?? [];
  return host === hostname() ? Number(pid) : undefined;
}

/** A process of this machine; true also when it belongs to somebody else. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
