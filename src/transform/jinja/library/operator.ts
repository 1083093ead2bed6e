import { ValueError } from '../error/template-error.ts';
import type { BinaryOperator } from '../syntax/ast.ts';
import { SetValue } from '../value/mapping.ts';
import { arithmetic, isInteger, isNumeric, negate } from '../value/number.ts';
import { typeName } from '../value/printing.ts';
import { maximumItems } from '../value/sequence.ts';
import { orElse, templateObject, Tuple, Undefined, type Value } from '../value/value.ts';
import { formatPercent } from './percent-format.ts';

/** An arithmetic operator by Python's rules: numbers, text, sequences, sets, and objects that define it. */
export function binaryOperation(operator: BinaryOperator, left: Value, right: Value): Value {
  if (isNumeric(left) && isNumeric(right)) return arithmetic(operator, left, right);
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right);
  const result =
    operator === '+' ? added(left, right) : operator === '*' ? repeatedEither(left, right) : undefined;
  if (result !== undefined) return result;
  if (operator === '-' && left instanceof SetValue && right instanceof SetValue) {
    return new SetValue(left.items().filter((item) => !right.has(item)));
  }
  const own = orElse(custom(operator, left, right, false), () => custom(operator, right, left, true));
  return orElse(own, () => refuse(operator, left, right));
}

function added(left: Value, right: Value): Value | undefined {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...(left as Value[]), ...(right as Value[])];
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple([...left.items, ...right.items]);
  return undefined;
}

function repeatedEither(left: Value, right: Value): Value | undefined {
  return orElse(repeated(left, right), () => repeated(right, left));
}

function repeated(value: Value, times: Value): Value | undefined {
  if (!isInteger(times) && typeof times !== 'boolean') return undefined;
  const count = Math.max(0, Number(times));
  if (typeof value === 'string') {
    limit(value.length * count);
    return value.repeat(count);
  }
  const items = Array.isArray(value) ? (value as Value[]) : value instanceof Tuple ? value.items : undefined;
  if (!items) return undefined;
  if (items.length === 0) return Array.isArray(value) ? [] : value;
  limit(items.length * count);
  const all = Array.from({ length: count }, () => items).flat();
  return Array.isArray(value) ? all : new Tuple(all);
}

function limit(length: number): void {
  if (length > maximumItems)
    throw new ValueError(`A result of ${length} items is too long`, 'template_limit');
}

function custom(operator: string, left: Value, right: Value, isReflected: boolean): Value | undefined {
  if (typeof left !== 'object' || left === null) return undefined;
  return templateObject(left).jinjaBinary?.call(left, operator, right, isReflected);
}

function refuse(operator: string, left: Value, right: Value): never {
  for (const side of [left, right]) {
    if (side instanceof Undefined) throw new ValueError(side.hint, 'template_undefined');
  }
  throw new ValueError(
    `'${operator}' does not apply to values of type '${typeName(left)}' and '${typeName(right)}'`,
  );
}

export function unaryOperation(operator: '-' | '+', operand: Value): Value {
  if (!isNumeric(operand)) {
    return orElse(custom(operator, operand, 0, true), () => refuse(operator, 0, operand));
  }
  if (operator === '-') return negate(operand);
  return typeof operand === 'boolean' ? Number(operand) : operand;
}
