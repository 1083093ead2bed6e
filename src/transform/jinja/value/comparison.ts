import { ValueError } from '../error/template-error.ts';
import { DictView, mappingOf, SetValue, type Mapping } from './mapping.ts';
import { compareNumbers, isNumeric } from './number.ts';
import { typeName } from './printing.ts';
import { iterableOf, itemsOf } from './sequence.ts';
import { Range, templateObject, Tuple, Undefined, type Value } from './value.ts';

/** Python's `left == right`. Never throws; values of different kinds are not equal. */
export function areEqual(left: Value, right: Value): boolean {
  if (left === right) return !Number.isNaN(left);
  if (isNumeric(left)) return isNumeric(right) && compareNumbers(left, right) === 0;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return typeof right === 'object' && right !== null
      ? customEquality(right, left)
      : customEquality(left, right);
  }
  if (left instanceof Undefined) return right instanceof Undefined;
  if (Array.isArray(left)) return Array.isArray(right) && sameItems(left, right);
  if (left instanceof Tuple) return right instanceof Tuple && sameItems(left.items, right.items);
  if (left instanceof Range) return right instanceof Range && sameItems(itemsOf(left), itemsOf(right));
  const leftSet = setItems(left);
  if (leftSet) return sameSet(leftSet, setItems(right));
  const mapping = mappingOf(left);
  if (mapping) return sameMapping(mapping, mappingOf(right));
  return customEquality(left, right) || customEquality(right, left);
}

function customEquality(left: Value, right: Value): boolean {
  if (typeof left !== 'object' || left === null) return false;
  return templateObject(left).jinjaEquals?.call(left, right) ?? false;
}

function sameItems(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => areEqual(item, right[index] ?? null));
}

function setItems(value: Value): SetValue | undefined {
  if (value instanceof SetValue) return value;
  if (value instanceof Set) return new SetValue(value as Set<Value>);
  return value instanceof DictView && value.sort !== 'values' ? new SetValue(value.items()) : undefined;
}

function sameSet(left: SetValue, right: SetValue | undefined): boolean {
  return right !== undefined && left.size === right.size && left.items().every((item) => right.has(item));
}

function sameMapping(left: Mapping, right: Mapping | undefined): boolean {
  if (!right || left.size !== right.size) return false;
  return left
    .keys()
    .every((key) => right.has(key) && areEqual(left.get(key) ?? null, right.get(key) ?? null));
}

/** Order of two values: negative, zero or positive, NaN if unordered. Throws where Python has no order. */
export function compareValues(left: Value, right: Value, operator: string = '<'): number {
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  const bothSequences =
    (Array.isArray(left) && Array.isArray(right)) || (left instanceof Tuple && right instanceof Tuple);
  if (bothSequences) return compareItems(itemsOf(left), itemsOf(right), operator);
  const leftSet = setItems(left);
  const rightSet = setItems(right);
  if (leftSet && rightSet) return compareSets(leftSet, rightSet);
  if (left instanceof Date && right instanceof Date) return left.getTime() - right.getTime();
  const order = customOrder(left, right);
  if (order !== undefined) return order;
  const reflected = customOrder(right, left);
  if (reflected !== undefined) return -reflected;
  throw new ValueError(
    `'${operator}' does not apply to values of type '${typeName(left)}' and '${typeName(right)}'`,
    left instanceof Undefined || right instanceof Undefined ? 'template_undefined' : 'template_type',
  );
}

function customOrder(left: Value, right: Value): number | undefined {
  if (typeof left !== 'object' || left === null) return undefined;
  return templateObject(left).jinjaCompare?.call(left, right);
}

/** By code points, as Python compares. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const a = Array.from(left);
  const b = Array.from(right);
  for (let index = 0; index < a.length && index < b.length; index += 1) {
    const difference = (a[index]?.codePointAt(0) ?? 0) - (b[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareItems(left: readonly Value[], right: readonly Value[], operator: string): number {
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    const [a, b] = [left[index] ?? null, right[index] ?? null];
    if (!areEqual(a, b)) return compareValues(a, b, operator);
  }
  return left.length - right.length;
}

/** A subset is less; sets of which none contains the other are unordered. */
function compareSets(left: SetValue, right: SetValue): number {
  if (sameSet(left, right)) return 0;
  if (left.items().every((item) => right.has(item))) return -1;
  return right.items().every((item) => left.has(item)) ? 1 : Number.NaN;
}

/** Python's `item in container`. */
export function contains(container: Value, item: Value): boolean {
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item);
    throw new ValueError(`'in <string>' needs a string on the left, not '${typeName(item)}'`);
  }
  if (container instanceof SetValue) return container.has(item);
  const mapping = mappingOf(container);
  if (mapping) return mapping.has(item);
  if (typeof container === 'object' && container !== null) {
    const has = templateObject(container).jinjaContains;
    if (has) return has.call(container, item);
  }
  const items = iterableOf(container);
  if (!items) throw new ValueError(`A value of type '${typeName(container)}' cannot be searched by 'in'`);
  for (const candidate of items) if (areEqual(candidate, item)) return true;
  return false;
}
