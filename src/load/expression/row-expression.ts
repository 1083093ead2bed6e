import { nearest } from '../../core/near-name.ts';
import type { DataType } from '../../sql/data-type.ts';
import { insteadOf } from './functions/index.ts';
import { cleansText, rowFunctions, type RowFunction, takesText } from './row-functions.ts';
import type { Operator, Syntax } from './syntax.ts';

/** A value of a row, made out of its columns. Plain data, so that a plan may hold it. */
export type RowExpression =
  | { readonly kind: 'column'; readonly name: string; readonly type: DataType }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null; readonly type: DataType }
  | { readonly kind: 'not' | 'minus'; readonly of: RowExpression; readonly type: DataType }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: RowExpression;
      readonly right: RowExpression;
      readonly type: DataType;
    }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly RowExpression[];
      readonly type: DataType;
    };

const text: DataType = { type: 'text' };
const truth: DataType = { type: 'boolean' };
const float: DataType = { type: 'float64' };

/**
 * Gives an expression its meaning for the rows of a stream.
 * @param named what `value`, `record.x` and the like mean; undefined for what there is not
 * @throws SyntaxError for what has no meaning in SQL, or not for values of these types
 */
export function rowExpression(
  syntax: Syntax,
  named: (path: string) => RowExpression | undefined,
): RowExpression {
  const of = (part: Syntax): RowExpression => rowExpression(part, named);
  switch (syntax.kind) {
    case 'value':
      return literal(syntax.value);
    case 'name': {
      const found = named(syntax.path);
      if (found) return found;
      throw new SyntaxError(`'${syntax.path}' is no value of a row; there are value and record.<column>`);
    }
    case 'sign': {
      const inner = of(syntax.of);
      if (syntax.sign === '-') return { kind: 'minus', of: inner, type: inner.type };
      return { kind: 'not', of: condition(inner, '!'), type: truth };
    }
    case 'choice':
      return call('if', [of(syntax.condition), of(syntax.yes), of(syntax.no)]);
    case 'binary':
      return binary(syntax.operator, of(syntax.left), of(syntax.right));
    case 'call':
      return call(syntax.name, syntax.args.map(of));
    default:
      throw new SyntaxError('a row has no lists: use split_part() for a part of a text');
  }
}

/** @throws SyntaxError for unknown functions and a wrong number or type of arguments */
function call(name: string, args: readonly RowExpression[]): RowExpression {
  const found = Object.hasOwn(rowFunctions, name) ? rowFunctions[name] : undefined;
  if (!found) throw unknownFunction(name);
  checkCount(name, found, args.length);
  const [first] = args;
  if (first && cleansText(name) && isPlainValue(first)) return first;
  const given = args.map((arg, index) => (takesText(name, index) ? asText(arg) : arg));
  for (const [index, arg] of given.entries()) checkKind(name, found, index, arg);
  const types = given.map(({ type }) => type);
  return { kind: 'call', name, args: given, type: found.type(types, given) };
}

/** A number, a time or the like, in whose text there is nothing to clean. */
function isPlainValue({ type: { type } }: RowExpression): boolean {
  return !['text', 'json', 'array', 'bytes'].includes(type);
}

/** Bytes have no text that all systems agree on. */
function asText(value: RowExpression): RowExpression {
  if (value.type.type === 'text' || value.type.type === 'bytes') return value;
  return { kind: 'call', name: 'cast', args: [value, literal('text')], type: text };
}

function checkCount(name: string, { takes }: RowFunction, count: number): void {
  const [least, most] = takes;
  if (count >= least && count <= most) return;
  const range = least === most ? String(least) : `${least} to ${most === Infinity ? 'many' : most}`;
  throw new SyntaxError(`${name}() takes ${range} values, and has ${count}`);
}

function checkKind(
  name: string,
  { of = [] }: RowFunction,
  index: number,
  { type, kind }: RowExpression,
): void {
  const wanted = of[index];
  if (wanted === undefined || (kind === 'literal' && type.type === 'text' && wanted !== 'condition')) return;
  if (wanted === 'condition' ? type.type === 'boolean' : wanted.includes(type.type)) return;
  const what = wanted === 'condition' ? 'a condition' : wanted[0];
  throw new SyntaxError(`${name}() takes ${what} as its value ${index + 1}, and that is ${type.type}`);
}

function unknownFunction(name: string): SyntaxError {
  const names = Object.keys(rowFunctions);
  const near = nearest(name, names);
  const hint =
    insteadOf(name) ?? (near ? `did you mean ${near}()?` : 'write it into sql:, or do it in a model');
  return new SyntaxError(`there is no function ${name}() for the rows of a stream; ${hint}`);
}

function literal(value: unknown): RowExpression {
  if (typeof value === 'string') return { kind: 'literal', value, type: text };
  if (typeof value === 'boolean') return { kind: 'literal', value, type: truth };
  if (typeof value !== 'number') return { kind: 'literal', value: null, type: text };
  const digits = String(value).split('.');
  const scale = digits[1]?.length ?? 0;
  const type: DataType = Number.isSafeInteger(value)
    ? { type: 'int64' }
    : { type: 'decimal', precision: (digits[0]?.length ?? 1) + scale, scale };
  return { kind: 'literal', value, type };
}

function condition(expression: RowExpression, operator: string): RowExpression {
  if (expression.type.type === 'boolean') return expression;
  throw new SyntaxError(`${operator} takes conditions, and there is ${expression.type.type}`);
}

function binary(operator: Operator, left: RowExpression, right: RowExpression): RowExpression {
  const made = (type: DataType): RowExpression => ({ kind: 'binary', operator, left, right, type });
  if (operator === '&&' || operator === '||') {
    condition(left, operator);
    condition(right, operator);
    return made(truth);
  }
  if (!['+', '-', '*', '/', '%'].includes(operator)) return made(truth);
  const isText = left.type.type === 'text' || right.type.type === 'text';
  if (operator === '+' && isText) return made(text);
  for (const { type } of [left, right]) {
    if (!isNumber(type))
      throw new SyntaxError(`${operator} takes numbers, and there is ${type.type}; dates take date_add()`);
  }
  return made(arithmeticType(operator, left.type, right.type));
}

function isNumber({ type }: DataType): boolean {
  return ['int16', 'int32', 'int64', 'float32', 'float64', 'decimal'].includes(type);
}

/** Sums and products are exact as long as 38 digits hold them; quotients are floating. */
function arithmeticType(operator: Operator, left: DataType, right: DataType): DataType {
  if (operator === '/') return float;
  if (left.type !== 'decimal' && right.type !== 'decimal') {
    const isFloat = [left, right].some(({ type }) => type.startsWith('float'));
    return isFloat ? float : { type: 'int64' };
  }
  const scales = [left, right].map((type) => (type.type === 'decimal' ? type.scale : 0));
  const isExact = [left, right].every(({ type }) => !type.startsWith('float'));
  const [a, b] = scales;
  if (!isExact || a === undefined || b === undefined) return float;
  const scale = operator === '*' ? a + b : Math.max(a, b);
  return scale > 18 ? float : { type: 'decimal', precision: 38, scale };
}
