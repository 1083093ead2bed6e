import { itemsOf } from '../value/sequence.ts';
import { orElse, Undefined, type Value } from '../value/value.ts';
import { attributeOf } from './attribute.ts';
import { itemOf } from './object-attribute.ts';

/** `value[part]`: the item, else the attribute; undefined values stay so. */
function step(value: Value, part: string | number): Value {
  if (value instanceof Undefined) return value;
  const found = orElse(itemOf(value, part), () =>
    typeof part === 'string' ? attributeOf(value, part) : undefined,
  );
  return orElse(found, () => new Undefined(`A value has no '${part}'`));
}

/** Reads `a.b.0` from values, as the `attribute` argument of filters says it. None reads the value itself. */
export function attributeReader(path: Value | undefined, fallback?: Value): (value: Value) => Value {
  const parts = pathParts(path);
  return (value) => {
    let current = value;
    for (const part of parts) {
      current = step(current, part);
      if (current instanceof Undefined && fallback !== undefined && fallback !== null) current = fallback;
    }
    return current;
  };
}

/** Reads several comma-separated paths into a list; one path gives a list of one. */
export function attributesReader(paths: Value | undefined): (value: Value) => Value[] {
  const all = typeof paths === 'string' ? paths.split(',') : [paths ?? null];
  const readers = all.map((path) => attributeReader(path));
  return (value) => readers.map((read) => read(value));
}

function pathParts(path: Value | undefined): (string | number)[] {
  if (path === undefined || path === null) return [];
  if (typeof path === 'number') return [path];
  if (typeof path === 'string')
    return path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return itemsOf(path).map(String);
}
