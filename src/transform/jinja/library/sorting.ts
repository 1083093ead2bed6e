import { compareValues } from '../value/comparison.ts';
import type { Value } from '../value/value.ts';

/** A stable sort by Python's order. Throws where two values have none. */
export function sorted(
  items: readonly Value[],
  isReversed: boolean,
  key: (item: Value) => Value = same,
): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const direction = isReversed ? -1 : 1;
  keyed.sort((a, b) => direction * compareValues(a.key, b.key));
  return keyed.map((entry) => entry.item);
}

function same(item: Value): Value {
  return item;
}

/** Text in small letters, any other value as it is: how Jinja compares where case does not matter. */
export function ignoringCase(value: Value): Value {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
