import type { ArgumentList, BinaryOperator, CompareOperator, Expression, Place } from './ast.ts';
import { integerNode, nameOrConstant, placeOf } from './constant-parser.ts';
import type { TokenStream } from './token-stream.ts';

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const noArguments: ArgumentList = { positional: [], keyword: [], spread: null, keywordSpread: null };

/** A whole expression, inline `if` included. */
export function parseExpression(stream: TokenStream): Expression {
  return stream.nested(() => parseConditional(stream));
}

function parseConditional(stream: TokenStream): Expression {
  const place = placeOf(stream.current);
  let expression = parseOr(stream);
  while (stream.skipName('if')) {
    const test = parseOr(stream);
    const otherwise = stream.skipName('else') ? stream.nested(() => parseConditional(stream)) : null;
    expression = { kind: 'conditional', test, consequent: expression, otherwise, ...place };
  }
  return expression;
}

function parseOr(stream: TokenStream): Expression {
  const place = placeOf(stream.current);
  let left = parseAnd(stream);
  while (stream.skipName('or')) left = { kind: 'or', left, right: parseAnd(stream), ...place };
  return left;
}

function parseAnd(stream: TokenStream): Expression {
  const place = placeOf(stream.current);
  let left = parseNot(stream);
  while (stream.skipName('and')) left = { kind: 'and', left, right: parseNot(stream), ...place };
  return left;
}

function parseNot(stream: TokenStream): Expression {
  const place = placeOf(stream.current);
  if (!stream.skipName('not')) return parseCompare(stream);
  return { kind: 'unary', operator: 'not', operand: stream.nested(() => parseNot(stream)), ...place };
}

function parseCompare(stream: TokenStream): Expression {
  const place = placeOf(stream.current);
  const first = parseSum(stream);
  const rest: { operator: CompareOperator; operand: Expression }[] = [];
  for (;;) {
    const operator = compareOperator(stream);
    if (operator === undefined) break;
    rest.push({ operator, operand: parseSum(stream) });
  }
  return rest.length === 0 ? first : { kind: 'compare', first, rest, ...place };
}

function compareOperator(stream: TokenStream): CompareOperator | undefined {
  if (stream.current.kind === 'operator' && comparisons.has(stream.current.text)) {
    return stream.next().text as CompareOperator;
  }
  if (stream.skipName('in')) return 'in';
  if (stream.isName('not') && stream.following.kind === 'name' && stream.following.text === 'in') {
    stream.next();
    stream.next();
    return 'not in';
  }
  return undefined;
}

function parseSum(stream: TokenStream): Expression {
  return parseBinary(stream, ['+', '-'], parseConcat);
}

function parseConcat(stream: TokenStream): Expression {
  const place = placeOf(stream.current);
  const parts = [parseProduct(stream)];
  while (stream.skipOperator('~')) parts.push(parseProduct(stream));
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind: 'concat', parts, ...place };
}

function parseProduct(stream: TokenStream): Expression {
  return parseBinary(stream, ['*', '/', '//', '%'], parsePower);
}

/** Jinja's power binds to the left, and a sign in front of it binds closer. */
function parsePower(stream: TokenStream): Expression {
  return parseBinary(stream, ['**'], (inner) => parseUnary(inner, true));
}

function parseBinary(
  stream: TokenStream,
  operators: readonly string[],
  operand: (stream: TokenStream) => Expression,
): Expression {
  const place = placeOf(stream.current);
  let left = operand(stream);
  while (stream.isOperator(...operators)) {
    const operator = stream.next().text as BinaryOperator;
    left = { kind: 'binary', operator, left, right: operand(stream), ...place };
  }
  return left;
}

function parseUnary(stream: TokenStream, withFilters: boolean): Expression {
  const place = placeOf(stream.current);
  let expression: Expression;
  if (stream.isOperator('-', '+')) {
    const operator = stream.next().text as '-' | '+';
    const operand = stream.nested(() => parseUnary(stream, false));
    expression = { kind: 'unary', operator, operand, ...place };
  } else {
    expression = parsePrimary(stream);
  }
  expression = parsePostfix(stream, expression);
  return withFilters ? parseFiltersAndTests(stream, expression) : expression;
}

