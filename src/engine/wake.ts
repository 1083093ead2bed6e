import type { Clock } from '../core/ports.ts';

/** Lets loops sleep until something in this process changes, or some time has passed. */
export interface Wake {
  /** Wakes everybody who waits. */
  notify(): void;
  /** How often `notify` was called. Take it before looking at what may change, and give it to `wait`. */
  mark(): number;
  /**
   * Resolves at the first `notify` after `mark` was taken, even if that was before this call; after
   * `milliseconds`; or when `signal` aborts. Never rejects.
   */
  wait(mark: number, milliseconds: number, signal: AbortSignal): Promise<void>;
}

export function createWake(clock: Clock): Wake {
  const waiting = new Set<() => void>();
  let count = 0;
  return {
    notify: () => {
      count += 1;
      for (const resume of waiting) resume();
    },
    mark: () => count,
    wait: (mark, milliseconds, signal) =>
      new Promise((resolve) => {
        if (mark !== count || signal.aborted) return resolve();
        const resume = (): void => {
          waiting.delete(resume);
          stopTimer();
          signal.removeEventListener('abort', resume);
          resolve();
        };
        const stopTimer = clock.after(milliseconds, resume);
        waiting.add(resume);
        signal.addEventListener('abort', resume);
      }),
  };
}

/** Resolves after `milliseconds` or when `signal` aborts. Never rejects. */
export async function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  const wake = createWake(clock);
  await wake.wait(wake.mark(), milliseconds, signal);
}
