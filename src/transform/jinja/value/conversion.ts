import { ValueError } from '../error/template-error.ts';
import { Dict, DictView, mappingOf, SetValue } from './mapping.ts';
import { objectText, printed } from './printing.ts';
import { itemsOf } from './sequence.ts';
import { Float, Range, Tuple, Undefined, type Value } from './value.ts';

/**
 * A template value as plain JSON-able JavaScript: dicts become objects (keys printed as JSON does), tuples, sets and
 * ranges become arrays, integers past 2^53 become decimal strings, other objects their `toJSON` or their text.
 * Throws for an undefined value, naming it, and for a macro or function.
 */
export function toJs(value: Value): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function') throw new ValueError('A function is no plain data');
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Float) return value.value;
  if (value instanceof Undefined) throw new ValueError(value.hint, 'template_undefined');
  if (Array.isArray(value)) return value.map((item: Value) => toJs(item));
  if (value instanceof Tuple) return value.items.map(toJs);
  if (
    value instanceof SetValue ||
    value instanceof Set ||
    value instanceof Range ||
    value instanceof DictView
  ) {
    return itemsOf(value instanceof Set ? ([...value] as Value[]) : value).map(toJs);
  }
  const mapping = mappingOf(value);
  if (mapping)
    return Object.fromEntries(mapping.keys().map((key) => [jsonKey(key), toJs(mapping.get(key) ?? null)]));
  return 'toJSON' in value && typeof value.toJSON === 'function'
    ? (value.toJSON() as unknown)
    : objectText(value);
}

/** A dict's key as `json.dumps` writes it. */
export function jsonKey(key: Value): string {
  if (key === null) return 'null';
  if (typeof key === 'boolean') return String(key);
  return printed(key);
}

/**
 * Plain JavaScript data as a template value: objects become dicts of their own, `undefined` becomes None. Class instances
 * stay what they are. Data that a template may change in place need not be converted: arrays, plain objects and Maps
 * are values already.
 */
export function fromJs(data: unknown): Value {
  if (data === undefined || data === null) return null;
  if (Array.isArray(data)) return data.map(fromJs);
  if (typeof data === 'symbol') throw new ValueError('A symbol is no template value');
  if (typeof data !== 'object') return data;
  const mapping = data instanceof Dict ? undefined : mappingOf(data);
  return mapping ? new Dict(mapping.keys().map((key) => [key, fromJs(mapping.get(key))])) : data;
}
