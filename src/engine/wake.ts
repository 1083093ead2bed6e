import type { Clock } from '../core/ports.ts';

/** Lets loops sleep until something in this process changes, or some time has passed. */
export interface Wake {
  /** Wakes everybody who waits. */
  notify(): void;
  /** Resolves at the next `notify`, after `milliseconds`, or when `signal` aborts. Never rejects. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export function createWake(clock: Clock): Wake {
  const waiting = new Set<() => void>();
  return {
    notify: () => {
      for (const resume of waiting) resume();
    },
    wait: (milliseconds, signal) =>
      new Promise((resolve) => {
        const resume = (): void => {
          waiting.delete(resume);
          stopTimer();
          signal?.removeEventListener('abort', resume);
          resolve();
        };
        const stopTimer = clock.after(milliseconds, resume);
        if (signal?.aborted) return resume();
        waiting.add(resume);
        signal?.addEventListener('abort', resume);
      }),
  };
}

/** Resolves after `milliseconds` or when `signal` aborts. Never rejects. */
export async function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  await createWake(clock).wait(milliseconds, signal);
}
