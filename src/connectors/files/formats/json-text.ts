import { randomUUID } from 'node:crypto';
import { isExactDouble } from './exact-number.ts';

/** A number as it was written, where a double would lose digits. */
interface RawJson {
  readonly rawJSON: string;
}

const json = JSON as typeof JSON & {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
};

type SourceReviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** Parses JSON so that `JSON.stringify` gives every number back with all its digits. */
export function parseJson(text: string): unknown {
  const reviver: SourceReviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isExactDouble(source)
      ? json.rawJSON(source)
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

/** A document in which every number is a double, and the way back to the digits that were written. */
export interface ReckonableJson {
  readonly value: unknown;
  /** Two numbers of the document that are one double. */
  readonly alike: readonly [string, string] | undefined;
  /** Gives numbers that a double would round their digits back, for `JSON.stringify`. */
  readonly restore: (answer: unknown) => unknown;
}

/** Parses JSON for expressions that compare and sum up, which numbers as written cannot. */
export function parseForReckoning(text: string): ReckonableJson {
  const written = new Map<number, string>();
  let alike: readonly [string, string] | undefined;
  const reviver: SourceReviver = (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    const before = written.get(value);
    if (before !== undefined && before !== source && !(isExactDouble(before) && isExactDouble(source)))
      alike = [before, source];
    else written.set(value, source);
    return value;
  };
  const value: unknown = JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
  for (const [number, source] of written) if (isExactDouble(source)) written.delete(number);
  const restore = (answer: unknown): unknown => {
    if (typeof answer === 'number') {
      const source = written.get(answer);
      return source === undefined ? answer : json.rawJSON(source);
    }
    if (answer === null || typeof answer !== 'object') return answer;
    if (Array.isArray(answer)) return answer.map(restore);
    return Object.fromEntries(Object.entries(answer).map(([key, item]) => [key, restore(item)]));
  };
  return { value, alike, restore: written.size === 0 ? (answer) => answer : restore };
}

/** A whole number of any size for `JSON.stringify`. */
export function exactInteger(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : json.rawJSON(String(value));
}

/** True for objects of JSON, which numbers as written are not. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) !== null
  );
}

/**
 * Stands before a value that is written as a string, because DuckDB's reader of JSON would round numbers in it:
 * what follows is its JSON. No string of a file begins so.
 */
export const verbatimMark: string = `\u0001${randomUUID()}`;

/** Strings behind `verbatimMark` as they stand in a text of JSON. */
const marked = new RegExp(`"\\\\u0001${verbatimMark.slice(1)}((?:[^"\\\\]|\\\\.)*)"`, 'g');

/** Text of JSON in which what stood behind marks is JSON again; a marked value may not be cut in two. */
export function withoutMarks(text: string): string {
  return text.replace(marked, (_, inner: string) =>
    String(JSON.parse(`"${inner}"`)).replaceAll(/[\r\n]/g, ' '),
  );
}

/** A value for `JSON.stringify` that DuckDB reads with all digits; the value itself where it does so anyway. */
export function verbatim(value: unknown): unknown {
  return holdsRounded(value) ? `${verbatimMark}${JSON.stringify(value)}` : value;
}

/** DuckDB keeps whole numbers of any length. */
function holdsRounded(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (json.isRawJSON(value)) return /[.eE]/.test(value.rawJSON);
  return Object.values(value).some(holdsRounded);
}
