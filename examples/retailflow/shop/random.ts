/** Numbers in [0, 1) that depend on nothing but the keys: the same keys give the same numbers everywhere. */
export type Random = () => number;

export function randomOf(...keys: readonly number[]): Random {
  let state = 0x9e3779b9;
  for (const key of keys) state = scramble(state ^ Math.imul(key + 1, 0x85ebca6b));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return scramble(state) / 2 ** 32;
  };
}

/** An integer from 0 to `count` - 1. */
export function pickIndex(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** Picks by weight: `totals` are the running totals of the weights. */
export function pickWeighted(random: Random, totals: readonly number[]): number {
  const mark = random() * (totals.at(-1) ?? 0);
  let low = 0;
  let high = totals.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((totals[middle] ?? 0) > mark) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function runningTotals(weights: readonly number[]): readonly number[] {
  let total = 0;
  return weights.map((weight) => (total += weight));
}

/** Mixes 32 bits so that neighbouring inputs give unrelated outputs. */
function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
