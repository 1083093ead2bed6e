import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import {
  arithmetic,
  floatOf,
  integerOf,
  fixedText,
  isFloat,
  isNumeric,
  negate,
  roundHalfEven,
  toNumber,
} from '../value/number.ts';
import { typeName } from '../value/printing.ts';
import { decimalOf } from '../value/decimal.ts';
import { Decimal, Undefined, type Float, type TemplateFunction, type Value } from '../value/value.ts';
import { indexArgument } from './argument.ts';

const floatText = /^[-+]?(?:(?:\d+(?:_\d+)*)?\.?\d+(?:_\d+)*\.?(?:e[-+]?\d+)?|inf|infinity|nan)$/i;

/** Python's `float(value)`; `undefined` if it has none. */
export function toFloat(value: Value): number | undefined {
  if (isNumeric(value)) return toNumber(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim().replace(/(?<=\d)_(?=\d)/g, '');
  if (!floatText.test(text)) return undefined;
  const named = /^([-+]?)(inf|infinity|nan)$/i.exec(text);
  if (!named) return Number(text);
  if (named[2]?.toLowerCase() === 'nan') return Number.NaN;
  return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Python's `int(value, base)`; `undefined` if it has none. */
export function toInteger(value: Value, base: number): Value | undefined {
  if (isFloat(value)) {
    const number = toNumber(value);
    return Number.isFinite(number) ? integerOf(BigInt(Math.trunc(number))) : undefined;
  }
  if (isNumeric(value)) return typeof value === 'boolean' ? Number(value) : value;
  return typeof value === 'string' ? integerOfText(value, base) : undefined;
}

const prefixes: Readonly<Record<number, string>> = { 2: '0b', 8: '0o', 16: '0x' };

function integerOfText(value: string, base: number): Value | undefined {
  const [, sign = '', rest = ''] = /^\s*([-+]?)([^]*?)\s*$/.exec(value) ?? [];
  const prefix = prefixes[base];
  const digits = (
    prefix !== undefined && rest.toLowerCase().startsWith(prefix) ? rest.slice(2) : rest
  ).toLowerCase();
  if (!/^[\da-z]+(?:_[\da-z]+)*$/.test(digits)) return undefined;
  let total = 0n;
  for (const digit of digits.replaceAll('_', '')) {
    const number = Number.parseInt(digit, 36);
    if (number >= base) return undefined;
    total = total * BigInt(base) + BigInt(number);
  }
  return integerOf(sign === '-' ? -total : total);
}

function refuseUndefined(value: Value): void {
  if (value instanceof Undefined && !value.lenient) throw new ValueError(value.hint, 'template_undefined');
}

function int(args: CallArguments): Value {
  const { value = null, default: fallback = 0, base } = args.bind('int', ['value', 'default?', 'base?']);
  refuseUndefined(value);
  const whole = toInteger(value, indexArgument(base, 'the base', 10));
  if (whole !== undefined) return whole;
  const number = toFloat(value);
  return number !== undefined && Number.isFinite(number) ? integerOf(BigInt(Math.trunc(number))) : fallback;
}

function float(args: CallArguments): Value {
  const { value = null, default: fallback = floatOf(0) } = args.bind('float', ['value', 'default?']);
  refuseUndefined(value);
  const number = toFloat(value);
  return number === undefined ? fallback : floatOf(number);
}

function numberArgument(value: Value, filter: string): number | bigint | boolean | Float {
  refuseUndefined(value);
  if (isNumeric(value)) return value;
  throw new ValueError(`${filter} needs a number, not a value of type '${typeName(value)}'`);
}

function round(args: CallArguments): Value {
  const {
    value = null,
    precision,
    method = 'common',
  } = args.bind('round', ['value', 'precision?', 'method?']);
  const number = numberArgument(value, 'round');
  const digits = indexArgument(precision, 'the precision', 0);
  if (method === 'common') {
    if (number instanceof Decimal && digits >= 0) return decimalOf(fixedText(number.value, digits));
    if (isFloat(number)) return floatOf(roundHalfEven(toNumber(number), digits));
    return digits >= 0
      ? arithmetic('+', number, 0)
      : (toInteger(floatOf(roundHalfEven(toNumber(number), digits)), 10) ?? number);
  }
  if (method !== 'ceil' && method !== 'floor') {
    throw new ValueError("The method of round is 'common', 'ceil' or 'floor'", 'template_value');
  }
  return floatOf(Math[method](toNumber(number) * 10 ** digits) / 10 ** digits);
}

function abs(args: CallArguments): Value {
  const number = numberArgument(args.positional[0] ?? null, 'abs');
  if (toNumber(number) < 0 || Object.is(toNumber(number), -0)) return negate(number);
  return arithmetic('+', number, 0);
}

export const numberFilters: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['abs', abs],
  ['float', float],
  ['int', int],
  ['round', round],
]);
