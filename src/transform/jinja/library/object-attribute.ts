import { mappingOf } from '../value/mapping.ts';
import { itemAt } from '../value/sequence.ts';
import { templateObject, Tuple, type Value } from '../value/value.ts';

/** An attribute that an object itself has, methods of Python's own types aside. */
export function objectAttribute(value: Value, name: string): Value | undefined {
  if (value instanceof Tuple) return value.items[value.names.indexOf(name)];
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const read = templateObject(value).jinjaAttribute;
  if (read) return read.call(value, name);
  if (typeof value === 'function' || mappingOf(value) || Array.isArray(value)) return undefined;
  const property = Object.getOwnPropertyDescriptor(value, name);
  if (!property?.enumerable || typeof property.value === 'function') return undefined;
  return (property.value as Value | undefined) ?? null;
}

/** `value[key]` of dicts, sequences and objects. */
export function itemOf(value: Value, key: Value): Value | undefined {
  const mapping = mappingOf(value);
  if (mapping) return mapping.get(key);
  if (typeof value === 'object' && value !== null) {
    const item = templateObject(value).jinjaItem?.call(value, key);
    if (item !== undefined) return item;
  }
  if (typeof key === 'boolean') return itemAt(value, Number(key));
  return typeof key === 'number' && Number.isInteger(key) ? itemAt(value, key) : undefined;
}
