import { ValueError } from '../error/template-error.ts';
import type { Method } from '../value/method.ts';
import { characters, isTrue, itemsOf, sliceOf } from '../value/sequence.ts';
import { Tuple, type Value } from '../value/value.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { indexArgument, textArgument } from './argument.ts';
import { formatText, formatTextByMapping } from './brace-format.ts';
import { translate, translationTable } from './translation.ts';

const whitespaceStart = /^[\s\x85]+/u;
const whitespaceEnd = /[\s\x85]+$/u;

/** Python's `strip`, `lstrip` and `rstrip`: whitespace, or any of the given characters. */
export function strip(text: string, chars: Value | undefined, side: 'both' | 'left' | 'right'): string {
  if (chars === undefined || chars === null) {
    const start = side === 'right' ? text : text.replace(whitespaceStart, '');
    return side === 'left' ? start : start.replace(whitespaceEnd, '');
  }
  const set = new Set(characters(textArgument(chars, 'The characters to strip')));
  const all = characters(text);
  let from = 0;
  let to = all.length;
  if (side !== 'right') while (from < to && set.has(all[from] ?? '')) from += 1;
  if (side !== 'left') while (to > from && set.has(all[to - 1] ?? '')) to -= 1;
  return all.slice(from, to).join('');
}

function stripMethod(side: 'both' | 'left' | 'right'): Method<string> {
  return (self, args) => strip(self, args.bind('strip', ['chars?'])['chars'], side);
}

/** Python's `split`. `limit` is the number of cuts, negative for all. */
export function split(
  text: string,
  separator: Value | undefined,
  limit: number,
  fromRight = false,
): string[] {
  if (separator === undefined || separator === null) return splitAtWhitespace(text, limit, fromRight);
  const mark = textArgument(separator, 'The separator');
  if (mark === '') throw new ValueError('The separator of a split cannot be empty', 'template_value');
  const parts = text.split(mark);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  if (fromRight) {
    const cut = parts.length - limit;
    return [parts.slice(0, cut).join(mark), ...parts.slice(cut)];
  }
  return [...parts.slice(0, limit), parts.slice(limit).join(mark)];
}

function splitAtWhitespace(text: string, limit: number, fromRight: boolean): string[] {
  const words = [...text.matchAll(/\S+/g)];
  const all = words.map((word) => word[0]);
  if (limit < 0 || words.length <= limit + 1) return all;
  if (!fromRight) return [...all.slice(0, limit), text.slice(words[limit]?.index)];
  const first = words.length - limit;
  const lastOfHead = words[first - 1];
  const end = (lastOfHead?.index ?? 0) + (lastOfHead?.[0].length ?? 0);
  return [text.slice(0, end), ...all.slice(first)];
}

function splitMethod(fromRight: boolean): Method<string> {
  return (self, args) => {
    const { sep, maxsplit } = args.bind('split', ['sep?', 'maxsplit?']);
    return split(self, sep, indexArgument(maxsplit, 'maxsplit', -1), fromRight);
  };
}

/** Python's `splitlines`. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines = text.match(/[^\n\r\v\f\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x85\u2028\u2029]|$)/g) ?? [];
  if (lines.at(-1) === '') lines.pop();
  return keepEnds ? lines : lines.map((line) => line.replace(/\r\n$|[\n\r\v\f\x85\u2028\u2029]$/, ''));
}

/** Part of the text between two optional bounds, and how many characters are before it. */
function bounded(self: string, start: Value | undefined, end: Value | undefined): [string, number] {
  if ((start ?? null) === null && (end ?? null) === null) return [self, 0];
  const from = indexArgument(start, 'start', 0);
  const part = sliceOf(self, start ?? null, end ?? null, null) as string;
  const { length } = characters(self);
  return [part, from < 0 ? Math.max(0, from + length) : from];
}

function position(self: string, args: CallArguments, name: string, fromRight: boolean): number {
  const { sub, start, end } = args.bind(name, ['sub', 'start?', 'end?']);
  const [part, before] = bounded(self, start, end);
  const wanted = textArgument(sub, 'The text to find');
  const at = fromRight ? part.lastIndexOf(wanted) : part.indexOf(wanted);
  return at < 0 ? -1 : before + characters(part.slice(0, at)).length;
}

