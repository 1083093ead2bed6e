import type { z } from 'zod';

/** A zod error in one line, for values that come without a file. Holds keys, never values. */
export function readableIssues(error: z.ZodError): string {
  return error.issues
    .map((issue) => {
      if (issue.code === 'unrecognized_keys')
        return `unknown key ${issue.keys.map((key) => `'${key}'`).join(', ')}`;
      const path = issue.path.join('.');
      return path ? `'${path}' ${issue.message}` : issue.message;
    })
    .join('; ');
}
