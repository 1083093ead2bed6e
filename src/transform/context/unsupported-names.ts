import { ConfigError } from '../../core/errors.ts';
import type { TemplateObject, Value } from '../jinja/index.ts';

const names = ['function', 'load_agate_table', 'submit_python_job', 'store_result', 'store_raw_result'];

/** Names of dbt that a template may use and that are not built: their first use is an error that says so. */
export function unsupportedNames(): Record<string, Value> {
  return Object.fromEntries(names.map((name) => [name, new NotYet(name)]));
}

class NotYet implements TemplateObject {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  jinjaCall(): Value {
    throw new ConfigError(`"${this.#name}" is not yet supported in templates`, { code: 'not_yet_supported' });
  }

  jinjaAttribute(): Value | undefined {
    return this.jinjaCall();
  }

  jinjaIterate(): Iterable<Value> {
    return [this.jinjaCall()];
  }

  jinjaContains(): boolean {
    return this.jinjaCall() === true;
  }
}
