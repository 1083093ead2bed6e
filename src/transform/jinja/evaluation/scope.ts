import type { Value } from '../value/value.ts';

/** Variables of a template, a macro call, or one pass of a loop. Reading falls through to the outer scopes. */
export class Scope {
  readonly #values: Map<string, Value> = new Map();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  get(name: string): Value | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.#outer) {
      const value = scope.#values.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }
}
