import type { Origin } from '../core/origin.ts';
import { reportMistake } from './errors.ts';

/** `{% bar query="q" y=["a", "b"] /%}` taken apart; nothing is known yet about which tags there are. */
export interface Tag {
  readonly name: string;
  readonly attributes: readonly TagAttribute[];
  readonly origin: Origin;
}

export interface TagAttribute {
  readonly name: string;
  readonly value: TagValue;
  readonly origin: Origin;
}

export type TagValue = string | number | boolean | readonly string[];

const openTag = /\{%\s*/y;
const closeTag = /\s*\/%\}\s*$/y;
const word = /[A-Za-z_][\w-]*/y;
const equals = /\s*=\s*/y;
const blank = /\s*/y;
const text = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/y;
const number = /-?\d+(?:\.\d+)?(?![\w.])/y;
const boolean = /(?:true|false)(?!\w)/y;
const comma = /\s*,\s*/y;

/** Reads one tag. `source` may run over several lines; its first line is `line` of `file`. */
export function readTag(source: string, file: string, line: number): Tag {
  const cursor = { source, position: 0, file, line };
  const start = originAt(cursor);
  take(cursor, openTag);
  const name = take(cursor, word)?.[0];
  if (name === undefined) throw misread(cursor, 'the name of a chart, such as bar');
  const attributes: TagAttribute[] = [];
  while (!take(cursor, closeTag)) {
    take(cursor, blank);
    attributes.push(readAttribute(cursor, attributes));
  }
  return { name, attributes, origin: start };
}

interface Cursor {
  readonly source: string;
  position: number;
  readonly file: string;
  readonly line: number;
}

function readAttribute(cursor: Cursor, before: readonly TagAttribute[]): TagAttribute {
  const origin = originAt(cursor);
  const name = take(cursor, word)?.[0];
  if (name === undefined) throw misread(cursor, 'an attribute such as x="city", or the end of the tag: /%}');
  if (before.some((attribute) => attribute.name === name)) {
    throw reportMistake(`Attribute '${name}' is given twice`, 'attribute_duplicate', origin);
  }
  if (!take(cursor, equals)) throw misread(cursor, `= after the attribute '${name}'`);
  return { name, value: readValue(cursor), origin };
}

function readValue(cursor: Cursor): TagValue {
  const string = readText(cursor);
  if (string !== undefined) return string;
  const digits = take(cursor, number);
  if (digits) return Number(digits[0]);
  const truth = take(cursor, boolean);
  if (truth) return truth[0] === 'true';
  if (cursor.source[cursor.position] === '[') return readList(cursor);
  throw misread(cursor, 'a value: "text", a number, true, false or ["a", "b"]');
}

function readList(cursor: Cursor): readonly string[] {
  cursor.position += 1;
  const items: string[] = [];
  for (;;) {
    take(cursor, blank);
    const item = readText(cursor);
    if (item === undefined) throw misread(cursor, 'a text in the list, such as ["a", "b"]');
    items.push(item);
    if (take(cursor, comma)) continue;
    take(cursor, blank);
    if (cursor.source[cursor.position] !== ']') throw misread(cursor, ', or ] in the list');
    cursor.position += 1;
    return items;
  }
}

function readText(cursor: Cursor): string | undefined {
  const match = take(cursor, text);
  return match && (match[1] ?? match[2] ?? '').replaceAll(/\\(.)/g, '$1');
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.position;
  const match = pattern.exec(cursor.source);
  if (!match) return undefined;
  cursor.position = pattern.lastIndex;
  return match;
}

function originAt(cursor: Cursor): Origin {
  const before = cursor.source.slice(0, cursor.position).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return { file: cursor.file, line: cursor.line + before.length - 1, column };
}

function misread(cursor: Cursor, expected: string): Error {
  const found = cursor.source.slice(cursor.position).trim().slice(0, 20);
  return reportMistake(
    `Expected ${expected}; found ${found === '' ? 'the end' : `'${found}'`}`,
    'tag_syntax',
    originAt(cursor),
    'Write it as: {% bar query="sales" x="city" y="revenue" /%}',
  );
}
