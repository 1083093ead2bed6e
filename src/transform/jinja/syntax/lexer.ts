import type { Place } from './ast.ts';
import type { SourceText } from './source-text.ts';

export type TokenKind =
  | 'data'
  | 'variable-begin'
  | 'variable-end'
  | 'block-begin'
  | 'block-end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'end';

/** `text` is the source text; of a string it is the value, of data what is to be printed. */
export interface Token extends Place {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const rawBlock = /\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})/y;
const rawEnd = /\{%([-+]?)\s*endraw\s*(?:-%\}\s*|\+?%\})/g;
const docsBlock = /\{%[-+]?\s*docs\s+\w+\s*[-+]?%\}/y;
const docsEnd = /\{%[-+]?\s*enddocs\s*[-+]?%\}/g;
const whitespace = /\s+/y;
const float = /(?<!\.)\d+(?:_\d+)*(?:(?:\.\d+(?:_\d+)*)?[eE][+-]?\d+(?:_\d+)*|\.\d+(?:_\d+)*)/y;
const integer = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const asciiName = /[A-Za-z_][A-Za-z0-9_]*/y;
const name = /[\p{ID_Start}_]\p{ID_Continue}*/uy;
const quoted = /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const operator = /\*\*|\/\/|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Cuts a template into tokens. Comments and raw tags are gone, whitespace control has been applied. */
export function tokenize(source: SourceText): Token[] {
  const tokens: Token[] = [];
  const { text } = source;
  let position = 0;

  const push = (kind: TokenKind, start: number, end: number, value?: string): void => {
    const { line, column } = source.placeAt(start);
    tokens.push({ kind, text: value ?? text.slice(start, end), start, end, line, column });
  };
  const pushData = (start: number, end: number, trimEnd: boolean): void => {
    const data = trimEnd ? text.slice(start, end).trimEnd() : text.slice(start, end);
    if (data !== '') push('data', start, end, data);
  };

  while (position < text.length) {
    const open = nextTag(text, position);
    if (open < 0) {
      pushData(position, text.length, false);
      break;
    }
    const sign = text[open + 2];
    pushData(position, open, sign === '-');
    const inside = open + (sign === '-' || sign === '+' ? 3 : 2);
    if (text[open + 1] === '#') {
      position = afterComment(source, open);
      continue;
    }
    const raw = matchAt(rawBlock, text, open);
    if (raw !== undefined) {
      rawEnd.lastIndex = open + raw.length;
      const end = rawEnd.exec(text);
      if (!end) throw source.error("Missing 'endraw' of this 'raw' block", source.placeAt(open));
      pushData(open + raw.length, end.index, end[1] === '-');
      position = end.index + end[0].length;
      continue;
    }
    const isVariable = text[open + 1] === '{';
    const docs = isVariable ? undefined : matchAt(docsBlock, text, open);
    push(isVariable ? 'variable-begin' : 'block-begin', open, inside);
    position = tokenizeTag(source, inside, isVariable, push);
    if (docs !== undefined) {
      docsEnd.lastIndex = open + docs.length;
      const end = docsEnd.exec(text);
      if (!end) throw source.error("Missing 'enddocs' of this 'docs' block", source.placeAt(open));
      pushData(open + docs.length, end.index, false);
      position = end.index;
    }
  }
  push('end', text.length, text.length);
  return tokens;
}

function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

/** Offset of the next `{{`, `{%` or `{#`; -1 if there is none. */
function nextTag(text: string, from: number): number {
  for (let at = text.indexOf('{', from); at >= 0; at = text.indexOf('{', at + 1)) {
    const second = text[at + 1];
    if (second === '{' || second === '%' || second === '#') return at;
  }
  return -1;
}

function afterComment(source: SourceText, open: number): number {
  const end = source.text.indexOf('#}', open + 2);
  if (end < 0) throw source.error("Missing '#}' of this comment", source.placeAt(open));
  const after = end + 2;
  if (source.text[end - 1] !== '-' || end - 1 < open + 2) return after;
  return after + (matchAt(whitespace, source.text, after)?.length ?? 0);
}

