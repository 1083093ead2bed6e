import { type CallArguments, Dict, methodValue, type TemplateObject, type Value } from '../jinja/index.ts';

/** An object of dbt's: fields by name, and all of them as a dict. */
export class PlainObject implements TemplateObject {
  readonly #fields: ReadonlyMap<string, Value>;

  readonly #missing: Value | undefined;

  /** `missing` is what a field gives that is not there; by default it is undefined. */
  constructor(fields: Iterable<readonly [string, Value]>, missing?: Value) {
    this.#fields = new Map(fields);
    this.#missing = missing;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'to_dict') return methodValue(name, () => this.#dict());
    if (name === 'get' && this.#missing !== undefined) return methodValue(name, (args) => this.#get(args));
    return this.#fields.has(name) ? this.#fields.get(name) : this.#missing;
  }

  jinjaItem(key: Value): Value | undefined {
    return typeof key === 'string' && this.#fields.has(key) ? this.#fields.get(key) : this.#missing;
  }

  #get(args: CallArguments): Value {
    const { key = null, default: fallback = null } = args.bind('get', ['key', 'default?']);
    return (typeof key === 'string' ? this.#fields.get(key) : undefined) ?? fallback;
  }

  #dict(): Value {
    return new Dict(
      [...this.#fields].map(([key, value]) => [key, value instanceof PlainObject ? value.#dict() : value]),
    );
  }
}
