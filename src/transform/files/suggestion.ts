import { nearNames } from '../../core/near-name.ts';

/** `; did you mean "orders"?` when one of `known` is close to `name`, else nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const [near] = name.length < 3 ? [] : nearNames(name, known, 1);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

/** The one of `known` that `name` is a misspelling of, by a stricter rule than for suggestions; undefined if none. */
export function misspelt(name: string, known: Iterable<string>): string | undefined {
  const [near] = nearNames(name, known, 1);
  if (near === undefined || near.length < 5 || Math.abs(near.length - name.length) > 2) return undefined;
  return near[0] === name[0]?.toLowerCase() ? near : undefined;
}
