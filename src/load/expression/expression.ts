import type { JsonValue } from '../../core/json.ts';

/** Values that an expression may name, by the first word of their path. */
export type Scope = Readonly<Record<string, JsonValue>>;

/** A condition such as `run.total_rows > 0 && state.q.result[0].n == 1`, ready to be asked. */
export type Expression = (scope: Scope) => JsonValue;

type Token = { readonly kind: 'number' | 'text' | 'name' | 'sign'; readonly text: string };

const tokenPattern =
  /\s*(?:(\d+(?:\.\d+)?)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_][\w.]*(?:\[\d+\][\w.]*)*)|(\|\||&&|==|!=|<=|>=|[-+*/%<>!()]))/y;

const precedence: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

const words: Readonly<Record<string, JsonValue>> = { true: true, false: false, null: null, nil: null };

/**
 * Reads an expression.
 * @throws SyntaxError that names the place
 */
export function parseExpression(text: string): Expression {
  const tokens = tokensOf(text);
  let next = 0;
  const fail = (): never => {
    throw new SyntaxError(`'${text}' cannot be read at '${tokens[next]?.text ?? 'its end'}'`);
  };

  function operand(): Expression {
    const token = tokens[next];
    if (!token) return fail();
    next += 1;
    if (token.kind === 'number') return constant(Number(token.text));
    if (token.kind === 'text') return constant(token.text.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
    if (token.kind === 'name') {
      const word = words[token.text];
      return word === undefined ? (scope) => valueAt(scope, token.text) ?? null : constant(word);
    }
    if (token.text === '!') {
      const inner = operand();
      return (scope) => !isTrue(inner(scope));
    }
    if (token.text === '-') {
      const inner = operand();
      return (scope) => -Number(inner(scope));
    }
    if (token.text !== '(') {
      next -= 1;
      return fail();
    }
    const inner = binary(0);
    if (tokens[next]?.text !== ')') return fail();
    next += 1;
    return inner;
  }

  function binary(least: number): Expression {
    let left = operand();
    for (;;) {
      const operator = tokens[next]?.kind === 'sign' ? (tokens[next]?.text ?? '') : '';
      const strength = precedence[operator];
      if (strength === undefined || strength <= least) return left;
      next += 1;
      left = combine(operator, left, binary(strength));
    }
  }

  const whole = binary(0);
  if (next < tokens.length) return fail();
  return whole;
}

/** False, null, 0 and the empty text are not true. */
export function isTrue(value: JsonValue): boolean {
  return value !== false && value !== null && value !== 0 && value !== '';
}

/** The value at `state.q.result[0].n`; undefined when there is none. */
export function valueAt(scope: Scope, path: string): JsonValue | undefined {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  let value: JsonValue | undefined = scope;
  for (const step of steps) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, JsonValue>>)[step];
  }
  return value;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const start = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (!match) throw new SyntaxError(`'${text}' cannot be read at '${text.slice(start).trim()}'`);
    const [, number, quoted, name, sign] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

function constant(value: JsonValue): Expression {
  return () => value;
}

function combine(operator: string, left: Expression, right: Expression): Expression {
  switch (operator) {
    case '||':
      return (scope) => isTrue(left(scope)) || isTrue(right(scope));
    case '&&':
      return (scope) => isTrue(left(scope)) && isTrue(right(scope));
    case '==':
      return (scope) => isSame(left(scope), right(scope));
    case '!=':
      return (scope) => !isSame(left(scope), right(scope));
    default:
      return (scope) => calculate(operator, left(scope), right(scope));
  }
}

function isSame(left: JsonValue, right: JsonValue): boolean {
  return left === right || (left !== null && right !== null && asText(left) === asText(right));
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function calculate(operator: string, left: JsonValue, right: JsonValue): JsonValue {
  const isText = typeof left === 'string' && typeof right === 'string';
  if (isText && operator === '+') return left + right;
  const [a, b] = isText ? [left, right] : [Number(left), Number(right)];
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