function parsePrimary(stream: TokenStream): Expression {
  const { current } = stream;
  const place = placeOf(current);
  switch (current.kind) {
    case 'name':
      stream.next();
      return nameOrConstant(stream, current.text, place);
    case 'string': {
      let value = '';
      while (stream.current.kind === 'string') value += stream.next().text;
      return { kind: 'constant', value, ...place };
    }
    case 'integer':
      stream.next();
      return integerNode(current.text, place);
    case 'float':
      stream.next();
      return { kind: 'float', value: Number(current.text.replaceAll('_', '')), ...place };
    default:
  }
  if (stream.skipOperator('(')) {
    const inner = stream.nested(() => parseTuple(stream, { isParenthesised: true }));
    stream.expectOperator(')');
    return inner;
  }
  if (stream.skipOperator('[')) return stream.nested(() => parseList(stream, place));
  if (stream.skipOperator('{')) return stream.nested(() => parseDict(stream, place));
  throw stream.unexpected('an expression');
}

/** One expression, or several with commas between them. `stopAt` are names at which an empty or trailing item ends. */
export function parseTuple(
  stream: TokenStream,
  options: { withConditional?: boolean; isParenthesised?: boolean; stopAt?: string } = {},
): Expression {
  const place = placeOf(stream.current);
  const isParenthesised = options.isParenthesised ?? false;
  const read = (): Expression =>
    options.withConditional === false ? stream.nested(() => parseOr(stream)) : parseExpression(stream);
  const items: Expression[] = [];
  let isTuple = false;
  for (;;) {
    if (items.length > 0) {
      if (!stream.skipOperator(',')) break;
      isTuple = true;
    }
    if (endsTuple(stream, options.stopAt)) break;
    items.push(read());
  }
  const [first] = items;
  if (!isTuple && first) return first;
  if (items.length === 0 && !isParenthesised) throw stream.unexpected('an expression');
  return { kind: 'tuple', items, ...place };
}

function endsTuple(stream: TokenStream, stopAt: string | undefined): boolean {
  const { kind } = stream.current;
  if (kind === 'variable-end' || kind === 'block-end' || stream.isOperator(')')) return true;
  return stopAt !== undefined && stream.isName(stopAt);
}

function parseList(stream: TokenStream, place: Place): Expression {
  const items: Expression[] = [];
  while (!stream.isOperator(']')) {
    if (items.length > 0) {
      stream.expectOperator(',');
      if (stream.isOperator(']')) break;
    }
    items.push(parseExpression(stream));
  }
  stream.expectOperator(']');
  return { kind: 'list', items, ...place };
}

function parseDict(stream: TokenStream, place: Place): Expression {
  const entries: { key: Expression; value: Expression }[] = [];
  while (!stream.isOperator('}')) {
    if (entries.length > 0) {
      stream.expectOperator(',');
      if (stream.isOperator('}')) break;
    }
    const key = parseExpression(stream);
    stream.expectOperator(':');
    entries.push({ key, value: parseExpression(stream) });
  }
  stream.expectOperator('}');
  return { kind: 'dict', entries, ...place };
}

function parsePostfix(stream: TokenStream, start: Expression): Expression {
  let expression = start;
  for (;;) {
    const place = placeOf(stream.current);
    if (stream.isOperator('.')) expression = parseAttribute(stream, expression);
    else if (stream.isOperator('[')) expression = parseItem(stream, expression);
    else if (stream.isOperator('(')) {
      expression = { kind: 'call', callee: expression, arguments: parseArguments(stream), ...place };
    } else return expression;
  }
}

function parseAttribute(stream: TokenStream, object: Expression): Expression {
  stream.next();
  const token = stream.current;
  const place = placeOf(token);
  if (token.kind === 'name') {
    stream.next();
    return { kind: 'attribute', object, name: token.text, ...place };
  }
  if (token.kind !== 'integer') throw stream.unexpected('a name or a number after the dot');
  stream.next();
  return { kind: 'item', object, key: integerNode(token.text, place), ...place };
}

function parseItem(stream: TokenStream, object: Expression): Expression {
  const place = placeOf(stream.next());
  const keys: Expression[] = [];
  let isTuple = false;
  while (!stream.isOperator(']')) {
    if (keys.length > 0) {
      stream.expectOperator(',');
      isTuple = true;
      if (stream.isOperator(']')) break;
    }
    keys.push(stream.nested(() => parseItemKey(stream)));
  }
  stream.expectOperator(']');
  const [only] = keys;
  if (!only) throw stream.error('Expected a key between the brackets', place);
  const key: Expression = isTuple ? { kind: 'tuple', items: keys, ...place } : only;
  return { kind: 'item', object, key, ...place };
}

