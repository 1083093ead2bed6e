import { z } from 'zod';
import type { JsonValue } from '../../core/json.ts';
import { didYouMean } from './suggestion.ts';

/** An object without other keys than those of `shape`; the message for another key says what was near. */
export function record<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const keys = (issue as z.core.$ZodIssueUnrecognizedKeys).keys;
      return keys.map((key) => `unknown key "${key}"${didYouMean(key, Object.keys(shape))}`).join('\n');
    },
  });
}

/** A key that dbt knows and Millrace does not act upon yet: an error, unless empty. */
export function notYet(instead: string): z.ZodOptional<z.ZodType> {
  return z
    .unknown()
    .refine(isEmpty, { error: `is not yet supported: ${instead}` })
    .optional();
}

/** Kept as written and shown; nothing acts upon it. */
export const metadata: z.ZodOptional<z.ZodType<JsonValue>> = z.json().optional();

/** One text or several. */
export const texts: z.ZodOptional<z.ZodType<readonly string[]>> = z
  .union([z.string(), z.array(z.string())])
  .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value))
  .optional();

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
