import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { Dict, SetValue } from '../value/mapping.ts';
import { methodValue } from '../value/method.ts';
import { toIndex } from '../value/number.ts';
import { represented } from '../value/printing.ts';
import { itemsOf } from '../value/sequence.ts';
import { ReturnSignal } from '../value/return-signal.ts';
import { Range, Tuple, type TemplateFunction, type TemplateObject, type Value } from '../value/value.ts';
import { updateMapping } from './collection-methods.ts';

/** What `namespace()` gives: the one object whose attributes a template can set. */
class Namespace implements TemplateObject {
  readonly #values: Dict = new Dict();

  constructor(args: CallArguments) {
    updateMapping(this.#values, args);
  }

  jinjaAttribute(name: string): Value | undefined {
    return this.#values.get(name);
  }

  jinjaItem(key: Value): Value | undefined {
    return this.#values.get(key);
  }

  jinjaAssign(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  toString(): string {
    return `<Namespace ${represented(this.#values)}>`;
  }
}

/** What `cycler(...)` gives. */
class Cycler implements TemplateObject {
  readonly #items: readonly Value[];
  #at = 0;

  constructor(items: readonly Value[]) {
    if (items.length === 0) throw new ValueError('cycler() needs values to cycle through');
    this.#items = items;
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'current':
        return this.#items[this.#at] ?? null;
      case 'next':
        return methodValue(name, () => this.#next());
      case 'reset':
        return methodValue(name, () => {
          this.#at = 0;
          return null;
        });
      default:
        return undefined;
    }
  }

  #next(): Value {
    const item = this.#items[this.#at] ?? null;
    this.#at = (this.#at + 1) % this.#items.length;
    return item;
  }

  toString(): string {
    return '<Cycler>';
  }
}

/** What `joiner(separator)` gives: nothing at its first call, then the separator. */
class Joiner implements TemplateObject {
  readonly #separator: Value;
  #isUsed = false;

  constructor(separator: Value) {
    this.#separator = separator;
  }

  jinjaCall(): Value {
    if (this.#isUsed) return this.#separator;
    this.#isUsed = true;
    return '';
  }

  toString(): string {
    return '<Joiner>';
  }
}

function range(args: CallArguments): Value {
  const [first = null, second, third] = args.positional;
  const [start, stop] = second === undefined ? [0, toIndex(first)] : [toIndex(first), toIndex(second)];
  const step = third === undefined ? 1 : toIndex(third);
  if (step === 0) throw new ValueError('The step of range() cannot be zero', 'template_value');
  return new Range(start, stop, step);
}

function dict(args: CallArguments): Value {
  const result = new Dict();
  updateMapping(result, args);
  return result;
}

/** dbt's `zip`: None if an argument cannot be iterated and a default is given. */
function zip(args: CallArguments): Value {
  const lists = args.positional.map((value) => itemsOf(value));
  const count = lists.length === 0 ? 0 : Math.min(...lists.map((list) => list.length));
  return Array.from(
    { length: count },
    (_empty, index) => new Tuple(lists.map((list) => list[index] ?? null)),
  );
}

function makeSet(args: CallArguments): Value {
  const { value = null, default: fallback } = args.bind('set', ['value', 'default?']);
  try {
    return new SetValue(itemsOf(value));
  } catch (error) {
    if (fallback !== undefined) return fallback;
    throw error;
  }
}

/** Names that every template has without a context: Jinja's, and those of dbt's that need no project. */
export const builtinGlobals: ReadonlyMap<string, Value> = new Map<string, TemplateFunction>([
  ['range', range],
  ['dict', dict],
  ['namespace', (args) => new Namespace(args)],
  ['cycler', (args) => new Cycler(args.positional)],
  ['joiner', (args) => new Joiner(args.get(0, 'sep') ?? ', ')],
  ['zip', zip],
  ['set', makeSet],
  [
    'return',
    (args) => {
      throw new ReturnSignal(args.bind('return', ['data'])['data'] ?? null);
    },
  ],
]);
