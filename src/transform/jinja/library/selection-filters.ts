import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { printed } from '../value/printing.ts';
import { isTrue, itemsOf } from '../value/sequence.ts';
import type { Awaitable, TemplateFunction, Value } from '../value/value.ts';
import { attributeReader } from './attribute-path.ts';

type Applied = ReturnType<TemplateFunction>;

function isPromiseLike(value: Applied): value is PromiseLike<Value | void> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** Results of a filter or a test on every item, one after the other; awaits only what must be. */
function onEvery(items: readonly Value[], apply: (item: Value) => Applied): Awaitable<Value[]> {
  const results: Value[] = [];
  for (const [index, item] of items.entries()) {
    const result = apply(item);
    if (isPromiseLike(result)) return awaitRest(results, result, items.slice(index + 1), apply);
    results.push(result ?? null);
  }
  return results;
}

/** The items to work on; a false value, whatever it is, has none. */
function candidates(value: Value): Value[] {
  return isTrue(value) ? itemsOf(value) : [];
}

async function awaitRest(
  results: Value[],
  pending: PromiseLike<Value | void>,
  items: readonly Value[],
  apply: (item: Value) => Applied,
): Promise<Value[]> {
  results.push((await pending) ?? null);
  for (const item of items) {
    const result = apply(item);
    results.push((isPromiseLike(result) ? await result : result) ?? null);
  }
  return results;
}

function map(args: CallArguments): Awaitable<Value> {
  const [value = null, name, ...rest] = args.positional;
  if (name === undefined && args.keyword.has('attribute')) {
    const { attribute, default: fallback } = args.bind('map', ['value', 'name?', 'attribute', 'default?']);
    return candidates(value).map(attributeReader(attribute, fallback));
  }
  if (name === undefined) throw new ValueError('map needs the name of a filter, or attribute=');
  const filter = args.site.filter(printed(name));
  if (!filter) throw new ValueError(`There is no filter named '${printed(name)}'`);
  return onEvery(candidates(value), (item) => filter(args.with([item, ...rest], args.keyword)));
}

/** `select`, `reject` and their `attr` forms: which items stay is told by a test, or by their truth. */
function selection(filterName: string, keeps: boolean, byAttribute: boolean): TemplateFunction {
  return (args) => {
    const [value = null, ...rest] = args.positional;
    const attribute = byAttribute ? rest.shift() : undefined;
    if (byAttribute && attribute === undefined)
      throw new ValueError(`${filterName} needs the name of an attribute`);
    const read = attributeReader(attribute);
    const [name, ...testArguments] = rest;
    const items = candidates(value);
    if (name === undefined) return items.filter((item) => isTrue(read(item)) === keeps);
    const test = args.site.test(printed(name));
    if (!test) throw new ValueError(`There is no test named '${printed(name)}'`);
    const results = onEvery(items, (item) => test(args.with([read(item), ...testArguments], args.keyword)));
    const pick = (outcomes: readonly Value[]): Value =>
      items.filter((_item, index) => isTrue(outcomes[index] ?? false) === keeps);
    return results instanceof Promise ? results.then(pick) : pick(results);
  };
}

export const selectionFilters: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['map', map],
  ['reject', selection('reject', false, false)],
  ['rejectattr', selection('rejectattr', false, true)],
  ['select', selection('select', true, false)],
  ['selectattr', selection('selectattr', true, true)],
]);
