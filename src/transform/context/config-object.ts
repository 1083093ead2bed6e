import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from '../files/suggestion.ts';
import {
  type CallArguments,
  mappingOf,
  methodValue,
  printed,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import type { NodeScope } from './render-scope.ts';

/** dbt's `config`: called, it configures; `config.get(...)` and its like read. */
export function createConfigObject(node: NodeScope): TemplateObject {
  return new ConfigObject(node);
}

class ConfigObject implements TemplateObject {
  readonly #node: NodeScope;

  constructor(node: NodeScope) {
    this.#node = node;
  }

  jinjaCall(args: CallArguments): Value {
    const [given] = args.positional;
    const values = new Map(args.keyword);
    const mapping = mappingOf(given ?? null);
    if (args.positional.length > 1 || (given !== undefined && !mapping)) {
      throw new ConfigError('config() takes named arguments, or one dict', { code: 'config_invalid' });
    }
    for (const key of mapping?.keys() ?? []) values.set(printed(key), mapping?.get(key) ?? null);
    this.#node.configure(values, args.site.place().origin);
    return '';
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'get':
      case 'meta_get':
        return methodValue(name, (args) => {
          const bound = args.bind(name, ['name', 'default?', 'validator?']);
          return this.#value(name, printed(bound['name'] ?? null)) ?? bound['default'] ?? null;
        });
      case 'require':
      case 'meta_require':
        return methodValue(name, (args) => this.#required(name, printed(args.get(0, 'name') ?? null)));
      case 'set':
        return methodValue(name, (args) => {
          const values = new Map([[printed(args.get(0, 'name') ?? null), args.get(1, 'value') ?? null]]);
          this.#node.configure(values, args.site.place().origin);
          return '';
        });
      case 'persist_relation_docs':
        return () => this.#persists('relation');
      case 'persist_column_docs':
        return () => this.#persists('columns');
      default:
        return undefined;
    }
  }

  #value(method: string, key: string): Value | undefined {
    if (!method.startsWith('meta')) return this.#node.configured(key);
    return mappingOf(this.#node.configured('meta') ?? null)?.get(key);
  }

  #required(method: string, key: string): Value {
    const value = this.#value(method, key);
    if (value !== undefined) return value;
    throw new ConfigError(
      `the configuration "${key}" is required${didYouMean(key, this.#node.configuredKeys())}`,
      { code: 'config_missing' },
    );
  }

  #persists(part: string): boolean {
    return mappingOf(this.#node.configured('persist_docs') ?? null)?.get(part) === true;
  }
}
