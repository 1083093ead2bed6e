import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { processSpace, processStart } from './process-identity.ts';

/** Owners of this process that were not retired. */
const ownersHere = new Set<string>();
const spaceHere = processSpace();

/** A new name for an engine of this process: `host:pid:random-space-start`, the last two only on Linux. */
export function createOwner(): string {
  const start = processStart(process.pid);
  const identity = spaceHere && start ? `-${spaceHere}-${start}` : '';
  const owner = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}${identity}`;
  ownersHere.add(owner);
  return owner;
}

/** From here on `owner` counts as dead. */
export function retireOwner(owner: string): void {
  ownersHere.delete(owner);
}

/**
 * False when `owner` is known to be gone: it was on this machine and its process has ended, even if its process id was
 * given out again. Of an owner on another machine, in another container or from before a restart of the machine, nothing
 * is known but the lease.
 */
export function mayBeAlive(owner: string): boolean {
  return processOf(owner) === undefined || isAliveHere(owner);
}

/** True when `owner` is on this machine and its process runs. */
export function isAliveHere(owner: string): boolean {
  const found = processOf(owner);
  if (!found) return false;
  if (found.start !== undefined && found.start !== processStart(found.pid)) return false;
  return found.pid === process.pid ? ownersHere.has(owner) : isProcessAlive(found.pid);
}

interface OwnerProcess {
  readonly pid: number;
  readonly start: string | undefined;
}

/** Undefined when it is on another machine or in another container. */
function processOf(owner: string): OwnerProcess | undefined {
  const [, host, pid, space, start] = /^(.*):(\d+):[^:-]*(?:-([0-9a-f]+)-(\d+))?$/.exec(owner) ?? [];
  if (host !== hostname() || (space !== undefined && space !== spaceHere)) return undefined;
  return { pid: Number(pid), start };
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
