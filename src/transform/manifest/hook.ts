import { z } from 'zod';

/** Statement that runs before or after a model is built; a template, rendered late. */
export interface Hook {
  readonly sql: string;
  /** Whether it runs in the transaction that publishes the model. */
  readonly isInTransaction: boolean;
}

const hook = z.union([
  z.string().transform((sql) => ({ sql, isInTransaction: true })),
  z
    .looseObject({ sql: z.string(), transaction: z.boolean().optional() })
    .transform((value) => ({ sql: value.sql, isInTransaction: value.transaction ?? true })),
]);
/** `pre_hook` and `post_hook` as written: texts, or maps with `sql` and `transaction`. */
export const hooks: z.ZodType<readonly Hook[]> = z
  .array(hook)
  .nullish()
  .transform((value) => (value ?? []).filter((item) => item.sql.trim() !== ''));
