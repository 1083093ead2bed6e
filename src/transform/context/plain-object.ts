import { Dict, methodValue, type TemplateObject, type Value } from '../jinja/index.ts';

/** An object of dbt's: fields by name, and all of them as a dict. */
export class PlainObject implements TemplateObject {
  readonly #fields: ReadonlyMap<string, Value>;

  constructor(fields: Iterable<readonly [string, Value]>) {
    this.#fields = new Map(fields);
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name !== 'to_dict') return this.#fields.get(name);
    return methodValue(name, () => this.#dict());
  }

  jinjaItem(key: Value): Value | undefined {
    return typeof key === 'string' ? this.#fields.get(key) : undefined;
  }

  #dict(): Value {
    return new Dict(
      [...this.#fields].map(([key, value]) => [key, value instanceof PlainObject ? value.#dict() : value]),
    );
  }
}
