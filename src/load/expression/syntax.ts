import type { JsonValue } from '../../core/json.ts';

/** An expression, read. */
export type Syntax =
  | { readonly kind: 'value'; readonly value: JsonValue }
  /** `state.q.result[0].n` */
  | { readonly kind: 'name'; readonly path: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Syntax[] }
  | { readonly kind: 'sign'; readonly sign: '!' | '-'; readonly of: Syntax }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Syntax;
      readonly right: Syntax;
    }
  | { readonly kind: 'choice'; readonly condition: Syntax; readonly yes: Syntax; readonly no: Syntax }
  | { readonly kind: 'list'; readonly items: readonly Syntax[] }
  /** What a value that is no name has at a key: `split(a, ',')[0]`. */
  | { readonly kind: 'member'; readonly of: Syntax; readonly key: Syntax };

export type Operator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%';

type Token = { readonly kind: 'number' | 'text' | 'name' | 'sign'; readonly text: string };

const tokenPattern =
  /\s*(?:(\d+(?:\.\d+)?)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_][\w.]*(?:\[\d+\][\w.]*)*)|(\|\||&&|==|!=|<=|>=|[-+*/%<>!(),?:[\].]))/y;

const precedence: ReadonlyMap<string, number> = new Map([
  ['||', 1],
  ['&&', 2],
  ['==', 3],
  ['!=', 3],
  ['in', 3],
  ['<', 4],
  ['<=', 4],
  ['>', 4],
  ['>=', 4],
  ['+', 5],
  ['-', 5],
  ['*', 6],
  ['/', 6],
  ['%', 6],
]);

const words: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['nil', null],
]);

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * Reads an expression.
 * @throws SyntaxError that names the place
 */
export function parseSyntax(text: string): Syntax {
  const tokens = tokensOf(text);
  let next = 0;
  const isNext = (sign: string): boolean => tokens[next]?.kind === 'sign' && tokens[next]?.text === sign;
  const fail = (): never => {
    throw new SyntaxError(`'${text}' cannot be read at '${tokens[next]?.text ?? 'its end'}'`);
  };
  const expect = (sign: string): void => {
    if (!isNext(sign)) fail();
    next += 1;
  };

  function listUntil(end: string): readonly Syntax[] {
    const items: Syntax[] = [];
    while (!isNext(end)) {
      items.push(whole());
      if (!isNext(end)) expect(',');
    }
    next += 1;
    return items;
  }

  function primary(): Syntax {
    const token = tokens[next];
    if (!token) return fail();
    next += 1;
    if (token.kind === 'number') return { kind: 'value', value: Number(token.text) };
    if (token.kind === 'text') return { kind: 'value', value: unescaped(token.text) };
    if (token.kind === 'name') {
      const word = words.get(token.text);
      if (word !== undefined) return { kind: 'value', value: word };
      if (!isNext('(')) return { kind: 'name', path: token.text };
      next += 1;
      return { kind: 'call', name: token.text, args: listUntil(')') };
    }
    if (token.text === '!' || token.text === '-') return { kind: 'sign', sign: token.text, of: operand() };
    if (token.text === '[') return { kind: 'list', items: listUntil(']') };
    if (token.text !== '(') {
      next -= 1;
      return fail();
    }
    const inner = whole();
    expect(')');
    return inner;
  }

  function operand(): Syntax {
    let left = primary();
    for (;;) {
      if (isNext('[')) {
        next += 1;
        left = { kind: 'member', of: left, key: whole() };
        expect(']');
      } else if (isNext('.')) {
        next += 1;
        const name = tokens[next];
        if (name?.kind !== 'name') return fail();
        next += 1;
        for (const step of name.text.split(/[.[\]]+/).filter((one) => one !== ''))
          left = { kind: 'member', of: left, key: { kind: 'value', value: step } };
      } else return left;
    }
  }

  function binary(least: number): Syntax {
    let left = operand();
    for (;;) {
      const word = tokens[next]?.text ?? '';
      const operator = tokens[next]?.kind === 'sign' || word === 'in' ? word : '';
      const strength = precedence.get(operator);
      if (strength === undefined || strength <= least) return left;
      next += 1;
      const right = binary(strength);
      left =
        operator === 'in'
          ? oneOf(left, right)
          : { kind: 'binary', operator: operator as Operator, left, right };
    }
  }

  /** `a in [b, c]` is `a == b || a == c`. */
  function oneOf(left: Syntax, list: Syntax): Syntax {
    if (list.kind !== 'list') return fail();
    return list.items
      .map((right): Syntax => ({ kind: 'binary', operator: '==', left, right }))
      .reduce<Syntax>((some, one) => ({ kind: 'binary', operator: '||', left: some, right: one }), {
        kind: 'value',
        value: false,
      });
  }

  function whole(): Syntax {
    const condition = binary(0);
    if (!isNext('?')) return condition;
    next += 1;
    const yes = whole();
    expect(':');
    return { kind: 'choice', condition, yes, no: whole() };
  }

  const found = whole();
  return next < tokens.length ? fail() : found;
}

/** Names of the values that an expression reads. */
export function namesIn(syntax: Syntax): readonly string[] {
  return partsOf(syntax).flatMap((part) => (part.kind === 'name' ? [part.path] : []));
}

/** Names of the functions that an expression calls. */
export function functionsIn(syntax: Syntax): readonly string[] {
  return partsOf(syntax).flatMap((part) => (part.kind === 'call' ? [part.name] : []));
}

/** An expression and all that it is made of. */
export function partsOf(syntax: Syntax): readonly Syntax[] {
  return [syntax, ...childrenOf(syntax).flatMap(partsOf)];
}

function childrenOf(syntax: Syntax): readonly Syntax[] {
  switch (syntax.kind) {
    case 'call':
      return syntax.args;
    case 'sign':
      return [syntax.of];
    case 'binary':
      return [syntax.left, syntax.right];
    case 'choice':
      return [syntax.condition, syntax.yes, syntax.no];
    case 'list':
      return syntax.items;
    case 'member':
      return [syntax.of, syntax.key];
    default:
      return [];
  }
}

function unescaped(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(.)/g, (_whole, letter: string) => escapes[letter] ?? letter);
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
