import { z } from 'zod';
import type { RelationName } from '../manifest/transform-node.ts';
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

/**
 * The name that the database makes of parts that are not quoted: PostgreSQL folds them to lower case, DuckDB compares
 * without regard to case. So that every name can be quoted afterwards.
 */
export function foldedName(name: RelationName, said: Quoting, dialectName: string): RelationName {
  if (dialectName !== 'postgres') return name;
  return {
    database: name.database,
    schema: said.schema === false ? name.schema.toLowerCase() : name.schema,
    identifier: said.identifier === false ? name.identifier.toLowerCase() : name.identifier,
  };
}
