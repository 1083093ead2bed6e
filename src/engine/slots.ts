/** A limit on how many things happen at a time: the most urgent first, then first come first served. */
export interface Slots {
  /** Resolves with the function that gives the slot back, to be called once; with undefined when `signal` aborts first. */
  take(signal: AbortSignal, claim?: SlotClaim): Promise<(() => void) | undefined>;
}

export interface SlotClaim {
  /** Higher ones go first. Default 0. */
  readonly priority?: number | undefined;
  /** True: takes all slots, so that nothing else happens meanwhile. */
  readonly isAlone?: boolean | undefined;
}

interface Waiting {
  readonly size: number;
  readonly priority: number;
  readonly enter: () => void;
}

export function createSlots(limit: number): Slots {
  let free = limit;
  const queue: Waiting[] = [];

  const letIn = (): void => {
    for (let first = queue[0]; first && first.size <= free; first = queue[0]) {
      free -= first.size;
      queue.shift();
      first.enter();
    }
  };
  const join = (waiting: Waiting): void => {
    const behind = queue.findLastIndex((other) => other.priority >= waiting.priority);
    queue.splice(behind + 1, 0, waiting);
    letIn();
  };

  return {
    take: (signal, { priority = 0, isAlone = false } = {}) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(undefined);
        const size = isAlone ? limit : 1;
        const giveBack = (): void => {
          free += size;
          letIn();
        };
        const leave = (): void => {
          queue.splice(queue.indexOf(waiting), 1);
          resolve(undefined);
          letIn();
        };
        const enter = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(giveBack);
        };
        const waiting = { size, priority, enter };
        signal.addEventListener('abort', leave, { once: true });
        join(waiting);
      }),
  };
}
