import type { Connection } from '../../connector/connection.ts';

/** Readings side by side of one connection that does not say how many it bears. */
const usualReads = 8;

interface Slots {
  taken: number;
  readonly waiting: (() => void)[];
}

const slotsOf = new Map<string, Slots>();

/** Reads within what the connection bears, over all streams of this process; waits for its turn. */
export async function withReadSlot<T>(
  { name, maxReads = usualReads }: Connection,
  work: () => Promise<T>,
): Promise<T> {
  const slots = slotsOf.get(name) ?? { taken: 0, waiting: [] };
  slotsOf.set(name, slots);
  while (slots.taken >= maxReads) await new Promise<void>((resolve) => slots.waiting.push(resolve));
  slots.taken += 1;
  try {
    return await work();
  } finally {
    slots.taken -= 1;
    slots.waiting.shift()?.();
  }
}
