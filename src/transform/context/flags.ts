import type { TemplateObject, Value } from '../jinja/index.ts';

/** dbt's `flags`. Those that Millrace has no switch for are off. */
export function createFlags(isFullRefresh: boolean): TemplateObject {
  return new Flags(isFullRefresh);
}

class Flags implements TemplateObject {
  readonly jinjaIsMapping = true;
  readonly #isFullRefresh: boolean;

  constructor(isFullRefresh: boolean) {
    this.#isFullRefresh = isFullRefresh;
  }

  jinjaItem(key: Value): Value | undefined {
    return typeof key === 'string' ? this.jinjaAttribute(key) : undefined;
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'FULL_REFRESH':
        return this.#isFullRefresh;
      case 'WHICH':
        return 'build';
      case 'INDIRECT_SELECTION':
        return 'eager';
      default:
        return /^[A-Z_]+$/.test(name) ? false : undefined;
    }
  }
}
