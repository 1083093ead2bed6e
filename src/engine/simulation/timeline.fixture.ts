import type { Clock } from '../../core/ports.ts';

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The only time that passes in a simulation. */
export interface Timeline extends Clock {
  /** Goes to the next timer and lets what it starts come to rest. False when there is none. */
  step(): Promise<boolean>;
}

export function createTimeline(startMs: number): Timeline {
  let nowMs = startMs;
  let counter = 0;
  const timers = new Map<number, { readonly atMs: number; readonly callback: () => void }>();
  return {
    nowMs: () => nowMs,
    after: (delayMs, callback) => {
      counter += 1;
      const id = counter;
      timers.set(id, { atMs: nowMs + Math.max(delayMs, 0), callback });
      return () => timers.delete(id);
    },
    step: async () => {
      await rest();
      let next: number | undefined;
      let nextAtMs = Infinity;
      for (const [id, { atMs }] of timers) {
        if (atMs >= nextAtMs) continue;
        next = id;
        nextAtMs = atMs;
      }
      if (next === undefined) return false;
      const callback = timers.get(next)?.callback;
      timers.delete(next);
      nowMs = Math.max(nowMs, nextAtMs);
      callback?.();
      await rest();
      return true;
    },
  };
}

/** Nothing in a simulation waits for anything but promises and the timeline. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
}
