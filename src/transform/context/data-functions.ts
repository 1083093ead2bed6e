import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import { pyYamlTags } from '../files/yaml-tags.ts';
import {
  type CallArguments,
  Dict,
  fromJs,
  itemsOf,
  jsonText,
  type Mapping,
  mappingOf,
  printed,
  type TemplateFunction,
  toJs,
  Tuple,
  type Value,
} from '../jinja/index.ts';

/** As PyYAML reads: of a key that is said twice, the last one counts. */
const pyYaml = { version: '1.1', customTags: pyYamlTags, uniqueKeys: false } as const;

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
    return orFallback(fallback, () => fromJs(parse(printed(value ?? null), pyYaml) as unknown));
  },
  diff_of_two_dicts: (args) => {
    const { dict_a: left, dict_b: right } = args.bind('diff_of_two_dicts', ['dict_a', 'dict_b']);
    return differenceOf(mappingOf(left ?? null), mappingOf(right ?? null));
  },
  zip_strict: (args) => {
    const lists = args.positional.map((list) => itemsOf(list));
    const length = Math.min(...lists.map((list) => list.length));
    return Array.from({ length }, (_, index) => new Tuple(lists.map((list) => list[index] ?? null)));
  },
  set_strict: (args) => fromJs(new Set(itemsOf(args.get(0, 'value') ?? null))),
  local_md5: (args: CallArguments) =>
    createHash('md5')
      .update(printed(args.get(0, 'value') ?? ''))
      .digest('hex'),
};

/** dbt's way to compare grants: what of `left` is not in `right`, without regard to case. */
function differenceOf(left: Mapping | undefined, right: Mapping | undefined): Value {
  const lowered = new Map(
    (right?.keys() ?? []).map((key) => [
      printed(key).toLowerCase(),
      new Set(itemsOf(right?.get(key) ?? []).map((item) => printed(item).toLowerCase())),
    ]),
  );
  const found = (left?.keys() ?? []).map((key): [Value, Value] => {
    const known = lowered.get(printed(key).toLowerCase());
    return [key, itemsOf(left?.get(key) ?? []).filter((item) => !known?.has(printed(item).toLowerCase()))];
  });
  return new Dict(found.filter(([, items]) => itemsOf(items).length > 0));
}

/** dbt gives the default, or None, for data that cannot be read or written. */
function orFallback(fallback: Value | undefined, work: () => Value): Value {
  try {
    return work();
  } catch {
    return fallback ?? null;
  }
}
