import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import {
  type CallArguments,
  fromJs,
  itemsOf,
  jsonText,
  printed,
  type TemplateFunction,
  toJs,
  type Value,
} from '../jinja/index.ts';

/** dbt's functions on plain data, the same in every template. */
export const dataFunctions: Readonly<Record<string, TemplateFunction>> = {
  tojson: (args) => {
    const {
      value,
      default: fallback,
      sort_keys: isSorted,
    } = args.bind('tojson', ['value', 'default?', 'sort_keys?']);
    return orFallback(fallback, () => jsonText(value ?? null, { sortKeys: isSorted === true }));
  },
  fromjson: (args) => {
    const { string, default: fallback } = args.bind('fromjson', ['string', 'default?']);
    return orFallback(fallback, () => fromJs(JSON.parse(printed(string ?? null)) as unknown));
  },
  toyaml: (args) => {
    const { value, default: fallback } = args.bind('toyaml', ['value', 'default?', 'sort_keys?']);
    return orFallback(fallback, () => stringify(toJs(value ?? null)));
  },
  fromyaml: (args) => {
    const { value, default: fallback } = args.bind('fromyaml', ['value', 'default?']);
    return orFallback(fallback, () => fromJs(parse(printed(value ?? null)) as unknown));
  },
  set_strict: (args) => fromJs(new Set(itemsOf(args.get(0, 'value') ?? null))),
  local_md5: (args: CallArguments) =>
    createHash('md5')
      .update(printed(args.get(0, 'value') ?? ''))
      .digest('hex'),
};

/** dbt gives the default, or None, for data that cannot be read or written. */
function orFallback(fallback: Value | undefined, work: () => Value): Value {
  try {
    return work();
  } catch {
    return fallback ?? null;
  }
}
