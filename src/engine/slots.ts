/** A limit on how many things happen at a time, first come first served. */
export interface Slots {
  /** Resolves with the function that gives the slot back, to be called once; with undefined when `signal` aborts first. */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

export function createSlots(limit: number): Slots {
  let free = limit;
  const queue = new Set<() => void>();
  const giveBack = (): void => {
    const [next] = queue;
    if (!next) free += 1;
    else next();
  };
  return {
    take: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(undefined);
        if (free > 0) {
          free -= 1;
          return resolve(giveBack);
        }
        const leave = (): void => {
          queue.delete(enter);
          resolve(undefined);
        };
        const enter = (): void => {
          queue.delete(enter);
          signal.removeEventListener('abort', leave);
          resolve(giveBack);
        };
        queue.add(enter);
        signal.addEventListener('abort', leave, { once: true });
      }),
  };
}
