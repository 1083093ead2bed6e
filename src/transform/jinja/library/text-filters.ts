import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { Dict, mappingOf } from '../value/mapping.ts';
import { printed, represented } from '../value/printing.ts';
import { characters, isTrue, itemsOf } from '../value/sequence.ts';
import { Float, Tuple, type TemplateFunction, type Value } from '../value/value.ts';
import { indexArgument } from './argument.ts';
import { htmlSafeJson, jsonText } from './json-text.ts';
import { toFloat } from './number-filters.ts';
import { formatPercent } from './percent-format.ts';
import { capitalize, replaceText, splitLines, strip } from './string-methods.ts';

/** A filter on the text of its value. */
function onText(filter: (text: string) => Value): TemplateFunction {
  return (args) => filter(printed(args.positional[0] ?? null));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

function escape(text: string): string {
  return text.replace(/[&<>'"]/g, (mark) => entities[mark] ?? mark);
}

/** A word begins behind blanks, dashes and opening brackets. */
function title(text: string): string {
  return text
    .split(/([-\s({[<]+)/)
    .map((word) => capitalize(word))
    .join('');
}

function replace(args: CallArguments): Value {
  const {
    value = null,
    old = null,
    replacement = null,
    count,
  } = args.bind('replace', ['value', 'old', 'replacement', 'count?']);
  return replaceText(printed(value), printed(old), printed(replacement), indexArgument(count, 'count', -1));
}

function indent(args: CallArguments): Value {
  const bound = args.bind('indent', ['value', 'width?', 'first?', 'blank?']);
  const { width = 4 } = bound;
  const indention = typeof width === 'string' ? width : ' '.repeat(indexArgument(width, 'the width', 4));
  const lines = splitLines(`${printed(bound['value'] ?? null)}\n`);
  const withBlank = isTrue(bound['blank'] ?? false);
  const indented = lines.map((line, index) =>
    index > 0 && (withBlank || line !== '') ? indention + line : line,
  );
  return (isTrue(bound['first'] ?? false) ? indention : '') + indented.join('\n');
}

function truncate(args: CallArguments): Value {
  const bound = args.bind('truncate', ['value', 'length?', 'killwords?', 'end?', 'leeway?']);
  const end = printed(bound['end'] ?? '...');
  const all = characters(printed(bound['value'] ?? null));
  const length = indexArgument(bound['length'], 'the length', 255);
  if (length < characters(end).length)
    throw new ValueError('truncate() needs a length for its end', 'template_value');
  if (all.length <= length + indexArgument(bound['leeway'], 'the leeway', 5)) return all.join('');
  const cut = all.slice(0, length - characters(end).length).join('');
  if (isTrue(bound['killwords'] ?? false)) return cut + end;
  const blank = cut.lastIndexOf(' ');
  return (blank < 0 ? cut : cut.slice(0, blank)) + end;
}

function wordWrap(args: CallArguments): Value {
  const bound = args.bind('wordwrap', [
    'value',
    'width?',
    'break_long_words?',
    'wrapstring?',
    'break_on_hyphens?',
  ]);
  const width = indexArgument(bound['width'], 'the width', 79);
  if (width < 1) throw new ValueError('wordwrap() needs a width of 1 or more', 'template_value');
  const mark = printed(bound['wrapstring'] ?? '\n');
  const breaksWords = isTrue(bound['break_long_words'] ?? true);
  const pattern = isTrue(bound['break_on_hyphens'] ?? true) ? /\s+|[^\s-]*-+(?=\w)|[^\s]+/g : /\s+|\S+/g;
  return splitLines(printed(bound['value'] ?? null))
    .map((line) => wrapLine(line.match(pattern) ?? [], width, breaksWords).join(mark))
    .join(mark);
}

function wrapLine(chunks: readonly string[], width: number, breaksWords: boolean): string[] {
  const lines: string[] = [];
  let line = '';
  const close = (): void => {
    if (line.trimEnd() !== '') lines.push(line.trimEnd());
    line = '';
  };
  for (const chunk of chunks) {
    let rest = chunk;
    if (rest.trim() === '' && line === '' && lines.length > 0) continue;
    if (line.length + rest.length > width && !(rest.length > width && breaksWords)) {
      close();
      if (rest.trim() === '') continue;
    }
    const longest = breaksWords ? width : rest.length;
    while (rest.length > longest) {
      const room = width - line.length;
      line += rest.slice(0, room);
      rest = rest.slice(room);
      close();
    }
    line += rest;
  }
  close();
  return lines;
}

function format(args: CallArguments): Value {
  const [template = '', ...values] = args.positional;
  if (values.length > 0 && args.keyword.size > 0) {
    throw new ValueError('format() takes positional or keyword arguments, not both');
  }
  return formatPercent(printed(template), args.keyword.size > 0 ? new Dict(args.keyword) : new Tuple(values));
}

function fileSize(args: CallArguments): Value {
  const { value = 0, binary = false } = args.bind('filesizeformat', ['value', 'binary?']);
  const isBinary = isTrue(binary);
  const bytes = toFloat(value);
  if (bytes === undefined)
    throw new ValueError(`${represented(value)} is no number of bytes`, 'template_value');
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const units = isBinary
    ? ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']
    : ['kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
  const power = units.findIndex((_unit, index) => bytes < base ** (index + 2));
  const index = power < 0 ? units.length - 1 : power;
  return `${(bytes / base ** (index + 1)).toFixed(1)} ${units[index]}`;
}

function urlQuoted(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function urlEncode(args: CallArguments): Value {
  const [value = null] = args.positional;
  const isScalar = typeof value !== 'object' || value === null || value instanceof Float;
  if (isScalar) return urlQuoted(printed(value));
  const part = (item: Value): string =>
    urlQuoted(printed(item)).replaceAll('/', '%2F').replaceAll('%20', '+');
  const mapping = mappingOf(value);
  const pairs = mapping
    ? mapping.keys().map((key): Value[] => [key, mapping.get(key) ?? null])
    : itemsOf(value).map(itemsOf);
  return pairs.map(([key = null, item = null]) => `${part(key)}=${part(item)}`).join('&');
}

function xmlAttributes(args: CallArguments): Value {
  const { value = null, autospace = true } = args.bind('xmlattr', ['value', 'autospace?']);
  const mapping = mappingOf(value);
  if (!mapping) throw new ValueError('xmlattr takes a dict');
  const parts = mapping.keys().flatMap((key) => {
    const name = printed(key);
    if (/[\s/>=]/.test(name)) throw new ValueError(`'${name}' is no name of an attribute`, 'template_value');
    const item = mapping.get(key) ?? null;
    return item === null || printed(item) === '' ? [] : [`${escape(name)}="${escape(printed(item))}"`];
  });
  return (isTrue(autospace) && parts.length > 0 ? ' ' : '') + parts.join(' ');
}

function stripTags(text: string): string {
  return text
    .replace(/<!--[^]*?-->/g, '')
    .replace(/<[^>]*>/g, '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ');
}

function center(args: CallArguments): Value {
  const { value = null, width } = args.bind('center', ['value', 'width?']);
  const text = printed(value);
  const wanted = indexArgument(width, 'the width', 80);
  const missing = Math.max(0, wanted - characters(text).length);
  const left = Math.floor(missing / 2) + (missing & wanted & 1);
  return ' '.repeat(left) + text + ' '.repeat(missing - left);
}

export const textFilters: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['capitalize', onText(capitalize)],
  ['center', center],
  ['e', onText(escape)],
  ['escape', onText(escape)],
  ['filesizeformat', fileSize],
  ['forceescape', onText(escape)],
  ['format', format],
  ['indent', indent],
  ['lower', onText((text) => text.toLowerCase())],
  ['pprint', (args) => represented(args.positional[0] ?? null)],
  ['replace', replace],
  ['safe', (args) => args.positional[0] ?? null],
  ['string', onText((text) => text)],
  ['striptags', onText(stripTags)],
  ['title', onText(title)],
  [
    'tojson',
    (args) => {
      const { value = null, indent: width } = args.bind('tojson', ['value', 'indent?']);
      const layout = { sortKeys: true, indent: width === null ? undefined : (width as number | undefined) };
      return htmlSafeJson(jsonText(value, layout));
    },
  ],
  [
    'trim',
    (args) => {
      const { value = null, chars } = args.bind('trim', ['value', 'chars?']);
      return strip(printed(value), chars, 'both');
    },
  ],
  ['truncate', truncate],
  ['upper', onText((text) => text.toUpperCase())],
  ['urlencode', urlEncode],
  ['wordcount', onText((text) => text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0)],
  ['wordwrap', wordWrap],
  ['xmlattr', xmlAttributes],
]);
