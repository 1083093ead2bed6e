import type { ChildProcess } from 'node:child_process';

/** Ends a process that was started with `detached`, and all that it has started. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
      return;
    } catch {
      // It has ended, or there are no groups here.
    }
  }
}