function parseItemKey(stream: TokenStream): Expression {
  const place = placeOf(stream.current);
  const part = (): Expression | null => (stream.isOperator(':', ']', ',') ? null : parseExpression(stream));
  const start = part();
  if (!stream.skipOperator(':')) {
    if (!start) throw stream.unexpected('a key');
    return start;
  }
  const stop = part();
  const step = stream.skipOperator(':') ? part() : null;
  return { kind: 'slice', start, stop, step, ...place };
}

/** The arguments of a call with their parentheses. */
export function parseArguments(stream: TokenStream): ArgumentList {
  const open = stream.expectOperator('(');
  const positional: Expression[] = [];
  const keyword: { name: string; value: Expression }[] = [];
  let spread: Expression | null = null;
  let keywordSpread: Expression | null = null;
  const misplaced = (): Error => stream.error('The arguments of this call are out of order', open);
  let isFirst = true;
  while (!stream.isOperator(')')) {
    if (!isFirst) {
      stream.expectOperator(',');
      if (stream.isOperator(')')) break;
    }
    isFirst = false;
    if (stream.skipOperator('*')) {
      if (spread || keywordSpread) throw misplaced();
      spread = parseExpression(stream);
    } else if (stream.skipOperator('**')) {
      if (keywordSpread) throw misplaced();
      keywordSpread = parseExpression(stream);
    } else if (isKeyword(stream)) {
      if (keywordSpread) throw misplaced();
      const name = stream.next().text;
      stream.next();
      keyword.push({ name, value: parseExpression(stream) });
    } else {
      if (spread || keywordSpread || keyword.length > 0) throw misplaced();
      positional.push(parseExpression(stream));
    }
  }
  stream.expectOperator(')');
  return { positional, keyword, spread, keywordSpread };
}

function isKeyword(stream: TokenStream): boolean {
  const { current, following } = stream;
  return current.kind === 'name' && following.kind === 'operator' && following.text === '=';
}

function parseFiltersAndTests(stream: TokenStream, start: Expression): Expression {
  let expression = start;
  for (;;) {
    const place = placeOf(stream.current);
    if (stream.isOperator('|')) expression = parseFilters(stream, expression);
    else if (stream.isName('is')) expression = parseTest(stream, expression);
    else if (stream.isOperator('(')) {
      expression = { kind: 'call', callee: expression, arguments: parseArguments(stream), ...place };
    } else return expression;
  }
}

/** Filters in a row: `|a|b(1)`, or `a|b(1)` for a block, whose first filter has no operand. */
export function parseFilters(stream: TokenStream, operand: Expression | null): Expression {
  let expression = operand;
  while (expression === null || stream.isOperator('|')) {
    stream.skipOperator('|');
    const token = stream.expectName();
    const name = token.text + dottedRest(stream);
    const args = stream.isOperator('(') ? parseArguments(stream) : noArguments;
    expression = { kind: 'filter', operand: expression, name, arguments: args, ...placeOf(token) };
  }
  return expression;
}

function dottedRest(stream: TokenStream): string {
  let rest = '';
  while (stream.skipOperator('.')) rest += `.${stream.expectName().text}`;
  return rest;
}

function parseTest(stream: TokenStream, operand: Expression): Expression {
  const place = placeOf(stream.next());
  const isNegated = stream.skipName('not');
  const name = stream.expectName().text + dottedRest(stream);
  const test: Expression = { kind: 'test', operand, name, arguments: testArguments(stream), ...place };
  return isNegated ? { kind: 'unary', operator: 'not', operand: test, ...place } : test;
}

function testArguments(stream: TokenStream): ArgumentList {
  const { current } = stream;
  if (stream.isOperator('(')) return parseArguments(stream);
  const isLiteral = current.kind === 'string' || current.kind === 'integer' || current.kind === 'float';
  const isName = current.kind === 'name' && !stream.isName('else', 'or', 'and', 'if');
  if (!isLiteral && !isName && !stream.isOperator('[', '{')) return noArguments;
  if (stream.isName('is')) throw stream.error('Tests cannot be chained with is');
  const argument = stream.nested(() => parsePostfix(stream, parsePrimary(stream)));
  return { ...noArguments, positional: [argument] };
}
