/** From and to, both included. */
export interface UsualRange {
  readonly from: number;
  readonly to: number;
}

/** Fewer values say nothing about what is usual. */
export const leastHistory = 8;

/** The median absolute deviation of normally distributed values, times this, is their standard deviation. */
const deviationsPerMad = 1.4826;
/** Of the median: values that hardly ever differ would make every small change an alert. */
const leastSpread = 0.05;

/** Median plus and minus `deviations` robust standard deviations; undefined for too few values. One outlier among them does not widen it. */
export function usualRange(values: readonly number[], deviations: number): UsualRange | undefined {
  if (values.length < leastHistory) return undefined;
  const middle = median(values);
  const spread = deviationsPerMad * median(values.map((value) => Math.abs(value - middle)));
  const margin = Math.max(deviations * spread, leastSpread * middle, 1);
  return { from: Math.max(0, Math.floor(middle - margin)), to: Math.ceil(middle + margin) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
  return (upper + lower) / 2;
}
