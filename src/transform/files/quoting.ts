import { z } from 'zod';
import { metadata, record } from './yaml-schema.ts';

/** Which parts of a name are quoted; all when nothing is said. */
export interface Quoting {
  readonly database?: boolean | undefined;
  readonly schema?: boolean | undefined;
  readonly identifier?: boolean | undefined;
}

/** `quoting:` as it is written. */
export const quoting: z.ZodOptional<z.ZodNullable<z.ZodType<Quoting>>> = record({
  database: z.boolean().optional(),
  schema: z.boolean().optional(),
  identifier: z.boolean().optional(),
  snowflake_ignore_case: metadata,
})
  .nullable()
  .optional();
