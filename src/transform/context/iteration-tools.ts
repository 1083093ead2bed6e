import { type CallArguments, itemsOf, type TemplateFunction, Tuple, type Value } from '../jinja/index.ts';

/** Most values that an iterator without an end gives. */
const maxEndlessValues = 100_000;

const lists = (args: CallArguments): readonly (readonly Value[])[] =>
  args.positional.map((list) => [...itemsOf(list)]);
const list = (args: CallArguments, position = 0): readonly Value[] => [
  ...itemsOf(args.positional[position] ?? []),
];
const size = (args: CallArguments, position: number, name: string, otherwise: number): number => {
  const given = args.get(position, name);
  return typeof given === 'number' ? given : otherwise;
};

/** Python's `itertools`; lists where Python has iterators. */
export const iterationTools: Readonly<Record<string, TemplateFunction>> = {
  chain: (args) => lists(args).flat(),
  product: (args) => {
    const times = size(args, Infinity, 'repeat', 1);
    const given = Array.from({ length: times }, () => lists(args)).flat();
    return combined(given).map((items) => new Tuple(items));
  },
  combinations: (args) => {
    const values = list(args);
    return chosen(values.length, size(args, 1, 'r', values.length), (next) => next + 1).map((indexes) =>
      tupleOf(values, indexes),
    );
  },
  combinations_with_replacement: (args) => {
    const values = list(args);
    return chosen(values.length, size(args, 1, 'r', values.length), (next) => next).map((indexes) =>
      tupleOf(values, indexes),
    );
  },
  permutations: (args) => {
    const values = list(args);
    return chosen(values.length, size(args, 1, 'r', values.length), () => 0)
      .filter((indexes) => new Set(indexes).size === indexes.length)
      .map((indexes) => tupleOf(values, indexes));
  },
  repeat: (args) =>
    Array.from({ length: size(args, 1, 'times', maxEndlessValues) }, () => args.positional[0] ?? null),
  count: (args) => {
    const step = size(args, 1, 'step', 1);
    return Array.from({ length: maxEndlessValues }, (_, index) => size(args, 0, 'start', 0) + index * step);
  },
  islice: (args) => {
    const bounds = args.positional.slice(1).map((bound) => (typeof bound === 'number' ? bound : undefined));
    const [start, stop] = bounds.length === 1 ? [0, bounds[0]] : bounds;
    return list(args)
      .slice(start ?? 0, stop)
      .filter((_, index) => index % (bounds[2] ?? 1) === 0);
  },
  compress: (args) => {
    const wanted = list(args, 1);
    return list(args).filter((_, index) => Boolean(wanted[index]));
  },
  zip_longest: (args) => {
    const fill = args.keyword.get('fillvalue') ?? null;
    const given = lists(args);
    const longest = Math.max(0, ...given.map((values) => values.length));
    return Array.from(
      { length: longest },
      (_, index) => new Tuple(given.map((values) => values[index] ?? fill)),
    );
  },
};

function tupleOf(values: readonly Value[], indexes: readonly number[]): Tuple {
  return new Tuple(indexes.map((index) => values[index] ?? null));
}

function combined(given: readonly (readonly Value[])[]): readonly (readonly Value[])[] {
  return given.reduce<readonly (readonly Value[])[]>(
    (done, values) => done.flatMap((items) => values.map((value) => [...items, value])),
    [[]],
  );
}

/** Every way to choose `length` indexes below `size`; after one, the next begins at `following(one)`. */
function chosen(
  size: number,
  length: number,
  following: (index: number) => number,
): readonly (readonly number[])[] {
  if (length > size && following(0) === 1) return [];
  let ways: readonly (readonly number[])[] = [[]];
  for (let at = 0; at < length; at += 1) {
    ways = ways.flatMap((way) => {
      const last = way.at(-1);
      const start = last === undefined ? 0 : following(last);
      return Array.from({ length: Math.max(0, size - start) }, (_, index) => [...way, start + index]);
    });
  }
  return ways;
}
