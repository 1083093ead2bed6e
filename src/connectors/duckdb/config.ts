import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../core/errors.ts';

/** Keys of a `duckdb` connection: one of `path`, `instance` and `database` names the file, or `:memory:`. */
export interface DuckdbConfig {
  readonly path?: string | undefined;
  readonly instance?: string | undefined;
  readonly database?: string | undefined;
  /** Used where a table name comes without one. */
  readonly schema?: string | undefined;
  /** As DuckDB spells it: `4GB`. */
  readonly memory_limit?: string | undefined;
  readonly threads?: number | undefined;
  readonly read_only?: boolean | undefined;
}

const memorySize = /^\d+(\.\d+)?\s*([KMGT]i?B|%)$/i;

export const duckdbConfig: z.ZodType<DuckdbConfig> = z
  .strictObject({
    path: z.string().min(1).optional(),
    instance: z.string().min(1).optional(),
    database: z.string().min(1).optional(),
    schema: z.string().min(1).optional(),
    memory_limit: z.string().regex(memorySize, 'write a size such as 4GB or 512MB').optional(),
    threads: z.coerce.number().int().positive().optional(),
    read_only: z.union([z.boolean(), z.stringbool()]).optional(),
  })
  .refine((config) => [config.path, config.instance, config.database].filter(Boolean).length === 1, {
    error: 'name the database file once, as path, instance or database',
  });

/** `duckdb://warehouse.duckdb` is relative to the project, `duckdb:///data/warehouse.duckdb` is not. */
export function parseDuckdbUrl(url: string): Readonly<Record<string, unknown>> {
  const [file = '', query = ''] = url.replace(/^duckdb:(\/\/)?/i, '').split('?');
  return { path: decodeURI(file), ...Object.fromEntries(new URLSearchParams(query)) };
}

/** Absolute path of the database file, or `:memory:`. */
export function databasePath(connection: string, config: DuckdbConfig, projectFolder: string): string {
  const path = config.path ?? config.instance ?? config.database ?? '';
  if (path === ':memory:') return path;
  if (/^(md|motherduck):/i.test(path) || path.includes('://')) {
    throw new ConfigError(`Connection ${connection}: a DuckDB database must be a file of this machine.`, {
      code: 'database_unusable',
      next: 'Name a local file in path:.',
    });
  }
  return resolve(projectFolder, path);
}
