import { orElse, type Value } from '../value/value.ts';

/** Variables of a template, a macro call, or one pass of a loop. Reading falls through to the outer scopes. */
export class Scope {
  readonly #values: Map<string, Value> = new Map();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  get(name: string): Value | undefined {
    return orElse(this.#values.get(name), () => this.#outer?.get(name));
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }
}
