import { ConfigError } from '../../core/errors.ts';
import {
  type CallArguments,
  methodValue,
  printed,
  type TemplateFunction,
  type TemplateObject,
  Tuple,
  type Value,
} from '../jinja/index.ts';

/** Python's numbers for its flags. */
const flagLetters: ReadonlyMap<number, string> = new Map([
  [2, 'i'],
  [8, 'm'],
  [16, 's'],
]);

const verboseFlag = 64;

/** A pattern of Python's `re`. */
class Pattern implements TemplateObject {
  readonly source: string;
  readonly #expression: RegExp;

  constructor(source: string, flags: number) {
    this.source = source;
    this.#expression = expressionOf(source, flags);
  }

  toString(): string {
    return `re.compile('${this.source}')`;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'pattern') return this.source;
    const work = patternMethods[name];
    return work && methodValue(name, (args) => work(this, args));
  }

  /** The expression with `flags` added, from its beginning. */
  expression(flags = ''): RegExp {
    return new RegExp(this.#expression.source, this.#expression.flags + flags);
  }

  whole(): RegExp {
    return new RegExp(`^(?:${this.#expression.source})$`, this.#expression.flags.replace('m', ''));
  }
}

class Match implements TemplateObject {
  readonly #match: RegExpExecArray;

  constructor(match: RegExpExecArray) {
    this.#match = match;
  }

  jinjaTruth(): boolean {
    return true;
  }

  jinjaItem(key: Value): Value | undefined {
    return this.group(key);
  }

  group(key: Value): Value {
    const found = typeof key === 'number' ? this.#match[key] : this.#match.groups?.[printed(key)];
    return found ?? null;
  }

  jinjaAttribute(name: string): Value | undefined {
    const { index } = this.#match;
    const end = index + this.#match[0].length;
    switch (name) {
      case 'group':
        return methodValue(name, ({ positional }) =>
          positional.length > 1
            ? new Tuple(positional.map((key) => this.group(key)))
            : this.group(positional[0] ?? 0),
        );
      case 'groups':
        return methodValue(name, () => new Tuple([...this.#match].slice(1).map((part) => part ?? null)));
      case 'groupdict':
        return methodValue(name, () => new Map(Object.entries({ ...this.#match.groups })));
      case 'start':
        return methodValue(name, () => index);
      case 'end':
        return methodValue(name, () => end);
      case 'span':
        return methodValue(name, () => new Tuple([index, end]));
      default:
        return undefined;
    }
  }
}

type PatternMethod = (pattern: Pattern, args: CallArguments) => Value;

const text = (args: CallArguments, position: number, name: string): string =>
  printed(args.get(position, name) ?? '');
const matched = (match: RegExpExecArray | null): Value => (match ? new Match(match) : null);

const patternMethods: Readonly<Record<string, PatternMethod>> = {
  search: (pattern, args) => matched(pattern.expression().exec(text(args, 0, 'string'))),
  match: (pattern, args) => matched(pattern.expression('y').exec(text(args, 0, 'string'))),
  fullmatch: (pattern, args) => matched(pattern.whole().exec(text(args, 0, 'string'))),
  findall: (pattern, args) => [...text(args, 0, 'string').matchAll(pattern.expression('g'))].map(foundText),
  finditer: (pattern, args) =>
    [...text(args, 0, 'string').matchAll(pattern.expression('g'))].map((match) => new Match(match)),
  split: (pattern, args) =>
    text(args, 0, 'string')
      .split(pattern.expression())
      .map((part) => part ?? null),
  sub: (pattern, args) => {
    const { repl, string, count } = args.bind('sub', ['repl', 'string', 'count?']);
    const most = typeof count === 'number' && count > 0 ? count : Infinity;
    let done = 0;
    const given = printed(string ?? '');
    return given.replaceAll(pattern.expression('g'), (...found: [string, ...unknown[]]) => {
      done += 1;
      return done > most ? found[0] : replacement(printed(repl ?? ''), found);
    });
  },
};

const moduleFunctions = Object.keys(patternMethods).map((name): [string, TemplateFunction] => [
  name,
  (args) => {
    const [first, ...positional] = args.positional;
    const given = first ?? args.keyword.get('pattern') ?? null;
    const flags = args.keyword.get('flags') ?? (name === 'sub' ? 0 : (positional[1] ?? 0));
    const pattern = given instanceof Pattern ? given : new Pattern(printed(given), Number(flags));
    const keyword = new Map([...args.keyword].filter(([key]) => key !== 'pattern' && key !== 'flags'));
    return patternMethods[name]?.(pattern, args.with(positional, keyword)) ?? null;
  },
]);

/** Python's `re` on JavaScript's expressions. */
export const regularExpressionModule: Readonly<Record<string, Value>> = {
  ...Object.fromEntries(moduleFunctions),
  compile: (args: CallArguments) => {
    const { pattern, flags } = args.bind('compile', ['pattern', 'flags?']);
    return new Pattern(printed(pattern ?? ''), typeof flags === 'number' ? flags : 0);
  },
  escape: (args: CallArguments) => text(args, 0, 'pattern').replaceAll(/[^A-Za-z0-9_]/g, String.raw`\$&`),
  I: 2,
  IGNORECASE: 2,
  M: 8,
  MULTILINE: 8,
  S: 16,
  DOTALL: 16,
  X: verboseFlag,
  VERBOSE: verboseFlag,
};

function expressionOf(source: string, flags: number): RegExp {
  const inline = /^(?:\(\?[aimsux]+\))*/.exec(source)?.[0] ?? '';
  const letters = [...flagLetters].flatMap(([number, letter]) =>
    (flags & number) !== 0 || inline.includes(letter) ? [letter] : [],
  );
  const isVerbose = inline.includes('x') || (flags & verboseFlag) !== 0;
  const body = source.slice(inline.length);
  const translated = (isVerbose ? withoutComments(body) : body)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, String.raw`\k<$1>`)
    .replaceAll(String.raw`\A`, '^')
    .replaceAll(String.raw`\Z`, String.raw`$(?![\s\S])`);
  try {
    return new RegExp(translated, letters.join(''));
  } catch {
    throw new ConfigError(`"${source}" is no regular expression that can be read`, {
      code: 'template_value',
    });
  }
}

/** An expression of the verbose spelling without its blanks and comments. */
function withoutComments(source: string): string {
  return source.replaceAll(/(\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]])*\])|\s+|#[^\n]*/g, '$1');
}

function foundText(match: RegExpExecArray): Value {
  if (match.length === 1) return match[0];
  return match.length === 2 ? (match[1] ?? '') : new Tuple([...match].slice(1).map((part) => part ?? ''));
}

/** `\1` and `\g<name>` of a replacement text. */
function replacement(template: string, found: readonly unknown[]): string {
  const groups = found.at(-1);
  const named = (name: string): unknown =>
    typeof groups === 'object' && groups !== null ? (groups as Record<string, unknown>)[name] : undefined;
  return template.replaceAll(/\\(?:(\d+)|g<(\w+)>|(n|t|\\))/g, (_whole, number, name, letter: string) => {
    if (letter) return letter === 'n' ? '\n' : letter === 't' ? '\t' : '\\';
    const key = String(number ?? name);
    const group = /^\d+$/.test(key) ? found[Number(key)] : named(key);
    return typeof group === 'string' ? group : '';
  });
}