function findMethod(name: string, fromRight: boolean, mustExist: boolean): Method<string> {
  return (self, args) => {
    const at = position(self, args, name, fromRight);
    if (at < 0 && mustExist) throw new ValueError('The text was not found', 'template_value');
    return at;
  };
}

function affixMethod(name: string, fits: (text: string, affix: string) => boolean): Method<string> {
  return (self, args) => {
    const { affix = null, start, end } = args.bind(name, ['affix', 'start?', 'end?']);
    const [part] = bounded(self, start, end);
    const affixes = affix instanceof Tuple ? affix.items : [affix];
    return affixes.some((candidate) => fits(part, textArgument(candidate, `The argument of ${name}()`)));
  };
}

function count(self: string, args: CallArguments): number {
  const { sub, start, end } = args.bind('count', ['sub', 'start?', 'end?']);
  const [part] = bounded(self, start, end);
  const wanted = textArgument(sub, 'The text to count');
  return wanted === '' ? characters(part).length + 1 : part.split(wanted).length - 1;
}

/** Python's `replace`. `limit` is negative for all. */
export function replaceText(self: string, old: string, replacement: string, limit: number): string {
  if (limit < 0)
    return old === '' ? withBetween(self, replacement, -1) : self.replaceAll(old, () => replacement);
  if (old === '') return withBetween(self, replacement, limit);
  return split(self, old, limit).join(replacement);
}

function withBetween(self: string, mark: string, limit: number): string {
  let left = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  const take = (): string => (left-- > 0 ? mark : '');
  const body = characters(self).map((character) => take() + character);
  return body.join('') + take();
}

function padded(self: string, args: CallArguments, name: string): [number, number, string] {
  const { width, fill } = args.bind(name, ['width', 'fill?']);
  const pad = fill === undefined ? ' ' : textArgument(fill, 'The fill character');
  const missing = Math.max(0, indexArgument(width, 'the width', 0) - characters(self).length);
  return [Math.floor(missing / 2) + (missing & indexArgument(width, 'the width', 0) & 1), missing, pad];
}

function partition(self: string, args: CallArguments, fromRight: boolean): Value {
  const mark = textArgument(args.bind('partition', ['sep'])['sep'], 'The separator');
  const at = fromRight ? self.lastIndexOf(mark) : self.indexOf(mark);
  if (at < 0) return new Tuple(fromRight ? ['', '', self] : [self, '', '']);
  return new Tuple([self.slice(0, at), mark, self.slice(at + mark.length)]);
}

