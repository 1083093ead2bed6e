import { ValueError } from '../error/template-error.ts';
import { areEqual } from '../value/comparison.ts';
import { methodValue } from '../value/method.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { itemsOf } from '../value/sequence.ts';
import { orElse, Tuple, Undefined, type Awaitable, type TemplateObject, type Value } from '../value/value.ts';

/** Renders the loop's body over further items, one level deeper, and gives the text. */
export type LoopRecursion = (items: readonly Value[], depth: number) => Awaitable<Value>;

/** `loop` inside of a for. */
export class LoopContext implements TemplateObject {
  readonly #items: readonly Value[];
  readonly #depth: number;
  readonly #recurse: LoopRecursion | undefined;
  #index = 0;
  #lastChanged: Value | undefined;

  constructor(items: readonly Value[], depth: number, recurse: LoopRecursion | undefined) {
    this.#items = items;
    this.#depth = depth;
    this.#recurse = recurse;
  }

  moveTo(index: number): void {
    this.#index = index;
  }

  jinjaAttribute(name: string): Value | undefined {
    const { length } = this.#items;
    switch (name) {
      case 'index':
        return this.#index + 1;
      case 'index0':
        return this.#index;
      case 'revindex':
        return length - this.#index;
      case 'revindex0':
        return length - this.#index - 1;
      case 'first':
        return this.#index === 0;
      case 'last':
        return this.#index === length - 1;
      case 'length':
        return length;
      case 'depth':
        return this.#depth;
      case 'depth0':
        return this.#depth - 1;
      case 'previtem':
        return orElse(this.#items[this.#index - 1], () => new Undefined('There is no previous item'));
      case 'nextitem':
        return orElse(this.#items[this.#index + 1], () => new Undefined('There is no next item'));
      case 'cycle':
        return methodValue(name, (args) => this.#cycle(args));
      case 'changed':
        return methodValue(name, (args) => this.#changed(args));
      default:
        return undefined;
    }
  }

  #cycle({ positional }: CallArguments): Value {
    if (positional.length === 0) throw new ValueError('loop.cycle() needs values to cycle through');
    return positional[this.#index % positional.length] ?? null;
  }

  #changed({ positional }: CallArguments): boolean {
    const now = new Tuple(positional);
    if (this.#lastChanged !== undefined && areEqual(this.#lastChanged, now)) return false;
    this.#lastChanged = now;
    return true;
  }

  jinjaCall(args: CallArguments): Awaitable<Value> {
    if (!this.#recurse) throw new ValueError("loop() needs a loop with the word 'recursive'");
    const [items = null] = args.positional;
    return this.#recurse(itemsOf(items), this.#depth + 1);
  }

  jinjaLength(): number {
    return this.#items.length;
  }

  toString(): string {
    return `<LoopContext ${this.#index + 1}/${this.#items.length}>`;
  }
}
