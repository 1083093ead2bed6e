import type { z } from 'zod';
import { nearest } from '../core/near-name.ts';
import { schemaKeys } from './schema-keys.ts';

/** A key that no schema knows, and that was left out. */
export interface UnknownKey {
  /** Of the key itself. */
  readonly path: readonly (string | number)[];
  readonly key: string;
  /** The key that was probably meant. */
  readonly near?: string;
}

interface LenientResult<T> {
  /** What fits the schema, or what does not. */
  readonly parsed: z.ZodSafeParseResult<T>;
  readonly ignored: readonly UnknownKey[];
}

/**
 * Reads a value without the keys that its schema does not know.
 * @param mayIgnore whether an unknown key at this path may be left out; otherwise it is an issue as any other
 * @param keysAt the keys that are known at the path of an object, where the schema itself cannot tell
 */
export function parseLeniently<T>(
  schema: z.ZodType<T>,
  value: unknown,
  mayIgnore: (path: UnknownKey['path']) => boolean,
  keysAt: (path: UnknownKey['path']) => readonly string[] = (path) => schemaKeys(schema, path),
): LenientResult<T> {
  const ignored: UnknownKey[] = [];
  let current = value;
  for (;;) {
    const parsed = schema.safeParse(current);
    const found = (parsed.error?.issues ?? []).flatMap((issue) => unknownKeys(issue, keysAt));
    const left = found.filter(({ path }) => mayIgnore(path));
    if (left.length === 0) return { parsed, ignored };
    ignored.push(...left);
    for (const { path } of left) current = without(current, path);
  }
}

function unknownKeys(
  issue: z.core.$ZodIssue,
  keysAt: (path: UnknownKey['path']) => readonly string[],
): UnknownKey[] {
  if (issue.code !== 'unrecognized_keys') return [];
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  return issue.keys.map((key) => {
    const near = nearest(key, keysAt(path));
    return { path: [...path, key], key, ...(near === undefined ? {} : { near }) };
  });
}

function without(value: unknown, [step, ...rest]: UnknownKey['path']): unknown {
  if (step === undefined || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? without(item, rest) : item));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
      if (key !== String(step)) return [[key, item]];
      return rest.length === 0 ? [] : [[key, without(item, rest)]];
    }),
  );
}