/** Reads what is inside of `{{ }}` or `{% %}` up to and including its end; gives the offset behind it. */
function tokenizeTag(
  source: SourceText,
  from: number,
  isVariable: boolean,
  push: (kind: TokenKind, start: number, end: number, value?: string) => void,
): number {
  const { text } = source;
  const mark = isVariable ? '}}' : '%}';
  const open: string[] = [];
  let position = from;

  while (position < text.length) {
    if (text.charCodeAt(position) <= 0x20 || text.charCodeAt(position) > 0x7f) {
      position += matchAt(whitespace, text, position)?.length ?? 0;
    }
    if (open.length === 0) {
      const signed = text[position] === '-' || (!isVariable && text[position] === '+');
      const end = signed ? position + 1 : position;
      if (text.startsWith(mark, end)) {
        push(isVariable ? 'variable-end' : 'block-end', position, end + 2);
        const trims = text[position] === '-';
        return end + 2 + (trims ? (matchAt(whitespace, text, end + 2)?.length ?? 0) : 0);
      }
    }
    if (position >= text.length) break;
    const length = pushToken(source, position, open, push);
    position += length;
  }
  throw source.error(`Missing '${mark}': the template ends inside of this tag`, source.placeAt(from));
}

const singleQuote = "'".charCodeAt(0);
const doubleQuote = '"'.charCodeAt(0);
const zero = '0'.charCodeAt(0);

function isDigit(code: number): boolean {
  return code >= zero && code <= zero + 9;
}

function nameAt(text: string, at: number): string | undefined {
  const found = matchAt(asciiName, text, at);
  const next = text.charCodeAt(at + (found?.length ?? 0));
  return next > 0x7f ? matchAt(name, text, at) : found;
}

function pushToken(
  source: SourceText,
  at: number,
  open: string[],
  push: (kind: TokenKind, start: number, end: number, value?: string) => void,
): number {
  const { text } = source;
  const code = text.charCodeAt(at);
  if (isDigit(code)) {
    const fraction = matchAt(float, text, at);
    const number = fraction ?? matchAt(integer, text, at) ?? '';
    push(fraction === undefined ? 'integer' : 'float', at, at + number.length);
    return number.length;
  }
  const word = nameAt(text, at);
  if (word !== undefined) {
    push('name', at, at + word.length);
    return word.length;
  }
  const string = code === singleQuote || code === doubleQuote ? matchAt(quoted, text, at) : undefined;
  if (string !== undefined) {
    push('string', at, at + string.length, unescaped(string.slice(1, -1), source, at));
    return string.length;
  }
  const symbol = matchAt(operator, text, at);
  if (symbol === undefined) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const what = character === "'" || character === '"' ? 'a string that does not end' : `'${character}'`;
    throw source.error(`Unexpected ${what}`, source.placeAt(at));
  }
  const closes = closing[symbol];
  if (closes !== undefined) open.push(closes);
  else if (symbol === ')' || symbol === ']' || symbol === '}') {
    const expected = open.pop();
    if (expected !== symbol) {
      const hint = expected === undefined ? '' : `, expected '${expected}'`;
      throw source.error(`Unexpected '${symbol}'${hint}`, source.placeAt(at));
    }
  }
  push('operator', at, at + symbol.length);
  return symbol.length;
}

const escapeSequence =
  /\\(?:\n|[\\'"abfnrtv]|[0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[xuUN])/g;
const escapes: Readonly<Record<string, string>> = {
  '\n': '',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Python's string escapes. An unknown escape stays as it is, backslash included. */
function unescaped(body: string, source: SourceText, start: number): string {
  if (!body.includes('\\')) return body;
  return body.replace(escapeSequence, (sequence) => {
    const key = sequence[1] ?? '';
    const plain = escapes[key];
    if (plain !== undefined) return plain;
    if (key === '\\' || key === "'" || key === '"') return key;
    const digits = key === 'x' || key === 'u' || key === 'U' ? sequence.slice(2) : sequence.slice(1);
    const code = Number.parseInt(digits, /[0-7]/.test(key) ? 8 : 16);
    if (digits === '' || Number.isNaN(code) || code > 0x10ffff) {
      throw source.error(`'${sequence}' is no complete string escape`, source.placeAt(start));
    }
    return String.fromCodePoint(code);
  });
}
