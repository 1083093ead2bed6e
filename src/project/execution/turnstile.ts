import type { Executor } from '../../core/executor.ts';

/** Lets several do something at a time, or one alone. Who wants to be alone goes before those who come later. */
export interface Turnstile {
  together<T>(work: () => Promise<T>): Promise<T>;
  alone<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurnstile(): Turnstile {
  /** Ends when those have ended that were let in before. */
  let gate: Promise<unknown> = Promise.resolve();
  let inside = new Set<Promise<unknown>>();
  return {
    together: async (work) => {
      const entered = gate.then(work);
      const over = entered.catch(() => undefined).finally(() => inside.delete(over));
      inside.add(over);
      return await entered;
    },
    alone: async (work) => {
      const before = [gate, ...inside];
      inside = new Set();
      const entered = Promise.all(before).then(work);
      gate = entered.catch(() => undefined);
      return await entered;
    },
  };
}

/** The same executor, whose steps are done together with others but not while somebody is alone. */
export function throughTurnstile(executor: Executor, turnstile: Turnstile): Executor {
  return {
    name: executor.name,
    execute: (node, context) => turnstile.together(() => executor.execute(node, context)),
  };
}
