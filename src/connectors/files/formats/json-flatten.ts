import { isJsonObject } from './json-text.ts';

/** What stands between the names of nested objects. */
const joint = '__';

/**
 * Takes nested objects apart: `{"a":{"b":1}}` becomes `{"a__b":1}`. Lists stay as they are.
 * @param depth levels of objects that are taken apart
 * @throws Error with the name when two values get the same one
 */
export function flattenRecord(
  record: Readonly<Record<string, unknown>>,
  depth: number,
): Readonly<Record<string, unknown>> {
  const flat: Record<string, unknown> = {};
  const add = (prefix: string, value: Readonly<Record<string, unknown>>, left: number): void => {
    for (const [key, item] of Object.entries(value)) {
      const name = prefix === '' ? key : `${prefix}${joint}${key}`;
      if (left > 0 && isJsonObject(item) && Object.keys(item).length > 0) add(name, item, left - 1);
      else if (Object.hasOwn(flat, name)) throw new Error(`two values would be named ${name}`);
      else flat[name] = item;
    }
  };
  add('', record, depth);
  return flat;
}
