import { DictView, mappingOf, SetValue } from './mapping.ts';
import { printFloat } from './number.ts';
import { Decimal, Float, Range, templateObject, Tuple, Undefined, type Value } from './value.ts';

/** Python's `str`: what `{{ value }}` prints. */
export function printed(value: Value): string {
  return typeof value === 'string' ? value : representation(value, false);
}

/** Python's `repr`: what a value looks like inside of a list. */
export function represented(value: Value): string {
  return representation(value, true);
}

function representation(value: Value, isQuoted: boolean): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return Number.isInteger(value) ? integerText(value) : printFloat(value);
    case 'bigint':
      return value.toString();
    case 'function':
      return `<function ${value.name}>`;
    default:
  }
  if (value === null) return 'None';
  return objectRepresentation(value, isQuoted);
}

function integerText(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

function listed(items: readonly Value[]): string {
  return items.map(represented).join(', ');
}

function objectRepresentation(value: object, isQuoted: boolean): string {
  if (value instanceof Decimal) return isQuoted ? `Decimal('${value.text}')` : value.text;
  if (value instanceof Float) return printFloat(value.value);
  if (Array.isArray(value)) return `[${listed(value)}]`;
  if (value instanceof Tuple) return `(${listed(value.items)}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof Undefined) return isQuoted ? 'Undefined' : '';
  if (value instanceof Range) {
    return `range(${value.start}, ${value.stop}${value.step === 1 ? '' : `, ${value.step}`})`;
  }
  if (value instanceof SetValue) return value.size === 0 ? 'set()' : `{${listed(value.items())}}`;
  if (value instanceof Set) return value.size === 0 ? 'set()' : `{${listed([...value] as Value[])}}`;
  if (value instanceof DictView) return `dict_${value.sort}([${listed(value.items())}])`;
  if (value instanceof Date)
    return value
      .toISOString()
      .replace('T', ' ')
      .replace(/(?:\.000)?Z$/, '+00:00');
  const mapping = mappingOf(value);
  if (mapping) {
    const entries = mapping
      .keys()
      .map((key) => `${represented(key)}: ${represented(mapping.get(key) ?? null)}`);
    return `{${entries.join(', ')}}`;
  }
  const represent = isQuoted ? templateObject(value).jinjaRepr : undefined;
  return represent ? represent.call(value) : objectText(value);
}

/** An object's own text; one without any shows its class. */
export function objectText(value: { toString(): string }): string {
  const text = value.toString();
  return text.startsWith('[object ') ? `<${value.constructor.name} object>` : text;
}

const unprintable = /[\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const named: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(unprintable, (character) => named[character] ?? codeEscape(character));
  return mark + (mark === "'" ? escaped.replaceAll("'", "\\'") : escaped) + mark;
}

function codeEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Python's name of a value's type, for error messages. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'function') return 'function';
  if (value instanceof Float) return 'float';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof SetValue || value instanceof Set) return 'set';
  if (value instanceof Range) return 'range';
  if (value instanceof DictView) return `dict_${value.sort}`;
  return mappingOf(value) ? 'dict' : value.constructor.name;
}
