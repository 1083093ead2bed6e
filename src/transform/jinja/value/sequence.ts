import { ValueError } from '../error/template-error.ts';
import { DictView, mappingOf, SetValue } from './mapping.ts';
import { toIndex, toNumber, isNumeric } from './number.ts';
import { typeName } from './printing.ts';
import { Range, templateObject, Tuple, Undefined, type Value } from './value.ts';

/** Items that one value may have: lists, ranges and texts past it are surely mistakes. */
export const maximumItems = 10_000_000;

const surrogate = /[\ud800-\udfff]/;

/** A string's characters as Python counts them. */
export function characters(text: string): string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('');
}

/** Python's `bool(value)`. */
export function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value !== '';
  if (value === null) return false;
  if (isNumeric(value)) return toNumber(value) !== 0;
  if (value instanceof Undefined) return false;
  const truth = templateObject(value).jinjaTruth;
  if (truth) return truth.call(value);
  return (lengthOf(value) ?? 1) > 0;
}

/** Python's `len(value)`; `undefined` if the value has none. */
export function lengthOf(value: Value): number | undefined {
  if (typeof value === 'string') return surrogate.test(value) ? characters(value).length : value.length;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Undefined) return 0;
  if (value instanceof Range) return value.length;
  if (value instanceof SetValue || value instanceof DictView || value instanceof Set) return value.size;
  return mappingOf(value)?.size ?? templateObject(value).jinjaLength?.call(value);
}

/** The value's items for one pass; `undefined` if it cannot be iterated. */
export function iterableOf(value: Value): Iterable<Value> | undefined {
  if (typeof value === 'string') return characters(value);
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return value as Value[];
  if (value instanceof Tuple) return value.items;
  if (value instanceof Undefined) return [];
  if (value instanceof Range) return rangeItems(value);
  if (value instanceof SetValue || value instanceof DictView) return value.items();
  const mapping = mappingOf(value);
  if (mapping) return mapping.keys();
  const iterate = templateObject(value).jinjaIterate;
  if (iterate) return iterate.call(value);
  return Symbol.iterator in value ? (value as Iterable<Value>) : undefined;
}

function* rangeItems(range: Range): Iterable<Value> {
  const { length } = range;
  for (let index = 0; index < length; index += 1) yield range.start + index * range.step;
}

/** The value's items as a new array. Throws if it cannot be iterated. */
export function itemsOf(value: Value): Value[] {
  const iterable = iterableOf(value);
  if (!iterable) throw new ValueError(`A value of type '${typeName(value)}' cannot be iterated`);
  if (value instanceof Range && value.length > maximumItems) {
    throw new ValueError(`A range of ${value.length} items is too long`, 'template_limit');
  }
  return [...iterable];
}

/** Items of a value that can be indexed; `undefined` for every other. */
function indexable(value: Value): readonly Value[] | undefined {
  if (typeof value === 'string') return characters(value);
  if (Array.isArray(value)) return value;
  return value instanceof Tuple ? value.items : undefined;
}

/** `value[index]` of a string, list, tuple or range; `undefined` if it is no such value, or out of bounds. */
export function itemAt(value: Value, index: number): Value | undefined {
  if (value instanceof Range) {
    const at = index < 0 ? index + value.length : index;
    return at >= 0 && at < value.length ? value.start + at * value.step : undefined;
  }
  return indexable(value)?.at(index);
}

/** `value[start:stop:step]`; parts that are left out are None. Throws if the value is no sequence. */
export function sliceOf(value: Value, start: Value, stop: Value, step: Value): Value {
  const items = value instanceof Range ? itemsOf(value) : indexable(value);
  if (!items) throw new ValueError(`A value of type '${typeName(value)}' cannot be sliced`);
  const by = step === null ? 1 : toIndex(step, 'the step of a slice');
  if (by === 0) throw new ValueError('The step of a slice cannot be zero', 'template_value');
  const bound = (part: Value, whenMissing: number): number => {
    if (part === null) return whenMissing;
    const index = toIndex(part, 'the bound of a slice');
    const absolute = index < 0 ? index + items.length : index;
    return by > 0 ? clamp(absolute, 0, items.length) : clamp(absolute, -1, items.length - 1);
  };
  const from = bound(start, by > 0 ? 0 : items.length - 1);
  const to = bound(stop, by > 0 ? items.length : -1);
  if (value instanceof Range) {
    return new Range(value.start + from * value.step, value.start + to * value.step, value.step * by);
  }
  const taken: Value[] = [];
  for (let index = from; by > 0 ? index < to : index > to; index += by) taken.push(items[index] ?? null);
  if (typeof value === 'string') return (taken as string[]).join('');
  return value instanceof Tuple ? new Tuple(taken) : taken;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