/** First letter large, the others small. */
export function capitalize(text: string): string {
  const [first = '', ...rest] = characters(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** Every run of letters starts large. */
function title(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => capitalize(word));
}

function swapCase(text: string): string {
  return characters(text)
    .map((character) => {
      const upper = character.toUpperCase();
      return character === upper ? character.toLowerCase() : upper;
    })
    .join('');
}

function zeroFilled(self: string, width: number): string {
  const [, sign = '', digits = ''] = /^([-+]?)([^]*)$/.exec(self) ?? [];
  return sign + digits.padStart(width - sign.length, '0');
}

function expandTabs(text: string, size: number): string {
  let column = 0;
  return characters(text)
    .map((character) => {
      if (character === '\t') {
        const spaces = size > 0 ? size - (column % size) : 0;
        column += spaces;
        return ' '.repeat(spaces);
      }
      column = character === '\n' || character === '\r' ? 0 : column + 1;
      return character;
    })
    .join('');
}

function joined(self: string, items: Value): string {
  return itemsOf(items)
    .map((item) => textArgument(item, 'Every item of a join'))
    .join(self);
}

function matches(pattern: RegExp): Method<string> {
  return (self) => pattern.test(self);
}

function hasCase(self: string, wanted: 'upper' | 'lower'): boolean {
  const upper = self.toUpperCase();
  const lower = self.toLowerCase();
  return upper !== lower && self === (wanted === 'upper' ? upper : lower);
}

/** The methods of Python's `str`. */
export const stringMethods: ReadonlyMap<string, Method<string>> = new Map<string, Method<string>>([
  ['capitalize', (self) => capitalize(self)],
  ['casefold', (self) => self.toLowerCase().replaceAll('ß', 'ss')],
  [
    'center',
    (self, args) => {
      const [left, missing, pad] = padded(self, args, 'center');
      return pad.repeat(left) + self + pad.repeat(missing - left);
    },
  ],
  ['count', count],
  ['endswith', affixMethod('endswith', (text, affix) => text.endsWith(affix))],
  ['expandtabs', (self, args) => expandTabs(self, indexArgument(args.get(0, 'tabsize'), 'tabsize', 8))],
  ['find', findMethod('find', false, false)],
  ['format', (self, args) => formatText(self, args)],
  ['format_map', (self, args) => formatTextByMapping(self, args)],
  ['index', findMethod('index', false, true)],
  ['isalnum', matches(/^[\p{L}\p{Nd}\p{No}\p{Nl}]+$/u)],
  ['isalpha', matches(/^\p{L}+$/u)],
  ['isascii', matches(/^\p{ASCII}*$/u)],
  ['isdecimal', matches(/^\p{Nd}+$/u)],
  ['isdigit', matches(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨]+$/u)],
  ['isidentifier', matches(/^[\p{ID_Start}_]\p{ID_Continue}*$/u)],
  ['islower', (self) => hasCase(self, 'lower')],
  ['isnumeric', matches(/^\p{N}+$/u)],
  ['isprintable', matches(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]*$/u)],
  ['isspace', matches(/^\s+$/u)],
  ['istitle', (self) => /\p{L}/u.test(self) && title(self) === self],
  ['isupper', (self) => hasCase(self, 'upper')],
  ['join', (self, args) => joined(self, args.bind('join', ['iterable'])['iterable'] ?? null)],
  [
    'ljust',
    (self, args) => {
      const [, missing, pad] = padded(self, args, 'ljust');
      return self + pad.repeat(missing);
    },
  ],
  ['lower', (self) => self.toLowerCase()],
  ['lstrip', stripMethod('left')],
  ['maketrans', translationTable],
  ['partition', (self, args) => partition(self, args, false)],
  [
    'removeprefix',
    (self, args) => {
      const prefix = textArgument(args.bind('removeprefix', ['prefix'])['prefix'], 'The prefix');
      return self.startsWith(prefix) ? self.slice(prefix.length) : self;
    },
  ],
  [
    'removesuffix',
    (self, args) => {
      const suffix = textArgument(args.bind('removesuffix', ['suffix'])['suffix'], 'The suffix');
      return suffix !== '' && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
    },
  ],
  [
    'replace',
    (self, args) => {
      const { old, replacement, count: limit } = args.bind('replace', ['old', 'replacement', 'count?']);
      const to = textArgument(replacement, 'The replacement');
      return replaceText(
        self,
        textArgument(old, 'The text to replace'),
        to,
        indexArgument(limit, 'count', -1),
      );
    },
  ],
  ['rfind', findMethod('rfind', true, false)],
  ['rindex', findMethod('rindex', true, true)],
  [
    'rjust',
    (self, args) => {
      const [, missing, pad] = padded(self, args, 'rjust');
      return pad.repeat(missing) + self;
    },
  ],
  ['rpartition', (self, args) => partition(self, args, true)],
  ['rsplit', splitMethod(true)],
  ['rstrip', stripMethod('right')],
  ['split', splitMethod(false)],
  ['splitlines', (self, args) => splitLines(self, isTrue(args.get(0, 'keepends') ?? false))],
  ['startswith', affixMethod('startswith', (text, affix) => text.startsWith(affix))],
  ['strip', stripMethod('both')],
  ['swapcase', (self) => swapCase(self)],
  ['title', (self) => title(self)],
  ['translate', translate],
  ['upper', (self) => self.toUpperCase()],
  ['zfill', (self, args) => zeroFilled(self, indexArgument(args.get(0, 'width'), 'the width', 0))],
]);
