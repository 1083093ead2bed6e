import { z } from 'zod';
import { pathOfUrl } from './disk/file-paths.ts';

/** Keys of a `file` connection: the folder that relative paths start from, the project's when absent. */
export interface FilesConfig {
  readonly path?: string | undefined;
  readonly url?: string | undefined;
}

export const filesConfig: z.ZodType<FilesConfig> = z.strictObject({
  path: z.string().min(1).optional(),
  url: z.string().startsWith('file://', 'must start with file://').optional(),
});

export function parseFileUrl(url: string): Readonly<Record<string, unknown>> {
  return { path: pathOfUrl(url) };
}
