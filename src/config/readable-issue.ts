import type { z } from 'zod';

const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  record: 'a map',
  object: 'a map',
  null: 'nothing',
  undefined: 'nothing',
};

/** What is wrong with a value, in words of YAML instead of JavaScript. */
export function readableIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') {
    const [, received = ''] = /received (\w+)$/.exec(issue.message) ?? [];
    return `this is ${words[received] ?? received}, and ${words[issue.expected] ?? issue.expected} belongs here`;
  }
  if (issue.code === 'invalid_union') {
    const wanted = new Set(
      issue.errors.flatMap((way) =>
        way.flatMap((one) =>
          one.code === 'invalid_type' && one.path.length === 0 ? [words[one.expected] ?? one.expected] : [],
        ),
      ),
    );
    if (wanted.size > 0) return `${[...wanted].join(' or ')} belongs here`;
  }
  if (issue.code === 'invalid_value')
    return `one of these belongs here: ${issue.values.map(String).join(', ')}`;
  return lowerFirst(issue.message);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
