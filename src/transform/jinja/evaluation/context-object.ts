import { ValueError } from '../error/template-error.ts';
import { Dict, mappingOf } from '../value/mapping.ts';
import { methodValue } from '../value/method.ts';
import { orElse, type TemplateObject, Tuple, type Value } from '../value/value.ts';
import type { RenderContext } from './context.ts';

/** The context as a template sees it: `context['ref']`, `context.get('x')`, `context.update({...})`. */
export class ContextObject implements TemplateObject {
  readonly #context: RenderContext;
  readonly #updates: Dict = new Dict();

  constructor(context: RenderContext) {
    this.#context = context;
  }

  lookup(name: string): Value | undefined {
    const updated = this.#updates.size > 0 ? this.#updates.get(name) : undefined;
    return orElse(updated, () => this.#context.lookup(name));
  }

  jinjaItem(key: Value): Value | undefined {
    return typeof key === 'string' ? this.lookup(key) : undefined;
  }

  jinjaContains(key: Value): boolean {
    return this.jinjaItem(key) !== undefined;
  }

  jinjaIterate(): Iterable<Value> {
    return new Set([...(this.#context.names?.() ?? []), ...this.#updates.keys()]);
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'get':
        return methodValue(name, (args) => {
          const { key = null, fallback = null } = args.bind('get', ['key', 'fallback?']);
          return orElse(this.jinjaItem(key), () => fallback);
        });
      case 'keys':
        return methodValue(name, () => [...this.jinjaIterate()]);
      case 'items':
        return methodValue(name, () =>
          [...this.jinjaIterate()].map((key) => new Tuple([key, this.jinjaItem(key) ?? null])),
        );
      case 'update':
        return methodValue(name, (args) => {
          for (const mapping of args.positional) this.#update(mapping);
          for (const [key, value] of args.keyword) this.#updates.set(key, value);
          return null;
        });
      default:
        return this.lookup(name);
    }
  }

  #update(mapping: Value): void {
    const source = mappingOf(mapping);
    if (!source) throw new ValueError('context.update() takes a dict');
    for (const key of source.keys()) this.#updates.set(key, source.get(key) ?? null);
  }

  toString(): string {
    return '<context>';
  }
}
