import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { areEqual, compareValues } from '../value/comparison.ts';
import { hashKey, mappingOf } from '../value/mapping.ts';
import { printed, typeName } from '../value/printing.ts';
import { characters, isTrue, itemsOf, lengthOf } from '../value/sequence.ts';
import { orElse, Tuple, Undefined, type TemplateFunction, type Value } from '../value/value.ts';
import { indexArgument } from './argument.ts';
import { attributeOf } from './attribute.ts';
import { attributeReader, attributesReader } from './attribute-path.ts';
import { binaryOperation } from './operator.ts';
import { ignoringCase, sorted } from './sorting.ts';

/** Reads an attribute, in small letters unless case matters. */
function keyReader(attribute: Value | undefined, caseSensitive: Value | undefined): (value: Value) => Value {
  const read = attributeReader(attribute);
  return isTrue(caseSensitive ?? false) ? read : (value) => ignoringCase(read(value));
}

function batch(args: CallArguments): Value {
  const bound = args.bind('batch', ['value', 'linecount', 'fill_with?']);
  const size = Math.max(1, indexArgument(bound['linecount'], 'linecount', 1));
  const items = itemsOf(bound['value'] ?? null);
  const rows: Value[][] = [];
  for (let from = 0; from < items.length; from += size) rows.push(items.slice(from, from + size));
  const fill = bound['fill_with'] ?? null;
  const last = rows.at(-1);
  if (fill !== null && last) last.push(...Array.from({ length: size - last.length }, () => fill));
  return rows;
}

function slice(args: CallArguments): Value {
  const bound = args.bind('slice', ['value', 'slices', 'fill_with?']);
  const items = itemsOf(bound['value'] ?? null);
  const count = Math.max(1, indexArgument(bound['slices'], 'slices', 1));
  const fill = bound['fill_with'] ?? null;
  const size = Math.floor(items.length / count);
  const longer = items.length % count;
  let from = 0;
  return Array.from({ length: count }, (_empty, index) => {
    const part = items.slice(from, from + size + (index < longer ? 1 : 0));
    from += part.length;
    if (fill !== null && index >= longer && longer > 0) part.push(fill);
    return part;
  });
}

function dictSort(args: CallArguments): Value {
  const bound = args.bind('dictsort', ['value', 'case_sensitive?', 'by?', 'reverse?']);
  const mapping = mappingOf(bound['value'] ?? null);
  if (!mapping) throw new ValueError('dictsort takes a dict');
  const { by = 'key' } = bound;
  if (by !== 'key' && by !== 'value')
    throw new ValueError("dictsort sorts by 'key' or 'value'", 'template_value');
  const pairs = mapping.keys().map((key) => new Tuple([key, mapping.get(key) ?? null]));
  const read = keyReader(by === 'key' ? 0 : 1, bound['case_sensitive']);
  return sorted(pairs, isTrue(bound['reverse'] ?? false), read);
}

function sort(args: CallArguments): Value {
  const bound = args.bind('sort', ['value', 'reverse?', 'case_sensitive?', 'attribute?']);
  const read = attributesReader(bound['attribute']);
  const fold = isTrue(bound['case_sensitive'] ?? false) ? (value: Value) => value : ignoringCase;
  return sorted(itemsOf(bound['value'] ?? null), isTrue(bound['reverse'] ?? false), (item) =>
    read(item).map(fold),
  );
}

