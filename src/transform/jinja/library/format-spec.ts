import { ValueError } from '../error/template-error.ts';
import { mappingOf } from '../value/mapping.ts';
import { fixedText, isInteger, isNumeric, printFloat, toNumber } from '../value/number.ts';
import { printed, typeName } from '../value/printing.ts';
import { characters } from '../value/sequence.ts';
import type { Float, Value } from '../value/value.ts';

interface FormatSpec {
  readonly fill: string;
  readonly align: '<' | '>' | '=' | '^' | '';
  readonly sign: '-' | '+' | ' ';
  readonly isAlternate: boolean;
  readonly width: number;
  readonly grouping: '' | ',' | '_';
  readonly precision: number | undefined;
  readonly type: string;
}

const specPattern = /^(?:([^])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/u;

/** Widths and precisions past it are surely mistakes. */
const maximumWidth = 100_000;

function parseSpec(spec: string): FormatSpec {
  const parts = specPattern.exec(spec);
  if (!parts) throw new ValueError(`'${spec}' is no format`, 'template_value');
  const [, fill, align, sign, alternate, zero, width, grouping, precision, type] = parts;
  if (Number(width ?? 0) > maximumWidth || Number(precision ?? 0) > 100) {
    throw new ValueError(`The format '${spec}' is too wide`, 'template_limit');
  }
  return {
    fill: fill ?? (zero === undefined ? ' ' : '0'),
    align: (align ?? (zero === undefined ? '' : '=')) as FormatSpec['align'],
    sign: (sign ?? '-') as FormatSpec['sign'],
    isAlternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping: (grouping ?? '') as FormatSpec['grouping'],
    precision: precision === undefined ? undefined : Number(precision),
    type: type ?? '',
  };
}

/** Python's `format(value, spec)`. */
export function formatValue(value: Value, spec: string): string {
  if (spec === '') return printed(value);
  const parsed = parseSpec(spec);
  if (isNumeric(value) && (typeof value !== 'boolean' || parsed.type !== ''))
    return formatNumber(value, parsed);
  if (typeof value === 'boolean') return formatNumber(value, parsed);
  if (parsed.type !== '' && parsed.type !== 's') {
    throw new ValueError(
      `The format '${parsed.type}' does not apply to a value of type '${typeName(value)}'`,
    );
  }
  if (value === null || typeName(value) === 'list' || typeName(value) === 'tuple' || mappingOf(value)) {
    throw new ValueError(`A value of type '${typeName(value)}' takes no format`);
  }
  const text = printed(value);
  const cut = parsed.precision === undefined ? text : characters(text).slice(0, parsed.precision).join('');
  return aligned(cut, parsed, '<');
}

function aligned(text: string, spec: FormatSpec, usual: '<' | '>'): string {
  const missing = spec.width - characters(text).length;
  if (missing <= 0) return text;
  const align = spec.align === '' || spec.align === '=' ? usual : spec.align;
  const left = align === '<' ? 0 : align === '>' ? missing : Math.floor(missing / 2);
  return spec.fill.repeat(left) + text + spec.fill.repeat(missing - left);
}

function formatNumber(value: number | bigint | boolean | Float, spec: FormatSpec): string {
  const isWhole = typeof value === 'boolean' || isInteger(value);
  if (!isWhole && 'bcdoxX'.includes(spec.type) && spec.type !== '') {
    throw new ValueError(`The format '${spec.type}' needs an integer, not a float`, 'template_value');
  }
  if (spec.type === 's') throw new ValueError("The format 's' does not apply to a number", 'template_value');
  if (spec.type === 'c') return aligned(String.fromCodePoint(toNumber(value)), spec, '<');
  const isFloating = !isWhole || 'eEfFgG%'.includes(spec.type) ? spec.type !== '' || !isWhole : false;
  const number = toNumber(value);
  const isNegative = isFloating
    ? number < 0 || Object.is(number, -0)
    : BigInt(value as number | bigint | boolean) < 0n;
  const body = isFloating
    ? floatDigits(Math.abs(number), spec)
    : integerDigits(value as number | bigint | boolean, spec);
  const sign = isNegative ? '-' : spec.sign === '-' ? '' : spec.sign;
  const prefix = spec.isAlternate && 'boxX'.includes(spec.type) && spec.type !== '' ? `0${spec.type}` : '';
  if (spec.align !== '=') return aligned(sign + prefix + grouped(body, spec), spec, '>');
  return sign + prefix + zeroPadded(body, spec, spec.width - sign.length - prefix.length);
}

/** Padding between the sign and the digits; zeros join the groups. */
function zeroPadded(body: string, spec: FormatSpec, width: number): string {
  let digits = body;
  if (spec.fill === '0') while (grouped(digits, spec).length < width) digits = `0${digits}`;
  const text = grouped(digits, spec);
  const trimmed = text.length > width && spec.fill === '0' && /^0[,_]/.test(text) ? text.slice(2) : text;
  return trimmed.padStart(width, spec.fill);
}

function integerDigits(value: number | bigint | boolean, spec: FormatSpec): string {
  const whole = BigInt(value);
  const magnitude = whole < 0n ? -whole : whole;
  const radix = ({ b: 2, o: 8, x: 16, X: 16 } as Record<string, number>)[spec.type] ?? 10;
  const digits = magnitude.toString(radix);
  return spec.type === 'X' ? digits.toUpperCase() : digits;
}

function floatDigits(number: number, spec: FormatSpec): string {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? 'nan' : 'inf';
  const precision = spec.precision ?? 6;
  switch (spec.type) {
    case 'f':
    case 'F':
      return fixedText(number, precision);
    case '%':
      return `${fixedText(number * 100, precision)}%`;
    case 'e':
    case 'E':
      return withCase(exponential(number, precision), spec.type);
    case 'g':
    case 'G':
    case 'n':
      return withCase(general(number, precision, spec.isAlternate), spec.type);
    default:
      return spec.precision === undefined ? printFloat(number) : generalWithPoint(number, spec.precision);
  }
}

function withCase(text: string, type: string): string {
  return type === type.toUpperCase() ? text.toUpperCase() : text;
}

function exponential(number: number, precision: number): string {
  return number.toExponential(precision).replace(/e([-+])(\d)$/, 'e$10$2');
}

function general(number: number, precision: number, keepZeros: boolean): string {
  const digits = Math.max(1, precision);
  if (number === 0) return '0';
  const exponent = Number(number.toExponential(digits - 1).split('e')[1]);
  const isFixed = exponent >= -4 && exponent < digits;
  const text = isFixed ? fixedText(number, digits - 1 - exponent) : exponential(number, digits - 1);
  return keepZeros ? text : text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
}

/** The format without a type: like `g`, but always with a digit behind the point. */
function generalWithPoint(number: number, precision: number): string {
  const digits = Math.max(1, precision);
  const exponent = number === 0 ? 0 : Number(number.toExponential(digits - 1).split('e')[1]);
  if (exponent >= digits - 1 && exponent >= 0 && precision > 0 && exponent < digits) {
    const text = exponential(number, digits - 1)
      .replace(/(\.\d*?)0+(?=e)/, '$1')
      .replace(/\.(?=e)/, '');
    return text;
  }
  const text = general(number, precision, false);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function grouped(body: string, spec: FormatSpec): string {
  if (spec.grouping === '') return body;
  const size = 'boxX'.includes(spec.type) && spec.type !== '' ? 4 : 3;
  const [, whole = '', rest = ''] = /^([\da-fA-F]*)([^]*)$/.exec(body) ?? [];
  return (
    whole.replace(size === 4 ? /\B(?=(?:[\da-fA-F]{4})+$)/g : /\B(?=(?:\d{3})+$)/g, spec.grouping) + rest
  );
}
