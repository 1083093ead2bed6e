import type { z } from 'zod';
import { nearest } from '../core/near-name.ts';
import { schemaKeys } from './schema-keys.ts';

/** A zod error in one line, for values that come without a file. Holds keys, never values. */
export function readableIssues(error: z.ZodError, schema: z.ZodType): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const known = schemaKeys(
          schema,
          issue.path.filter((part) => typeof part !== 'symbol'),
        );
        return issue.keys.map((key) => unknownKey(key, known)).join('; ');
      }
      const path = issue.path.join('.');
      return path ? `'${path}' ${issue.message}` : issue.message;
    })
    .join('; ');
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `unknown key '${key}'${near ? `, did you mean '${near}'?` : ''}`;
}
