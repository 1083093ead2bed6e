import { ConfigError } from './errors.ts';
import { nearNames } from './near-name.ts';

/**
 * The selection language:
 *
 *   a b          union                    a,b        intersection (binds tighter)
 *   not a        everything but a         (a b),c    parentheses
 *   +a  2+a      with what is upstream, up to 2 edges away
 *   a+  a+1      with what is downstream
 *   @a           with what is downstream, and everything upstream of that
 *   tag:x kind:x group:x path:x
 *   shop/*       names with `*` within one segment, `**` across segments
 *   "a b"        a name with spaces
 */
export type Selector =
  | { readonly type: 'union'; readonly parts: readonly Selector[] }
  | { readonly type: 'intersection'; readonly parts: readonly Selector[] }
  | { readonly type: 'complement'; readonly part: Selector }
  | Reach
  | { readonly type: 'criterion'; readonly criterion: Criterion };

export interface Reach {
  readonly type: 'reach';
  readonly part: Selector;
  /** Edges to follow; 0 for none, Infinity for all. */
  readonly upstream: number;
  readonly downstream: number;
  /** `@`: downstream, and upstream of all that. */
  readonly buildable: boolean;
}

export interface Criterion {
  readonly method: 'name' | (typeof methods)[number];
  readonly value: string;
}

const methods = ['tag', 'kind', 'group', 'path'] as const;

/** Undefined for a text of blanks. Throws a `ConfigError` with code `selection_invalid`. */
export function parseSelection(text: string): Selector | undefined {
  const reader: Reader = { text, position: 0 };
  const selector = readUnion(reader);
  if (reader.position < text.length) throw unexpected(reader);
  return selector;
}

interface Reader {
  readonly text: string;
  position: number;
}

/** The match of a sticky pattern here, and past it. */
function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = reader.position;
  const match = pattern.exec(reader.text);
  if (!match) return undefined;
  reader.position = pattern.lastIndex;
  return match;
}

function readUnion(reader: Reader): Selector | undefined {
  const parts: Selector[] = [];
  for (;;) {
    take(reader, /\s*/y);
    if (reader.position >= reader.text.length || reader.text[reader.position] === ')') break;
    parts.push(readIntersection(reader));
  }
  return parts.length > 1 ? { type: 'union', parts } : parts[0];
}

function readIntersection(reader: Reader): Selector {
  const first = readUnary(reader);
  const parts = [first];
  while (take(reader, /\s*,\s*/y)) parts.push(readUnary(reader));
  return parts.length > 1 ? { type: 'intersection', parts } : first;
}

function readUnary(reader: Reader): Selector {
  if (take(reader, /not(?=[\s(])\s*/y)) return { type: 'complement', part: readUnary(reader) };
  const buildable = take(reader, /@/y) !== undefined;
  const before = buildable ? undefined : take(reader, /(\d*)\+(?=[^\s,)])/y);
  const part = readPrimary(reader);
  const after = take(reader, /\+(\d*)/y);
  if (reader.position < reader.text.length && !/[\s,)]/.test(reader.text[reader.position] ?? '')) {
    throw unexpected(reader);
  }
  if (!buildable && !before && !after) return part;
  return { type: 'reach', part, upstream: edgeCount(before), downstream: edgeCount(after), buildable };
}

function edgeCount(match: RegExpExecArray | undefined): number {
  if (!match) return 0;
  return match[1] ? Number(match[1]) : Infinity;
}

function readPrimary(reader: Reader): Selector {
  if (take(reader, /\(/y)) {
    const inner = readUnion(reader);
    if (!inner || !take(reader, /\)/y)) throw unexpected(reader);
    return inner;
  }
  const method = take(reader, /([^\s(),"+:]+):/y)?.[1];
  const value = take(reader, /"([^"]+)"/y)?.[1] ?? take(reader, /[^\s(),"+]+/y)?.[0];
  if (value === undefined) throw unexpected(reader);
  return { type: 'criterion', criterion: { method: readMethod(reader, method), value } };
}

function readMethod(reader: Reader, name: string | undefined): Criterion['method'] {
  if (name === undefined) return 'name';
  const method = methods.find((known) => known === name);
  if (method) return method;
  const [near] = nearNames(name, methods, 1);
  throw new ConfigError(`The selection "${reader.text}" uses the unknown method "${name}:"`, {
    code: 'selection_invalid',
    next: `${near ? `Did you mean ${near}:? ` : ''}The methods are ${methods.map((known) => `${known}:`).join(', ')}.`,
  });
}

function unexpected(reader: Reader): ConfigError {
  const rest = reader.text.slice(reader.position);
  const what =
    rest === '' ? 'ends too early' : `has an unexpected "${rest[0]}" at character ${reader.position + 1}`;
  return new ConfigError(`The selection "${reader.text}" ${what}`, {
    code: 'selection_invalid',
    next: 'Examples: shop/orders  +revenue  tag:daily,kind:model  "orders+ not kind:check"',
  });
}