function unique(args: CallArguments): Value {
  const bound = args.bind('unique', ['value', 'case_sensitive?', 'attribute?']);
  const read = keyReader(bound['attribute'], bound['case_sensitive']);
  const seen = new Set<unknown>();
  return itemsOf(bound['value'] ?? null).filter((item) => {
    const key = hashKey(read(item));
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function extreme(name: string, isBetter: (order: number) => boolean): TemplateFunction {
  return (args) => {
    const bound = args.bind(name, ['value', 'case_sensitive?', 'attribute?']);
    const read = keyReader(bound['attribute'], bound['case_sensitive']);
    const [head, ...rest] = itemsOf(bound['value'] ?? null);
    if (head === undefined) return new Undefined('The sequence is empty');
    return rest.reduce<Value>(
      (best, item) => (isBetter(compareValues(read(item), read(best))) ? item : best),
      head,
    );
  };
}

function groupBy(args: CallArguments): Value {
  const bound = args.bind('groupby', ['value', 'attribute', 'default?', 'case_sensitive?']);
  const read = attributeReader(bound['attribute'], bound['default']);
  const fold = isTrue(bound['case_sensitive'] ?? false) ? (value: Value) => value : ignoringCase;
  const key = (item: Value): Value => fold(read(item));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(itemsOf(bound['value'] ?? null), false, key)) {
    const last = groups.at(-1);
    if (last && areEqual(last.key, key(item))) last.items.push(item);
    else groups.push({ key: key(item), items: [item] });
  }
  return groups.map(({ items }) => new Tuple([read(items[0] ?? null), items], ['grouper', 'list']));
}

function sum(args: CallArguments): Value {
  const { value = null, attribute, start = 0 } = args.bind('sum', ['value', 'attribute?', 'start?']);
  const read = attributeReader(attribute);
  return itemsOf(value).reduce<Value>((total, item) => binaryOperation('+', total, read(item)), start);
}

function join(args: CallArguments): Value {
  const { value = null, d = '', attribute } = args.bind('join', ['value', 'd?', 'attribute?']);
  const read = attributeReader(attribute);
  return itemsOf(value)
    .map((item) => printed(read(item)))
    .join(printed(d));
}

function reverse(args: CallArguments): Value {
  const [value = null] = args.positional;
  if (typeof value === 'string') return characters(value).reverse().join('');
  return itemsOf(value).reverse();
}

function defaultValue(args: CallArguments): Value {
  const bound = args.bind('default', ['value', 'default_value?', 'boolean?']);
  const { value = null, default_value: fallback = '' } = bound;
  const isMissing = value instanceof Undefined || (isTrue(bound['boolean'] ?? false) && !isTrue(value));
  return isMissing ? fallback : value;
}

function length(args: CallArguments): Value {
  const [value = null] = args.positional;
  const count = lengthOf(value);
  if (count === undefined) throw new ValueError(`A value of type '${typeName(value)}' has no length`);
  return count;
}

function items(args: CallArguments): Value {
  const [value = null] = args.positional;
  if (value instanceof Undefined) return [];
  const mapping = mappingOf(value);
  if (!mapping) throw new ValueError('items takes a dict');
  return mapping.keys().map((key) => new Tuple([key, mapping.get(key) ?? null]));
}

function attr(args: CallArguments): Value {
  const { value = null, name = null } = args.bind('attr', ['value', 'name']);
  return orElse(
    attributeOf(value, printed(name)),
    () => new Undefined(`A value has no attribute '${printed(name)}'`),
  );
}

function end(name: 'first' | 'last'): TemplateFunction {
  return (args) => {
    const [value = null] = args.positional;
    const item = itemsOf(value).at(name === 'first' ? 0 : -1);
    return orElse(item, () => new Undefined(`There is no ${name} item, the sequence is empty`));
  };
}

function random(args: CallArguments): Value {
  const all = itemsOf(args.positional[0] ?? null);
  return orElse(all[Math.floor(Math.random() * all.length)], () => new Undefined('The sequence is empty'));
}

export const sequenceFilters: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['attr', attr],
  ['batch', batch],
  ['count', length],
  ['d', defaultValue],
  ['default', defaultValue],
  ['dictsort', dictSort],
  ['first', end('first')],
  ['groupby', groupBy],
  ['items', items],
  ['join', join],
  ['last', end('last')],
  ['length', length],
  ['list', (args) => itemsOf(args.positional[0] ?? null)],
  ['max', extreme('max', (order) => order > 0)],
  ['min', extreme('min', (order) => order < 0)],
  ['random', random],
  ['reverse', reverse],
  ['slice', slice],
  ['sort', sort],
  ['sum', sum],
  ['unique', unique],
]);
