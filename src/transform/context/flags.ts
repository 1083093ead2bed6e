import type { TemplateObject, Value } from '../jinja/index.ts';
import type { RunArguments } from './run-arguments.ts';

/** dbt's `flags`. Those that Millrace has no switch for are off. */
export function createFlags(isFullRefresh: boolean, given: RunArguments): TemplateObject {
  return new Flags(isFullRefresh, given);
}

class Flags implements TemplateObject {
  readonly jinjaIsMapping = true;
  readonly #isFullRefresh: boolean;
  readonly #given: RunArguments;

  constructor(isFullRefresh: boolean, given: RunArguments) {
    this.#isFullRefresh = isFullRefresh;
    this.#given = given;
  }

  jinjaItem(key: Value): Value | undefined {
    return typeof key === 'string' ? this.jinjaAttribute(key) : undefined;
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name.toUpperCase()) {
      case 'FULL_REFRESH':
        return this.#isFullRefresh;
      case 'WHICH':
        return this.#given.command;
      case 'EMPTY':
        return this.#given.isEmpty;
      case 'STORE_FAILURES':
        return this.#given.storesFailures;
      case 'INDIRECT_SELECTION':
        return 'eager';
      default:
        return /^[A-Z_]+$/.test(name) ? false : undefined;
    }
  }
}
