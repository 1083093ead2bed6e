import type { Clock } from '../core/ports.ts';

export interface ManualClock extends Clock {
  /** Lets time pass, timer by timer, and lets what each of them starts come to rest. */
  advance(milliseconds: number): Promise<void>;
}

export function createManualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  let counter = 0;
  const timers = new Map<number, { readonly atMs: number; readonly callback: () => void }>();
  const nextDue = (untilMs: number): number | undefined => {
    const due = [...timers].filter(([, timer]) => timer.atMs <= untilMs);
    return due.toSorted(([idA, a], [idB, b]) => a.atMs - b.atMs || idA - idB)[0]?.[0];
  };
  return {
    nowMs: () => nowMs,
    after: (delayMs, callback) => {
      counter += 1;
      const id = counter;
      timers.set(id, { atMs: nowMs + delayMs, callback });
      return () => timers.delete(id);
    },
    advance: async (milliseconds) => {
      const untilMs = nowMs + milliseconds;
      await settle();
      for (let id = nextDue(untilMs); id !== undefined; id = nextDue(untilMs)) {
        const timer = timers.get(id);
        timers.delete(id);
        nowMs = timer?.atMs ?? nowMs;
        timer?.callback();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}

/** Turns of the event loop until promises that wait for nothing else are through. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
