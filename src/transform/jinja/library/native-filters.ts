import type { TemplateFunction, Value } from '../value/value.ts';
import { printed } from '../value/printing.ts';

/**
 * Text that `as_bool`, `as_number`, `as_native` or `as_text` has marked. It prints as that text; where dbt renders YAML,
 * it becomes the value that the text writes.
 */
export class NativeMark {
  readonly sort: 'bool' | 'number' | 'native' | 'text';
  readonly text: string;

  constructor(sort: NativeMark['sort'], text: string) {
    this.sort = sort;
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

function marking(sort: NativeMark['sort']): TemplateFunction {
  return (args): Value => new NativeMark(sort, printed(args.positional[0] ?? null));
}

/** dbt's own filters. */
export const nativeFilters: ReadonlyMap<string, TemplateFunction> = new Map([
  ['as_bool', marking('bool')],
  ['as_number', marking('number')],
  ['as_native', marking('native')],
  ['as_text', marking('text')],
]);
