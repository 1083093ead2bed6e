import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { areEqual, contains } from '../value/comparison.ts';
import { Dict, DictView, mappingOf, SetValue, type Mapping } from '../value/mapping.ts';
import type { Method } from '../value/method.ts';
import { toIndex } from '../value/number.ts';
import { represented } from '../value/printing.ts';
import { isTrue, itemsOf } from '../value/sequence.ts';
import { orElse, Tuple, type Value } from '../value/value.ts';
import { indexArgument } from './argument.ts';
import { sorted } from './sorting.ts';

function first(args: CallArguments, name: string): Value {
  return args.bind(name, ['value'])['value'] ?? null;
}

function indexOf(items: readonly Value[], args: CallArguments): number {
  const { value = null, start, stop } = args.bind('index', ['value', 'start?', 'stop?']);
  const from = indexArgument(start, 'start', 0);
  const to = indexArgument(stop, 'stop', items.length);
  const at = items.findIndex((item, index) => index >= from && index < to && areEqual(item, value));
  if (at < 0) throw new ValueError(`${represented(value)} is not in the list`, 'template_value');
  return at;
}

function countOf(items: readonly Value[], args: CallArguments): number {
  const value = first(args, 'count');
  return items.filter((item) => areEqual(item, value)).length;
}

function pop(self: Value[], args: CallArguments): Value {
  const at = indexArgument(args.bind('pop', ['index?'])['index'], 'the index', -1);
  const index = at < 0 ? at + self.length : at;
  const [item] = index >= 0 ? self.splice(index, 1) : [];
  if (item === undefined) throw new ValueError('pop() finds no such item in the list', 'template_value');
  return item;
}

/** The methods of Python's `list`. */
export const listMethods: ReadonlyMap<string, Method<Value[]>> = new Map<string, Method<Value[]>>([
  ['append', (self, args) => (self.push(first(args, 'append')), null)],
  ['clear', (self) => (self.splice(0), null)],
  ['copy', (self) => [...self]],
  ['count', countOf],
  ['extend', (self, args) => (self.push(...itemsOf(first(args, 'extend'))), null)],
  ['index', indexOf],
  [
    'insert',
    (self, args) => {
      const { index = null, value = null } = args.bind('insert', ['index', 'value']);
      self.splice(toIndex(index), 0, value);
      return null;
    },
  ],
  ['pop', pop],
  ['remove', (self, args) => (self.splice(indexOf(self, args), 1), null)],
  ['reverse', (self) => (self.reverse(), null)],
  [
    'sort',
    (self, args) => {
      const { reverse = false } = args.bind('sort', ['reverse?']);
      self.splice(0, self.length, ...sorted(self, isTrue(reverse)));
      return null;
    },
  ],
]);

/** The methods of Python's `tuple`. */
export const tupleMethods: ReadonlyMap<string, Method<Tuple>> = new Map<string, Method<Tuple>>([
  ['count', (self, args) => countOf(self.items, args)],
  ['index', (self, args) => indexOf(self.items, args)],
]);

/** Copies a dict, pairs, and keyword arguments into a dict, as `dict.update` does. */
export function updateMapping(target: Mapping, args: CallArguments): void {
  if (args.positional.length > 1) throw new ValueError('update() takes one dict at most');
  const [source] = args.positional;
  const mapping = source === undefined ? undefined : mappingOf(source);
  if (mapping) {
    for (const key of mapping.keys()) target.set(key, mapping.get(key) ?? null);
  } else if (source !== undefined) {
    for (const pair of itemsOf(source)) {
      const items = itemsOf(pair);
      if (items.length !== 2)
        throw new ValueError('A dict is made of pairs of key and value', 'template_value');
      target.set(items[0] ?? null, items[1] ?? null);
    }
  }
  for (const [key, value] of args.keyword) target.set(key, value);
}

function popKey(self: Mapping, args: CallArguments): Value {
  const { key = null, fallback } = args.bind('pop', ['key', 'fallback?']);
  const value = orElse(self.get(key), () => fallback);
  if (value === undefined) throw new ValueError(`The dict has no key ${represented(key)}`, 'template_value');
  self.delete(key);
  return value;
}

/** The methods of Python's `dict`. */
export const dictMethods: ReadonlyMap<string, Method<Mapping>> = new Map<string, Method<Mapping>>([
  ['clear', (self) => (self.clear(), null)],
  ['copy', (self) => new Dict(self.keys().map((key) => [key, self.get(key) ?? null]))],
  [
    'get',
    (self, args) => {
      const { key = null, default: fallback = null } = args.bind('get', ['key', 'default?']);
      return orElse(self.get(key), () => fallback);
    },
  ],
  ['items', (self) => new DictView(self, 'items')],
  ['keys', (self) => new DictView(self, 'keys')],
  ['pop', popKey],
  [
    'popitem',
    (self) => {
      const key = self.keys().at(-1);
      if (key === undefined)
        throw new ValueError('popitem() needs a dict that is not empty', 'template_value');
      const value = self.get(key) ?? null;
      self.delete(key);
      return new Tuple([key, value]);
    },
  ],
  [
    'setdefault',
    (self, args) => {
      const { key = null, default: fallback = null } = args.bind('setdefault', ['key', 'default?']);
      if (!self.has(key)) self.set(key, fallback);
      return self.get(key) ?? null;
    },
  ],
  ['update', (self, args) => (updateMapping(self, args), null)],
  ['values', (self) => new DictView(self, 'values')],
]);

function others(args: CallArguments): SetValue {
  return new SetValue(args.positional.flatMap((value) => itemsOf(value)));
}

function inEvery(self: SetValue, args: CallArguments): SetValue {
  const sets = args.positional.map((value) => new SetValue(itemsOf(value)));
  return new SetValue(self.items().filter((item) => sets.every((set) => set.has(item))));
}

function without(self: SetValue, other: SetValue): SetValue {
  return new SetValue(self.items().filter((item) => !other.has(item)));
}

/** The methods of Python's `set`. */
export const setMethods: ReadonlyMap<string, Method<SetValue>> = new Map<string, Method<SetValue>>([
  ['add', (self, args) => (self.add(first(args, 'add')), null)],
  ['clear', (self) => (self.clear(), null)],
  ['copy', (self) => new SetValue(self.items())],
  ['difference', (self, args) => without(self, others(args))],
  ['discard', (self, args) => (self.delete(first(args, 'discard')), null)],
  ['intersection', inEvery],
  ['isdisjoint', (self, args) => inEvery(self, args).size === 0],
  ['issubset', (self, args) => itemsOf(self).every((item) => contains(first(args, 'issubset'), item))],
  [
    'issuperset',
    (self, args) =>
      others(args)
        .items()
        .every((item) => self.has(item)),
  ],
  [
    'pop',
    (self) => {
      const [item] = self.items();
      if (item === undefined) throw new ValueError('pop() needs a set that is not empty', 'template_value');
      self.delete(item);
      return item;
    },
  ],
  [
    'remove',
    (self, args) => {
      const item = first(args, 'remove');
      if (!self.delete(item))
        throw new ValueError(`${represented(item)} is not in the set`, 'template_value');
      return null;
    },
  ],
  [
    'symmetric_difference',
    (self, args) => {
      const other = others(args);
      return new SetValue([...without(self, other).items(), ...without(other, self).items()]);
    },
  ],
  ['union', (self, args) => new SetValue([...self.items(), ...others(args).items()])],
  [
    'update',
    (self, args) => {
      for (const item of others(args).items()) self.add(item);
      return null;
    },
  ],
]);
