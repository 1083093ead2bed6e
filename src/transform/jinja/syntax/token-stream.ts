import type { TemplateError } from '../error/template-error.ts';
import type { Place } from './ast.ts';
import { tokenize, type Token } from './lexer.ts';
import type { SourceText } from './source-text.ts';

/** How deep expressions and blocks may nest before reading stops with an error, well below the host's stack. */
const maximumDepth = 150;

/** The names that a macro's body used, of those that Jinja passes only to macros that use them. */
export interface RoutineUse {
  usesVarargs: boolean;
  usesKwargs: boolean;
  usesCaller: boolean;
}

/** The parser's cursor over a template's tokens. */
export class TokenStream {
  readonly source: SourceText;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  readonly #routines: RoutineUse[] = [];

  constructor(source: SourceText) {
    this.source = source;
    this.#tokens = tokenize(source);
  }

  get current(): Token {
    return this.#at(this.#index);
  }

  get following(): Token {
    return this.#at(this.#index + 1);
  }

  #at(index: number): Token {
    const token = this.#tokens[index] ?? this.#tokens.at(-1);
    if (!token) throw new Error('a token list ends with an end token');
    return token;
  }

  next(): Token {
    const token = this.current;
    this.#index += 1;
    return token;
  }

  isOperator(...symbols: string[]): boolean {
    return this.current.kind === 'operator' && symbols.includes(this.current.text);
  }

  isName(...names: string[]): boolean {
    return this.current.kind === 'name' && names.includes(this.current.text);
  }

  skipOperator(symbol: string): boolean {
    if (!this.isOperator(symbol)) return false;
    this.#index += 1;
    return true;
  }

  skipName(name: string): boolean {
    if (!this.isName(name)) return false;
    this.#index += 1;
    return true;
  }

  expectOperator(symbol: string): Token {
    if (!this.isOperator(symbol)) throw this.unexpected(`'${symbol}'`);
    return this.next();
  }

  expectName(name?: string): Token {
    if (this.current.kind !== 'name' || (name !== undefined && this.current.text !== name)) {
      throw this.unexpected(name === undefined ? 'a name' : `'${name}'`);
    }
    return this.next();
  }

  expectKind(kind: Token['kind'], what: string): Token {
    if (this.current.kind !== kind) throw this.unexpected(what);
    return this.next();
  }

  /** An error at the current token, which is not what was expected. */
  unexpected(expected?: string): TemplateError {
    const { current } = this;
    const tag = current.kind === 'block-end' || current.kind === 'variable-end';
    const shown = tag
      ? 'the end of the tag'
      : current.kind === 'end'
        ? 'the end of the template'
        : `'${current.text}'`;
    return this.error(
      expected === undefined ? `Unexpected ${shown}` : `Expected ${expected}, found ${shown}`,
      current,
    );
  }

  error(message: string, place: Place = this.current): TemplateError {
    return this.source.error(message, place);
  }

  /** Reads something that nests, within the depth limit. */
  nested<T>(read: () => T): T {
    if (this.#depth >= maximumDepth) {
      throw this.error(`Expressions and blocks may nest ${maximumDepth} deep, this is deeper`);
    }
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** Reads a macro's body and notes which of `varargs`, `kwargs` and `caller` it uses. */
  routine<T>(read: () => T): [T, RoutineUse] {
    const use: RoutineUse = { usesVarargs: false, usesKwargs: false, usesCaller: false };
    this.#routines.push(use);
    const result = read();
    this.#routines.pop();
    return [result, use];
  }

  noteName(name: string): void {
    if (name !== 'varargs' && name !== 'kwargs' && name !== 'caller') return;
    for (const use of this.#routines) {
      if (name === 'varargs') use.usesVarargs = true;
      else if (name === 'kwargs') use.usesKwargs = true;
      else use.usesCaller = true;
    }
  }
}
