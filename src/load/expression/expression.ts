import type { JsonValue } from '../../core/json.ts';
import { nearest } from '../../core/near-name.ts';
import { functionNames, functions, insteadOf } from './functions/index.ts';
import { functionsIn, type Operator, parseSyntax, type Syntax } from './syntax.ts';

/** Values that an expression may name, by the first word of their path. */
export type Scope = Readonly<Record<string, JsonValue>>;

/** A condition such as `run.total_rows > 0 && state.q.result[0].n == 1`, ready to be asked. */
export type Expression = (scope: Scope) => JsonValue;

/**
 * Reads an expression.
 * @throws SyntaxError that names the place, or the function that there is not
 */
export function parseExpression(text: string): Expression {
  const syntax = parseSyntax(text);
  for (const name of functionsIn(syntax)) if (!functions.has(name)) throw unknownFunction(name);
  return (scope) => valueOf(syntax, scope);
}

/** False, null, 0 and the empty text are not true. */
export function isTrue(value: JsonValue): boolean {
  return value !== false && value !== null && value !== 0 && value !== '';
}

/** The value at `state.q.result[0].n`; undefined when there is none. */
export function valueAt(scope: Scope, path: string): JsonValue | undefined {
  return [...path.matchAll(/"([^"]*)"|'([^']*)'|([^.[\]]+)/g)]
    .map(([, double, single, bare]) => double ?? single ?? bare ?? '')
    .reduce<JsonValue | undefined>((value, step) => memberOf(value, step), scope);
}

function unknownFunction(name: string): SyntaxError {
  const instead = insteadOf(name);
  const near = nearest(name, functionNames);
  const hint = instead ?? (near ? `did you mean ${near}()?` : `there are ${functionNames.join(', ')}`);
  return new SyntaxError(`there is no function ${name}() in expressions; ${hint}`);
}

function valueOf(syntax: Syntax, scope: Scope): JsonValue {
  const of = (part: Syntax): JsonValue => valueOf(part, scope);
  switch (syntax.kind) {
    case 'value':
      return syntax.value;
    case 'name':
      return valueAt(scope, syntax.path) ?? null;
    case 'list':
      return syntax.items.map(of);
    case 'member':
      return memberOf(of(syntax.of), asKey(of(syntax.key))) ?? null;
    case 'choice':
      return of(isTrue(of(syntax.condition)) ? syntax.yes : syntax.no);
    case 'sign':
      return syntax.sign === '!' ? !isTrue(of(syntax.of)) : -Number(of(syntax.of));
    case 'binary':
      return combined(syntax.operator, syntax, scope);
    case 'call': {
      const found = functions.get(syntax.name);
      if (!found) throw unknownFunction(syntax.name);
      if (syntax.name === 'if')
        return of((isTrue(argument(syntax, 0)) ? syntax.args[1] : syntax.args[2]) ?? none);
      return found(syntax.args.map(of), (text, values) => parseExpression(text)({ ...scope, ...values }));
    }
  }
  function argument({ args }: { readonly args: readonly Syntax[] }, index: number): JsonValue {
    return of(args[index] ?? none);
  }
}

const none: Syntax = { kind: 'value', value: null };

function asKey(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function memberOf(value: JsonValue | undefined, step: string): JsonValue | undefined {
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
  return (value as Readonly<Record<string, JsonValue>>)[step];
}

function combined(
  operator: Operator,
  { left, right }: { readonly left: Syntax; readonly right: Syntax },
  scope: Scope,
): JsonValue {
  const a = valueOf(left, scope);
  if (operator === '||') return isTrue(a) || isTrue(valueOf(right, scope));
  if (operator === '&&') return isTrue(a) && isTrue(valueOf(right, scope));
  const b = valueOf(right, scope);
  if (operator === '==') return isSame(a, b);
  return operator === '!=' ? !isSame(a, b) : calculate(operator, a, b);
}

function isSame(left: JsonValue, right: JsonValue): boolean {
  return left === right || (left !== null && right !== null && asText(left) === asText(right));
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What is added to text is text; two texts are compared as such, all else as numbers. */
function calculate(operator: string, left: JsonValue, right: JsonValue): JsonValue {
  const areTexts = typeof left === 'string' && typeof right === 'string';
  const isText = typeof left === 'string' || typeof right === 'string';
  if (isText && operator === '+') return `${shown(left)}${shown(right)}`;
  const [a, b] = areTexts ? [left, right] : [Number(left), Number(right)];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '+':
      return Number(left) + Number(right);
    case '-':
      return Number(left) - Number(right);
    case '*':
      return Number(left) * Number(right);
    case '/':
      return Number(left) / Number(right);
    default:
      return Number(left) % Number(right);
  }
}

function shown(value: JsonValue): string {
  return value === null ? '' : asText(value);
}
