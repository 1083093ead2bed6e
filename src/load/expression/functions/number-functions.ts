import type { JsonValue } from '../../../core/json.ts';
import { type FunctionTable, listOf, numberOf, numberOr, textOf } from './function-kind.ts';

const ofNumber =
  (change: (number: number) => number) =>
  ([value]: readonly JsonValue[]): JsonValue =>
    value === null || value === undefined ? null : change(numberOf(value));

/** Of the arguments, or of a list; nothing does not count. */
function most(isMore: (a: JsonValue, b: JsonValue) => boolean): (args: readonly JsonValue[]) => JsonValue {
  return (args) => {
    const values = (args.length === 1 ? listOf(args[0]) : args).filter((value) => value !== null);
    return values.reduce<JsonValue>(
      (best, value) => (best === null || isMore(value, best) ? value : best),
      null,
    );
  };
}

const isGreater = (a: JsonValue, b: JsonValue): boolean =>
  typeof a === 'string' && typeof b === 'string' ? a > b : numberOf(a) > numberOf(b);

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  yes: true,
  y: true,
  '1': true,
  false: false,
  f: false,
  no: false,
  n: false,
  '0': false,
};

export const numberFunctions: FunctionTable = {
  abs: ofNumber(Math.abs),
  ceil: ofNumber(Math.ceil),
  floor: ofNumber(Math.floor),
  round: ([value, digits]) => {
    if (value === null || value === undefined) return null;
    return Number(numberOf(value).toFixed(numberOr(digits, 0)));
  },
  int_parse: ofNumber((number) => {
    if (Number.isSafeInteger(number)) return number;
    throw new RangeError(`${number} is not a whole number`);
  }),
  float_parse: ofNumber((number) => number),
  bool_parse: ([value]) => {
    if (value === null || value === undefined) return null;
    const found = truths[textOf(value).trim().toLowerCase()];
    if (found !== undefined) return found;
    throw new RangeError(`${JSON.stringify(value)} is neither true nor false`);
  },
  int_range: ([start, end, step]) => {
    const by = numberOr(step, 1);
    const [from, to] = [numberOf(start), numberOf(end)];
    const count = Math.floor((to - from) / by) + 1;
    if (by === 0 || count > 1_000_000) throw new RangeError('int_range() gives a million numbers at most');
    return Array.from({ length: Math.max(0, count) }, (_, index) => from + index * by);
  },
  greatest: most(isGreater),
  least: most((a, b) => isGreater(b, a)),
};
