import { compile, TreeInterpreter } from '@jmespath-community/jmespath';
import type { JsonValue } from '../../../core/json.ts';
import {
  type ExpressionFunction,
  type FunctionTable,
  listOf,
  numberOf,
  numberOr,
  recordOf,
  textOf,
} from './function-kind.ts';
import { camelCase, snakeCase } from './name-casing.ts';

const isNothing = (value: JsonValue | undefined): boolean => value === null || value === undefined;
const isEmpty = (value: JsonValue | undefined): boolean =>
  isNothing(value) ||
  value === '' ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

const casings: ReadonlyMap<string, (name: string) => string> = new Map([
  ['snake', snakeCase],
  ['camel', camelCase],
  ['upper', (name: string) => name.toUpperCase()],
  ['lower', (name: string) => name.toLowerCase()],
]);

function atPath(value: JsonValue | undefined, path: string): JsonValue {
  let found = value ?? null;
  for (const step of path.split(/[.[\]]+/).filter((one) => one !== '')) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, step)) return null;
    found = (found as Readonly<Record<string, JsonValue>>)[step] ?? null;
  }
  return found;
}

function typeOf(value: JsonValue | undefined): string {
  if (isNothing(value)) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'object';
}

function pairs(args: readonly JsonValue[]): Readonly<Record<string, JsonValue>> {
  const entries = args.flatMap((key, index) =>
    index % 2 === 0 ? [[textOf(key), args[index + 1] ?? null] as const] : [],
  );
  return Object.fromEntries(entries);
}

function cast(value: JsonValue | undefined, type: string): JsonValue {
  if (isNothing(value)) return null;
  switch (type) {
    case 'string':
    case 'text':
      return textOf(value);
    case 'int':
    case 'integer':
    case 'bigint':
      return Math.trunc(numberOf(value));
    case 'float':
    case 'decimal':
    case 'number':
      return numberOf(value);
    case 'bool':
      return ['true', '1', 't', 'yes'].includes(textOf(value).toLowerCase());
    case 'json':
      return typeof value === 'string' ? (JSON.parse(value) as JsonValue) : (value ?? null);
    default:
      throw new RangeError(`cast() knows string, int, float, bool and json, and not ${type}`);
  }
}

const parseJson: ExpressionFunction = ([text]) => JSON.parse(textOf(text)) as JsonValue;

export const listFunctions: FunctionTable = {
  if: () => null,
  coalesce: (args) => args.find((value) => !isNothing(value)) ?? null,
  value: ([value, fallback]) => (isEmpty(value) ? (fallback ?? null) : (value ?? null)),
  require: ([value, message]) => {
    if (!isNothing(value) && value !== '') return value ?? null;
    throw new RangeError(textOf(message) || 'a value that is required is not there');
  },
  equals: ([a, b]) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null),
  is_null: ([value]) => isNothing(value),
  is_empty: ([value]) => isEmpty(value),
  type_of: ([value]) => typeOf(value),
  cast: ([value, type]) => cast(value, textOf(type)),
  try_cast: ([value, type]) => {
    try {
      return cast(value, textOf(type));
    } catch {
      return null;
    }
  },
  array: (args) => [...args],
  list: (args) => [...args],
  element: ([list, index]) => listOf(list).at(numberOf(index)) ?? null,
  exists: ([within, what]) => {
    if (Array.isArray(within)) return within.some((item) => textOf(item as JsonValue) === textOf(what));
    return Object.hasOwn(recordOf(within), textOf(what));
  },
  chunk: ([list, size]) => {
    const items = listOf(list);
    const width = numberOf(size);
    if (width < 1) throw new RangeError('chunk() needs a size of at least 1');
    return Array.from({ length: Math.ceil(items.length / width) }, (_, index) =>
      items.slice(index * width, (index + 1) * width),
    );
  },
  sort: ([list, descending]) => {
    const sorted = [...listOf(list)].toSorted((a, b) =>
      typeof a === 'number' && typeof b === 'number' ? a - b : textOf(a) < textOf(b) ? -1 : 1,
    );
    return descending === true ? sorted.toReversed() : sorted;
  },
  filter: ([list, expression], evaluate) =>
    listOf(list).filter((value) => {
      const kept = evaluate(textOf(expression), { value });
      return kept !== false && kept !== null && kept !== 0 && kept !== '';
    }),
  map: ([list, expression], evaluate) => listOf(list).map((value) => evaluate(textOf(expression), { value })),
  keys: ([record]) => Object.keys(recordOf(record)),
  values: ([record]) => Object.values(recordOf(record)),
  object: pairs,
  object_merge: (args) => Object.assign({}, ...args.map(recordOf)) as JsonValue,
  object_delete: ([record, ...keys]) => {
    const gone = new Set(keys.map(textOf));
    return Object.fromEntries(Object.entries(recordOf(record)).filter(([key]) => !gone.has(key)));
  },
  object_rename: ([record, ...names]) => {
    const renamed = pairs(names);
    return Object.fromEntries(
      Object.entries(recordOf(record)).map(([key, value]) => [textOf(renamed[key] ?? key), value]),
    );
  },
  object_casing: ([record, casing]) => {
    const cased = casings.get(textOf(casing));
    if (!cased) throw new RangeError(`object_casing() takes one of: ${[...casings.keys()].join(', ')}`);
    return Object.fromEntries(Object.entries(recordOf(record)).map(([key, value]) => [cased(key), value]));
  },
  object_zip: ([keys, values]) =>
    Object.fromEntries(listOf(keys).map((key, index) => [textOf(key), listOf(values)[index] ?? null])),
  pluck: ([list, key]) => listOf(list).map((item) => recordOf(item)[textOf(key)] ?? null),
  get_path: ([value, path]) => atPath(value, textOf(path)),
  jmespath: ([value, expression]) => {
    const data = typeof value === 'string' ? (JSON.parse(value) as JsonValue) : (value ?? null);
    return TreeInterpreter.search(compile(textOf(expression)), data as never) ?? null;
  },
  parse_json: parseJson,
  json_parse: parseJson,
  to_json: ([value]) => JSON.stringify(value ?? null),
  range: ([start, end, step]) => {
    const by = numberOr(step, 1);
    const count = Math.ceil((numberOf(end) - numberOf(start)) / by);
    if (by === 0 || count > 1_000_000) throw new RangeError('range() gives a million numbers at most');
    return Array.from({ length: Math.max(0, count) }, (_, index) => numberOf(start) + index * by);
  },
};
