import { ValueError } from '../error/template-error.ts';
import { mappingOf } from '../value/mapping.ts';
import { isNumeric, toNumber } from '../value/number.ts';
import { printed, represented, typeName } from '../value/printing.ts';
import { Float, Tuple, type Value } from '../value/value.ts';
import { formatValue } from './format-spec.ts';

const conversion = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([^])/g;

/** Python's `text % values`: a tuple gives several values, a dict gives them by name. */
export function formatPercent(template: string, values: Value): string {
  const list = values instanceof Tuple ? values.items : [values];
  const mapping = mappingOf(values);
  let used = 0;
  const next = (): Value => {
    const value = list[used];
    if (value === undefined) throw new ValueError('The format has more places than values', 'template_value');
    used += 1;
    return value;
  };
  if (template.replace(conversion, '').endsWith('%')) {
    throw new ValueError("The format ends in a single '%'", 'template_value');
  }
  const result = template.replace(
    conversion,
    (_all, name: string | undefined, flags: string, width: string, precision: string, type: string) => {
      if (type === '%') return '%';
      const size = width === '*' ? printed(next()) : (width ?? '');
      const digits = precision === '*' ? printed(next()) : precision;
      const value = name === undefined ? next() : mapping?.get(name);
      if (value === undefined)
        throw new ValueError(`The format has no value for '${name}'`, 'template_value');
      return convert(value, flags, size, digits, type);
    },
  );
  const mustBeUsed = values instanceof Tuple || typeof values !== 'object' || values instanceof Float;
  if (used < list.length && mustBeUsed) {
    throw new ValueError('The format has fewer places than values', 'template_value');
  }
  return result;
}

function convert(
  value: Value,
  flags: string,
  width: string,
  precision: string | undefined,
  type: string,
): string {
  const isLeft = flags.includes('-') || width.startsWith('-');
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const zero = flags.includes('0') && !isLeft ? '0' : '';
  const size = width.replace('-', '');
  if (type === 's' || type === 'r' || type === 'a') {
    const text = type === 's' ? printed(value) : represented(value);
    return formatValue(text, `${isLeft ? '<' : '>'}${size}${precision === undefined ? '' : `.${precision}`}`);
  }
  if (type === 'c') {
    const text = typeof value === 'string' ? value : String.fromCodePoint(toNumber(numeric(value, type)));
    return formatValue(text, `${isLeft ? '<' : '>'}${size}`);
  }
  const number = numeric(value, type);
  if ('diu'.includes(type)) {
    const whole = typeof number === 'bigint' ? number : Math.trunc(toNumber(number));
    return formatValue(padDigits(whole, precision, sign, zero, size, isLeft), `${isLeft ? '<' : '>'}${size}`);
  }
  if (!'oxXeEfFgG'.includes(type)) throw new ValueError(`'%${type}' is no format`, 'template_value');
  const alternate = flags.includes('#') ? '#' : '';
  const digits = precision === undefined || 'oxX'.includes(type) ? '' : `.${precision}`;
  return formatValue(
    number,
    `${zero === '' ? (isLeft ? '<' : '>') : ''}${sign}${alternate}${zero}${size}${digits}${type}`,
  );
}

function numeric(value: Value, type: string): number | bigint | boolean | Float {
  if (isNumeric(value)) return value;
  throw new ValueError(`'%${type}' needs a number, not a value of type '${typeName(value)}'`);
}

function padDigits(
  whole: number | bigint,
  precision: string | undefined,
  sign: string,
  zero: string,
  size: string,
  isLeft: boolean,
): string {
  const minimum = precision === undefined ? 0 : Number(precision);
  const magnitude = String(whole < 0 ? -whole : whole).padStart(minimum, '0');
  const mark = whole < 0 ? '-' : sign;
  if (zero === '' || isLeft || precision !== undefined) return mark + magnitude;
  return mark + magnitude.padStart(Number(size === '' ? 0 : size) - mark.length, '0');
}
