import type { PartitionRange, PartitionStateRange } from '../../core/partitions.ts';
import { integer, text, type Row } from './row.ts';

/** What the stretches that touch or overlap `added` are to be instead; those of a slice, in order. */
export function withStretch(
  touching: readonly PartitionStateRange[],
  added: PartitionStateRange,
): readonly PartitionStateRange[] {
  const pieces = [
    ...touching.map((range) => ({ ...range, to: Math.min(range.to, added.from) })),
    added,
    ...touching.map((range) => ({ ...range, from: Math.max(range.from, added.to) })),
  ].filter(({ from, to }) => from < to);
  const joined: PartitionStateRange[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.to === piece.from && last.state === piece.state) {
      joined[joined.length - 1] = { ...last, to: piece.to };
    } else joined.push(piece);
  }
  return joined;
}

/** What of `ranges`, by default of everything, has succeeded: as it is to be kept once it is stale. */
export function madeWithin(
  states: readonly PartitionStateRange[],
  ranges: readonly PartitionRange[] = states,
): readonly PartitionStateRange[] {
  const made = states.filter(({ state }) => state === 'succeeded');
  return ranges.flatMap((range) =>
    made
      .filter(({ slice, from, to }) => slice === range.slice && from < range.to && range.from < to)
      .map(({ slice, from, to }): PartitionStateRange => ({
        slice,
        from: Math.max(from, range.from),
        to: Math.min(to, range.to),
        state: 'stale',
      })),
  );
}

export function toPartitionState(row: Row): PartitionStateRange {
  return {
    slice: text(row, 'slice'),
    from: integer(row, 'from_index'),
    to: integer(row, 'to_index'),
    state: text(row, 'state') as PartitionStateRange['state'],
  };
}

/** The state that a step's end leaves its partitions in; undefined when it tells nothing. */
export function partitionState(stepState: string): PartitionStateRange['state'] | undefined {
  return stepState === 'succeeded' || stepState === 'failed' ? stepState : undefined;
}
