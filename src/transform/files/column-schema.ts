import { z } from 'zod';
import { metadata, record } from './yaml-schema.ts';

const text = z.string().nullish();
const tests = z.array(z.unknown()).nullish();

/** One tag or several. */
export const tagList: z.ZodType<readonly string[]> = z
  .union([z.string().transform((tag) => [tag]), z.array(z.string())])
  .nullish()
  .transform((value) => value ?? []);

interface RawColumn {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly data_type?: string | null | undefined;
  readonly quote?: boolean | null | undefined;
  readonly tags: readonly string[];
  readonly tests?: readonly unknown[] | null | undefined;
  readonly data_tests?: readonly unknown[] | null | undefined;
  readonly config?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An entry of `columns:`, as written. */
export const columnSchema: z.ZodType<RawColumn> = record({
  name: z.string(),
  description: text,
  data_type: text,
  quote: z.boolean().nullish(),
  tags: tagList,
  tests,
  data_tests: tests,
  config: z.record(z.string(), z.unknown()).nullish(),
  meta: metadata,
  docs: metadata,
  constraints: metadata,
  granularity: metadata,
  policy_tags: metadata,
});
